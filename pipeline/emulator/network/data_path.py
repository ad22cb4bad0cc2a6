"""From the store's documents to live traffic: derives what is wanted, and has HAProxy carry it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.emulator.arm.data_path import Endpoint, ProbedMember, presences
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId, key
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.balancer.balancer import Balancer
from pipeline.emulator.balancer.traffic import Backend, BalancerError, Probe, Rule, Traffic
from pipeline.emulator.machines.seam import SSH_PORT, MachineError, Machines
from pipeline.emulator.network import nat_rules
from pipeline.emulator.network.common import reference
from pipeline.emulator.network.load_balancer_document import (
    LoadBalancerInternals,
    member_name,
    taken_down,
)
from pipeline.emulator.network.membership import Membership
from pipeline.emulator.network.probe_reasons import TAKEN_DOWN, reason
from pipeline.emulator.network.public_addresses import PublicAddressInternals
from pipeline.emulator.network.references import LOAD_BALANCER

_SSH = 22


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the store asks for: traffic, and the guest ports of each machine."""

    traffic: Traffic
    ports: Mapping[str, frozenset[int]]


class HaproxyDataPath:
    """Carries the traffic of all load balancers in the store with HAProxy."""

    def __init__(self, state: Path, store: Store, machines: Machines) -> None:
        self._store = store
        self._machines = machines
        self._balancer = Balancer(state / "balancer")
        self._membership = Membership(store)
        self._turn = asyncio.Lock()
        self._ports: dict[str, frozenset[int]] = {}
        self._next: asyncio.Task[None] | None = None
        self._rounds: set[asyncio.Task[None]] = set()

    async def refresh(self) -> None:
        """Carry what the store says now.

        Callers that come while a round waits for its turn share it: it reads the store later than
        all of them wrote. Raises ArmError when HAProxy or a machine refused.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._round(), name="refresh of the data path")
            self._rounds.add(self._next)
            self._next.add_done_callback(self._rounds.discard)
        await asyncio.shield(self._next)

    async def recover(self) -> None:
        """End what a killed emulator left behind."""
        self._membership.take()
        await self._balancer.recover()

    async def close(self) -> None:
        """Stop carrying, and whatever round is under way."""
        rounds = list(self._rounds)
        for each in rounds:
            each.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
        await self._balancer.close()

    async def healthy(self) -> frozenset[tuple[str, str]]:
        """(pool id in lower case, address) of every member that gets new connections."""
        async with self._turn:
            return await self._balancer.healthy()

    async def probed(self, rule: ResourceId) -> tuple[ProbedMember, ...]:
        """What the rule's probe last found at each running member of its pool."""
        wanted = derived_rule(self._store, rule)
        if wanted is None or wanted.backend.probe is None:
            return ()
        async with self._turn:
            found = await self._balancer.findings(wanted.backend)
        pool, down = wanted.backend.pool, _taken_down(self._store)
        return tuple(
            ProbedMember(endpoint, False, TAKEN_DOWN)
            if (pool, _member(endpoint)) in down
            else ProbedMember(endpoint, *reason(wanted.backend.probe, found.get(endpoint.address)))
            for endpoint in _running(self._store)
            if pool in endpoint.pool_keys
        )

    async def _round(self) -> None:
        async with self._turn:
            self._next = None
            self._membership.stamp()
            nat_rules.assign(self._store)
            wanted = derive(self._store)
            try:
                await self._open_ports(self._still_with(wanted.ports))
                await self._balancer.apply(wanted.traffic)
                await self._open_ports(wanted.ports)
            except (BalancerError, MachineError, OSError) as error:
                raise ArmError(500, "LoadBalancerDataPathFailed", str(error)) from error

    def _still_with(self, ports: Mapping[str, frozenset[int]]) -> dict[str, frozenset[int]]:
        """These ports and those of the round before: an application listens on, too."""
        before, self._ports = self._ports, dict(ports)
        return {
            machine: wanted | before.get(machine, frozenset()) for machine, wanted in ports.items()
        }

    async def _open_ports(self, ports: Mapping[str, frozenset[int]]) -> None:
        for machine, wanted in ports.items():
            try:
                await self._machines.open_ports(machine, wanted)
            except MachineError:
                if self._machines.is_running(machine):
                    raise  # one that ended meanwhile needs no ports


def derive(store: Store) -> Wanted:
    """The traffic and ports that the store's documents ask for. Reads only.

    A rule is carried when its pool has a running member; without one nothing listens, so that a
    client is refused at once. A member whose admin state is `Down` gets no new connection, and
    keeps those that are established.
    """
    running, down = _running(store), _taken_down(store)
    by_pool: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in running:
        for pool in endpoint.pool_keys:
            if (pool, _member(endpoint)) not in down:
                by_pool[pool].append(endpoint)
    rules = frozenset(
        rule
        for record in store.of_type(LOAD_BALANCER)
        if record.properties.get("provisioningState") != "Deleting"
        for rule in _rules(store, record)
        if by_pool.get(rule.backend.pool)
    )
    members = {
        rule.backend: frozenset(endpoint.address for endpoint in by_pool[rule.backend.pool])
        for rule in rules
    }
    natted = {rule: endpoint for rule, endpoint in _natted(store) if endpoint in running}
    members |= {rule.backend: frozenset({each.address}) for rule, each in natted.items()}
    return Wanted(Traffic(rules | natted.keys(), members), _ports(running, rules, natted))


