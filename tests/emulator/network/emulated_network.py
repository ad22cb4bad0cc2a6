"""A resource manager with Microsoft.Network, and scale sets as far as networks see them."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from pipeline.emulator import network
from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.data_path import Connected, DataPath, Endpoint, ProbedMember
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.providers import Services
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.identity.credentials import credentials
from pipeline.emulator.identity.sealing import Sealer
from pipeline.emulator.identity.tokens import Tokens
from pipeline.emulator.machines.simulated import Simulated

SUBSCRIPTION = "11111111-1111-1111-1111-111111111111"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
COMPUTE = f"{GROUP}/providers/Microsoft.Compute"
BALANCER = f"{NETWORK}/loadBalancers/lb"
SUBNET = f"{NETWORK}/virtualNetworks/vnet/subnets/apps"

Body = dict[str, Any]


class GatedDataPath:
    """A data path that carries nothing; `gate` holds operations up while it is closed."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()

    async def refresh(self) -> None:
        """Wait for the gate."""
        await self.gate.wait()

    async def probed(self, rule: ResourceId) -> tuple[ProbedMember, ...]:
        """Nothing is carried, so nothing is probed."""
        return ()


class EmulatedNetwork:
    """One resource group with a virtual network, and short ways to talk to the manager."""

    def __init__(self, folder: Path, block: str = "127.96.0.0/15") -> None:
        self.store = Store(folder / "store.sqlite")
        self.manager = ResourceManager(self.store)
        self.idle_path = GatedDataPath()
        self.addresses = Addresses(self.store, block)
        services = Services(
            self.manager,
            self.addresses,
            self.data_path(folder),
            Simulated(folder),
            Sealer(folder / "sealing-key"),
            Tokens(folder / "signing-key.pem", credentials(folder / "credentials.json")),
            lambda: "https://127.0.0.1:8443",
            lambda path: f"https://127.0.0.1:8443{path}",
            "",
            (SUBSCRIPTION,),
        )
        self.manager.register(*network.provider(services).kinds)
        document = {"name": "rg", "location": "westeurope", "properties": {}}
        self.store.put(Record(ResourceId.parse(GROUP), document))

    def data_path(self, folder: Path) -> DataPath:
        """What carries the traffic."""
        return self.idle_path

    async def put(self, identifier: str, body: Body, **headers: str) -> Body:
        """PUT, its operation awaited; answers what a GET answers then."""
        answer = await self.begin(identifier, body, **headers)
        await self.manager.settle(answer)
        return self.get(identifier)

    async def begin(self, identifier: str, body: Body, **headers: str) -> Answer:
        """PUT, answered as the edge does; `if_match="…"` is a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.manager.put(ResourceId.parse(identifier), body, named)

    def get(self, identifier: str) -> Body:
        """GET."""
        body: Body = self.manager.get(ResourceId.parse(identifier), {}).body
        return body

    def names(self, parent: str, kind: str) -> list[str]:
        """The names in a list of children."""
        body = self.manager.list_children(ResourceId.parse(parent), kind, {}).body
        return [child["name"] for child in body["value"]]

    async def delete(self, identifier: str) -> None:
        """DELETE, its operation awaited."""
        await self.manager.settle(await self.manager.delete(ResourceId.parse(identifier)))

    async def refusal(self, refused: Coroutine[Any, Any, Any]) -> ArmError:
        """The ArmError that a request or its operation meets."""
        with pytest.raises(ArmError) as caught:
            await refused
        return caught.value

    async def close(self) -> None:
        """End what is under way."""
        await self.manager.operations.close()
        self.store.close()

    # -- a landing zone ----------------------------------------------------------------------------

    async def make_network(self) -> None:
        """A virtual network with the subnet `apps`."""
        subnets = [{"name": "apps", "properties": {"addressPrefix": "10.0.1.0/24"}}]
        space = {"addressPrefixes": ["10.0.0.0/16"]}
        await self.put(
            f"{NETWORK}/virtualNetworks/vnet",
            {"properties": {"addressSpace": space, "subnets": subnets}},
        )

    async def make_interface(self, name: str, *pools: str) -> Body:
        """A network interface in the subnet and in these pools of the load balancer."""
        members = [{"id": pool_id(pool)} for pool in pools]
        properties = {"subnet": {"id": SUBNET}, "loadBalancerBackendAddressPools": members}
        configurations = [{"name": "ipconfig", "properties": properties}]
        return await self.put(
            f"{NETWORK}/networkInterfaces/{name}",
            {"properties": {"ipConfigurations": configurations}},
        )

    def make_scale_set(self, name: str, *pools: str, probe: str | None = None) -> str:
        """A scale set whose model is in these pools, without instances."""
        profile: Body = {"networkInterfaceConfigurations": [_interface(pools)]}
        if probe:
            profile["healthProbe"] = {"id": f"{BALANCER}/probes/{probe}"}
        identifier = f"{COMPUTE}/virtualMachineScaleSets/{name}"
        document = {
            "id": identifier,
            "name": name,
            "properties": {"virtualMachineProfile": {"networkProfile": profile}},
        }
        self.store.put(Record(ResourceId.parse(identifier), document))
        return identifier

    def make_instance(
        self, scale_set: str, number: int, *pools: str, address: str = "127.96.0.1"
    ) -> ResourceId:
        """A running instance, in these pools whatever its scale set's model says."""
        identifier = ResourceId.parse(f"{scale_set}/virtualMachines/{number}")
        configuration = f"{identifier}/networkInterfaces/nic/ipConfigurations/ipconfig"
        joined = tuple(pool_id(pool) for pool in pools)
        endpoint = Endpoint(address, configuration, joined, machine=f"machine-{number}")
        document = {"id": str(identifier), "name": str(number), "properties": {}}
        self.store.put(Record(identifier, document, Connected(endpoint=endpoint)))
        return identifier

    def change_endpoint(
        self, identifier: ResourceId, how: Callable[[Endpoint], Endpoint]
    ) -> Endpoint:
        """Write the endpoint of an interface or instance, as the provider of its machine would."""
        record = self.store.get(identifier)
        assert record is not None
        kept = record.internals(Connected)
        record.internal = replace(kept, endpoint=how(kept.endpoint))
        self.store.put(record)
        return record.internals(Connected).endpoint

    def set_state(self, identifier: ResourceId, state: str) -> None:
        """Write a provisioning state, as the provider of the resource would."""
        record = self.store.get(identifier)
        assert record is not None
        record.properties["provisioningState"] = state
        self.store.put(record)


