"""What there is: a load balancer, and for each pool that serves the rules and scale sets of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.balancing import STAGING, rule_name
from pipeline.planning.referring import referred
from pipeline.planning.swap.load_balancer import read
from pipeline.planning.swap.state import LoadBalancerState

Answer: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Estate:
    """A load balancer, scale sets and autoscale settings, as Azure answers them."""

    load_balancer: Answer
    scale_sets: tuple[Answer, ...] = ()
    autoscale: tuple[Answer, ...] = ()

    @property
    def resource(self) -> ResourceId:
        """The load balancer's id."""
        return ResourceId.parse(str(self.load_balancer["id"]))


@dataclass(frozen=True, slots=True)
class Service:
    """A pool with members, the rules that lead to it, and whose members are in it.

    `twins` are rules that are called like the staging rule of one of `rules`, by that rule's name.
    """

    pool: ResourceId
    rules: tuple[Answer, ...]
    twins: Mapping[str, Answer]
    scale_sets: tuple[Answer, ...]
    strangers: tuple[str, ...]
    """Members that are in no scale set, or in one that could not be read, by id."""


def services(estate: Estate) -> tuple[Service, ...]:
    """The pools that serve, by name; staging rules of ours lead to none that does."""
    state = read(estate.load_balancer, {})
    rules = children(estate.load_balancer, "loadBalancingRules")
    twins = dict(_twins(rules))
    staging = {str(twin["name"]) for twin in twins.values()}
    found = []
    for pool in sorted(state.members, key=str):
        leading = tuple(
            rule
            for rule in rules
            if (known := state.rule(str(rule["name"]))) and known.pool == pool
            if rule["name"] not in staging
        )
        sets = _in_pool(estate, state, pool)
        owners = {member.owner for member in state.members[pool]}
        strangers = owners - {ResourceId.parse(str(one["id"])) for one in sets}
        if leading and (sets or strangers):
            mine = {
                str(rule["name"]): twins[str(rule["name"])]
                for rule in leading
                if rule["name"] in twins
            }
            names = tuple(sorted(str(one) for one in strangers))
            found.append(Service(pool, leading, mine, sets, names))
    return tuple(found)


def children(body: Answer, kind: str) -> tuple[Answer, ...]:
    """The children of a load balancer of one kind."""
    return tuple(body["properties"].get(kind) or ())


def properties(body: Answer) -> Answer:
    """Its properties; empty where there are none."""
    found: Answer = body.get("properties") or {}
    return found


def reference(body: Answer, name: str) -> str:
    """The last name of what a child refers to; "" for nothing."""
    return referred(properties(body), name)


def profile(scale_set: Answer) -> Answer:
    """The model of its instances; empty where it has none."""
    found: Answer = properties(scale_set).get("virtualMachineProfile") or {}
    return found


def addresses(scale_set: Answer) -> Iterator[Answer]:
    """The IP configurations of its model."""
    network = profile(scale_set).get("networkProfile") or {}
    for interface in network.get("networkInterfaceConfigurations") or ():
        yield from properties(interface).get("ipConfigurations") or ()


def pools(scale_set: Answer) -> set[ResourceId]:
    """The pools that its model puts instances into."""
    return {
        ResourceId.parse(str(pool["id"]))
        for address in addresses(scale_set)
        for pool in properties(address).get("loadBalancerBackendAddressPools") or ()
    }


def _in_pool(estate: Estate, state: LoadBalancerState, pool: ResourceId) -> tuple[Answer, ...]:
    owners = {member.owner for member in state.members[pool]}
    return tuple(
        one
        for one in estate.scale_sets
        if ResourceId.parse(str(one["id"])) in owners or pool in pools(one)
    )


def _twins(rules: tuple[Answer, ...]) -> Iterator[tuple[str, Answer]]:
    """The rules that are called as staging rules of another are, by that other's name."""
    named = {str(rule["name"]).lower(): rule for rule in rules}
    for rule in rules:
        twin = named.get(rule_name(str(rule["name"]), STAGING).lower())
        ports = ("backendPort", "protocol")
        if twin and all(properties(twin).get(key) == properties(rule).get(key) for key in ports):
            yield str(rule["name"]), twin