def derived_rule(store: Store, rule: ResourceId) -> Rule | None:
    """One rule of a load balancer, as it is carried; None where it leads nowhere."""
    record = store.get(rule.parent) if rule.parent else None
    for each in record.properties["loadBalancingRules"] if record else ():
        if record and key(each["id"]) == rule.key:
            return _rule(store, record, each)
    return None


def _running(store: Store) -> list[Endpoint]:
    return [presence.endpoint for presence in presences(store) if presence.is_running]


def _taken_down(store: Store) -> frozenset[tuple[str, str]]:
    """Members whose admin state is `Down`: the pool's comparable id, and the member's name."""
    return frozenset(
        (key(pool["id"]), name)
        for record in store.of_type(LOAD_BALANCER)
        for pool in record.properties["backendAddressPools"]
        for name in taken_down(pool)
    )


def _member(endpoint: Endpoint) -> str:
    return member_name(endpoint.ip_configuration).lower()


def _natted(store: Store) -> Iterator[tuple[Rule, Endpoint]]:
    """Each port of NAT rules and pools as a rule of its own, with the member it leads to."""
    for record in store.of_type(LOAD_BALANCER):
        if record.properties.get("provisioningState") == "Deleting":
            continue
        fronts = {key(each["id"]): each for each in record.properties["frontendIPConfigurations"]}
        for each in nat_rules.mapped(store, record):
            properties = each.child["properties"]
            frontend = fronts[key(reference(properties, "frontendIPConfiguration") or "")]
            address = _address(store, record, frontend)
            if address is not None:
                backend = Backend(
                    f"{each.child['id']} {each.endpoint.ip_configuration}",
                    _served_at(properties["backendPort"]),
                    probe=None,
                    idle_seconds=60 * properties["idleTimeoutInMinutes"],
                )
                yield Rule(address, each.port, backend), each.endpoint


def _served_at(port: int) -> int:
    """Where a guest's port is served."""
    return SSH_PORT if port == _SSH else port


def _ports(
    running: list[Endpoint], rules: frozenset[Rule], natted: Mapping[Rule, Endpoint]
) -> dict[str, frozenset[int]]:
    ports: dict[str, set[int]] = defaultdict(set)
    for rule, endpoint in natted.items():
        ports[endpoint.machine] |= {rule.backend.port} - {SSH_PORT}
    for endpoint in running:
        ports[endpoint.machine] |= {endpoint.health_port} if endpoint.health_port else set()
        for rule in rules:
            if rule.backend.pool in endpoint.pool_keys:
                probe = rule.backend.probe
                ports[endpoint.machine] |= {rule.backend.port, probe.port if probe else 0} - {0}
    return {machine: frozenset(several) for machine, several in ports.items()}


def _rules(store: Store, record: Record) -> list[Rule]:
    found = (_rule(store, record, rule) for rule in record.properties["loadBalancingRules"])
    return [rule for rule in found if rule is not None]


def _rule(store: Store, record: Record, rule: Mapping[str, Any]) -> Rule | None:
    frontends = {key(each["id"]): each for each in record.properties["frontendIPConfigurations"]}
    probes = {key(probe["id"]): _probe(probe) for probe in record.properties["probes"]}
    properties = rule["properties"]
    pool = reference(properties, "backendAddressPool")
    frontend = frontends[key(reference(properties, "frontendIPConfiguration") or "")]
    address = _address(store, record, frontend)
    if pool is None or address is None:
        return None
    probe = reference(properties, "probe")
    backend = Backend(
        key(pool),
        properties["backendPort"],
        probes[key(probe)] if probe else None,
        idle_seconds=60 * properties["idleTimeoutInMinutes"],
        by_source=str(properties["loadDistribution"]).lower() != "default",
    )
    return Rule(address, properties["frontendPort"], backend)


def _probe(probe: dict[str, Any]) -> Probe:
    """`numberOfProbes` is the older of two settings; it counts when the newer is left at 1."""
    properties = probe["properties"]
    threshold = properties["probeThreshold"]
    return Probe(
        protocol=properties["protocol"].lower(),
        port=properties["port"],
        path=properties.get("requestPath") or "/",
        interval=properties["intervalInSeconds"],
        down_after=threshold if threshold > 1 else properties["numberOfProbes"],
    )


def _address(store: Store, record: Record, frontend: dict[str, Any]) -> str | None:
    """Where a frontend listens: at its public address, or at the one taken for itself."""
    public = reference(frontend["properties"], "publicIPAddress")
    if public is None:
        return record.internals(LoadBalancerInternals).addresses.get(key(frontend["id"]))
    public_address = store.get(ResourceId.parse(public))
    return public_address.internals(PublicAddressInternals).address if public_address else None