def _interface(pools: tuple[str, ...]) -> Body:
    members = [{"id": pool_id(pool)} for pool in pools]
    properties = {"subnet": {"id": SUBNET}, "loadBalancerBackendAddressPools": members}
    configuration = {"name": "ipconfig", "properties": properties}
    return {"name": "nic", "properties": {"primary": True, "ipConfigurations": [configuration]}}


def pool_id(name: str) -> str:
    """A backend pool's id."""
    return f"{BALANCER}/backendAddressPools/{name}"


def rule(name: str, port: int, pool: str | None, **more: Any) -> Body:
    """A load balancing rule to port 8080 of a pool."""
    properties: Body = {
        "frontendIPConfiguration": {"id": f"{BALANCER}/frontendIPConfigurations/front"},
        "protocol": "Tcp",
        "frontendPort": port,
        "backendPort": 8080,
        "probe": {"id": f"{BALANCER}/probes/http"},
    }
    if pool:
        properties["backendAddressPool"] = {"id": pool_id(pool)}
    return {"name": name, "properties": properties | more}


def balancer(*rules: Body, **more: Any) -> Body:
    """A load balancer in the subnet, with pools blue and green and one probe."""
    probe = {"protocol": "Http", "port": 8080, "requestPath": "/healthz", "intervalInSeconds": 5}
    properties: Body = {
        "frontendIPConfigurations": [{"name": "front", "properties": {"subnet": {"id": SUBNET}}}],
        "backendAddressPools": [{"name": "blue"}, {"name": "green"}],
        "probes": [{"name": "http", "properties": probe}],
        "loadBalancingRules": list(rules),
    }
    return {"location": "West Europe", "properties": properties | more}


def production_and_staging(production: str = "blue", staging: str = "green") -> Body:
    """A rule pair: production at 8080, staging at 8081."""
    return balancer(rule("production", 8080, production), rule("staging", 8081, staging))


def pools_of(document: Body) -> Mapping[str, str]:
    """Rule name → pool name, as a GET of the load balancer says."""
    return {
        each["name"]: each["properties"]["backendAddressPool"]["id"].rsplit("/", 1)[1]
        for each in document["properties"]["loadBalancingRules"]
    }


def swapped(document: Body, *, plural: bool = True) -> Body:
    """What a careful client sends to swap: the GET's body with the rules' pools exchanged."""
    body = copy.deepcopy(document)
    first, second = (each["properties"] for each in body["properties"]["loadBalancingRules"])
    pool, other = first["backendAddressPool"]["id"], second["backendAddressPool"]["id"]
    for properties, wanted in ((first, other), (second, pool)):
        properties["backendAddressPool"] = {"id": wanted}
        if plural:
            properties["backendAddressPools"] = [{"id": wanted}]
    return body


N = TypeVar("N", bound=EmulatedNetwork)


@asynccontextmanager
async def emulated_network(made: N) -> AsyncIterator[N]:
    """A resource manager, with the virtual network made; closed at the end."""
    try:
        await made.make_network()
        yield made
    finally:
        await made.close()
