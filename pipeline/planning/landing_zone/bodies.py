"""Request bodies of a landing zone, in Azure's own spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.arm import ResourceId
from pipeline.definition.balancing import (
    ALL,
    FRONTENDS,
    TCP,
    UDP,
    FrontendName,
    Health,
    LoadBalancer,
    Protocol,
    RulePair,
    RuleProbe,
)
from pipeline.definition.model import Environment, Image
from pipeline.planning import security, windows
from pipeline.planning.names import (
    SYSTEM,
    Tag,
    declared_id,
    empty_pool,
    environment_tags,
    subnet_id,
)
from pipeline.planning.traits import Traits, of_defined

Body = dict[str, Any]

_OF_ZONES = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
"""The names of tags that every DNS zone takes."""


def resource_group(location: str, tags: Mapping[str, str]) -> Body:
    """A resource group, of an environment or of a run."""
    return {"location": location, "tags": dict(tags)}


def made_by(run: str, body: Mapping[str, Any]) -> Body:
    """A body with the run that creates the resource among its tags."""
    return {**body, "tags": {**body.get("tags", {}), Tag.RUN: run}}


def security_group(environment: Environment, images: Iterable[Image] = ()) -> Body:
    """SSH from within, the applications' ports from their users and from Azure's health probes.

    WinRM from within, too, where one of the images is of Windows.
    Azure's own rules let the network in anyway: a port with a public frontend is for the Internet.
    """
    private_first = sorted(environment.load_balancers, key=lambda found: not found.private)
    users = {
        (pair.backend_port, pair.protocol): "VirtualNetwork" if definition.private else "Internet"
        for definition in private_first
        for pair in definition.pairs
    }
    applications = [
        _allow(_application(port, protocol), 200 + number, source, str(port or "*"), protocol)
        for number, ((port, protocol), source) in enumerate(sorted(users.items()))
    ]
    ssh = _allow("allow-ssh-from-within", 100, "VirtualNetwork", str(environment.ssh_port))
    probes = _allow("allow-health-probes", 110, "AzureLoadBalancer", "*")
    winrm = [_allow("allow-winrm-from-within", 105, "VirtualNetwork", str(windows.PORT))]
    listening = winrm if any(image.system.is_windows for image in images) else []
    return _resource(environment, {"securityRules": [ssh, *listening, probes, *applications]})


def public_address(environment: Environment) -> Body:
    """A standard static public address."""
    properties = {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"}
    return {**_resource(environment, properties), "sku": {"name": "Standard"}}


def nat_gateway(environment: Environment, address: ResourceId) -> Body:
    """The way out: a staged scale set has none through the load balancer."""
    properties = {"publicIpAddresses": [{"id": str(address)}]}
    return {**_resource(environment, properties), "sku": {"name": "Standard"}}


def virtual_network(environment: Environment, group: ResourceId, gateway: ResourceId) -> Body:
    """One network, one subnet, without Azure's default way out."""
    network = environment.network
    subnet = {
        "name": network.subnet,
        "properties": {
            "addressPrefix": network.subnet_prefix,
            "networkSecurityGroup": {"id": str(group)},
            "natGateway": {"id": str(gateway)},
            "defaultOutboundAccess": False,
        },
    }
    space = {"addressPrefixes": [network.address_space]}
    return _resource(environment, {"addressSpace": space, "subnets": [subnet]})


def load_balancer(
    environment: Environment,
    served: Sequence[tuple[LoadBalancer, Health]],
    addresses: Mapping[str, ResourceId],
) -> Body:
    """The frontends; for each image two empty pools, a probe for each pair, and the rules.

    `addresses` are the public ones by the name of the frontend. Scale sets bring pools of their
    own, and swaps lead the rules to them.
    """
    definition = served[0][0]
    subnet = None if not definition.private else subnet_id(environment)
    chosen = definition.addresses
    properties = {
        "frontendIPConfigurations": [
            _frontend(name, addresses[name], subnet, chosen.get(name, ""))
            for name in frontends_of(served)
        ],
        "backendAddressPools": [
            {"name": empty_pool(part.image, frontend)}
            for part, _ in served
            for frontend in FRONTENDS
        ],
        "probes": [
            _probe(pair.probe_called, part.probed(pair, health))
            for part, health in served
            for pair in part.pairs
        ],
        "loadBalancingRules": [
            _rule(declared_id(environment, part), part, pair, frontend)
            for part, _ in served
            for pair in part.pairs
            for frontend in FRONTENDS
        ],
    }
    return {**_resource(environment, properties), "sku": {"name": "Standard"}}


def frontends_of(served: Iterable[tuple[LoadBalancer, Health]]) -> tuple[str, ...]:
    """What the frontends of a load balancer are called, each once."""
    named = (part.frontend(frontend) for part, _ in served for frontend in FRONTENDS)
    return tuple(dict.fromkeys(named))


def claims_zone(environment: Environment) -> Body:
    """The zone whose record sets are claims; linked to no network, for nothing resolves them.

    Private DNS zones have the location `global` (recorded by azure-cli). Names of tags that DNS
    zones do not take are left out (Microsoft's page of tags: no blanks, parentheses, first digits).
    """
    tags = environment_tags(environment).items()
    taken = {name: value for name, value in tags if _OF_ZONES.fullmatch(name)}
    return {"location": "global", "tags": taken, "properties": {}}


def gallery(environment: Environment) -> Body:
    """The gallery of the environment's images."""
    return _resource(environment, {"description": f"Images of {environment.name}, by {SYSTEM}"})


def image_definition(environment: Environment, image: Image, base: Traits) -> Body:
    """What all versions of an image have in common, most of it with the image's base."""
    return _resource(
        environment,
        {
            "osType": image.system.name,
            "osState": "Generalized",
            **of_defined(base),
            "identifier": {"publisher": SYSTEM, "offer": environment.name, "sku": image.name},
            **security.of_definitions(image.security_type),
        },
    )


def _resource(environment: Environment, properties: Body) -> Body:
    return {
        "location": environment.location,
        "tags": environment_tags(environment),
        "properties": properties,
    }


def _application(port: int, protocol: Protocol) -> str:
    if protocol == TCP:
        return f"allow-application-{port}"
    return f"allow-application-{protocol}-{port}" if port else f"allow-application-{protocol}"


def _allow(name: str, priority: int, source: str, port: str, protocol: Protocol = TCP) -> Body:
    return {
        "name": name,
        "properties": {
            "priority": priority,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "*" if protocol == ALL else protocol.capitalize(),
            "sourceAddressPrefix": source,
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": port,
        },
    }


def _frontend(name: str, address: ResourceId, subnet: ResourceId | None, chosen: str) -> Body:
    """With a public address, or with a private one: chosen, or Azure's choice."""
    if subnet is None:
        return {"name": name, "properties": {"publicIPAddress": {"id": str(address)}}}
    private: Body = {"subnet": {"id": str(subnet)}, "privateIPAllocationMethod": "Dynamic"}
    if chosen:
        private |= {"privateIPAllocationMethod": "Static", "privateIPAddress": chosen}
    return {"name": name, "properties": private}


def _probe(name: str, asked: RuleProbe) -> Body:
    """Both spellings of the threshold: Azure answers both, and reads the newer one."""
    page = {"requestPath": asked.path} if asked.path else {}
    return {
        "name": name,
        "properties": {
            "protocol": asked.protocol.capitalize(),
            "port": asked.port,
            **page,
            "intervalInSeconds": 5,
            "numberOfProbes": 2,
            "probeThreshold": 2,
        },
    }


def _rule(
    own: ResourceId, definition: LoadBalancer, pair: RulePair, frontend: FrontendName
) -> Body:
    address = own.child("frontendIPConfigurations", definition.frontend(frontend))
    pool = own.child("backendAddressPools", empty_pool(definition.image, frontend))
    return {
        "name": pair.rule(frontend),
        "properties": {
            "protocol": pair.protocol.capitalize(),
            "frontendIPConfiguration": {"id": str(address)},
            "frontendPort": pair.port(frontend),
            "backendPort": pair.backend_port,
            "backendAddressPool": {"id": str(pool)},
            "backendAddressPools": [{"id": str(pool)}],
            "probe": {"id": str(own.child("probes", pair.probe_called))},
            "idleTimeoutInMinutes": definition.idle_timeout_minutes,
            **({} if pair.protocol == UDP else {"enableTcpReset": True}),
            "disableOutboundSnat": True,
            **({"enableFloatingIP": True} if pair.floating_ip else {}),
        },
    }
