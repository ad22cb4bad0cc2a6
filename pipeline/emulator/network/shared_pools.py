"""One IP configuration in two pools: allowed until rules send it the same port twice."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.emulator.arm.data_path import Presence, presences
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId, key
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.network.common import reference
from pipeline.emulator.network.references import LOAD_BALANCER


@dataclass(frozen=True, slots=True)
class PoolRule:
    """A load balancing rule as the members of its pool see it."""

    id: str
    pool: str
    protocol: str
    backend_port: int
    is_public: bool

    def collides(self, other: PoolRule) -> bool:
        """Whether both send to the same port, by the same type of load balancer."""
        return (self.protocol.lower(), self.backend_port, self.is_public) == (
            other.protocol.lower(),
            other.backend_port,
            other.is_public,
        )


def pool_rules(balancers: Iterable[Record]) -> Iterator[PoolRule]:
    """The rules of these load balancers that have a pool."""
    for balancer in balancers:
        frontends = {
            key(frontend["id"]): bool(reference(frontend["properties"], "publicIPAddress"))
            for frontend in balancer.properties["frontendIPConfigurations"]
        }
        for rule in balancer.properties["loadBalancingRules"]:
            properties = rule["properties"]
            pool = reference(properties, "backendAddressPool")
            if pool:
                frontend = key(reference(properties, "frontendIPConfiguration") or "")
                yield PoolRule(
                    rule["id"],
                    key(pool),
                    properties["protocol"],
                    properties["backendPort"],
                    frontends.get(frontend, False),
                )


def refuse_shared_ports(store: Store, ip_configuration: str, pools: frozenset[str]) -> None:
    """Raises ArmError when an interface's IP configuration must not be in all of these pools."""
    if len(pools) < 2:  # noqa: PLR2004 - it takes two to collide
        return
    collision = _collision(list(pool_rules(store.of_type(LOAD_BALANCER))), pools)
    if collision is not None:
        raise _interface_refusal(*collision, ip_configuration)


def refuse_shared_model(
    store: Store, scale_set: ResourceId, ip_configuration: str, pools: frozenset[str]
) -> None:
    """The same for a scale set's model; `ip_configuration` ends `…/NIC/ipConfigurations/NAME`."""
    collision = _collision(list(pool_rules(store.of_type(LOAD_BALANCER))), pools)
    if collision is not None:
        raise _scale_set_refusal(*collision, scale_set, ip_configuration)


def refuse_shared_members(store: Store, balancer: Record) -> None:
    """Raises ArmError when a load balancer's new rules collide at a member of two of its pools."""
    others = (other for other in store.of_type(LOAD_BALANCER) if other.id != balancer.id)
    rules = list(pool_rules([*others, balancer]))
    own = {rule.pool for rule in pool_rules([balancer])}
    for member in presences(store):
        pools = member.endpoint.pool_keys
        if len(pools) < 2 or not pools & own:  # noqa: PLR2004 - as above
            continue
        collision = _collision(rules, pools)
        if collision is not None:
            raise _refusal(*collision, member)


def _collision(rules: list[PoolRule], pools: frozenset[str]) -> tuple[PoolRule, PoolRule] | None:
    relevant = [rule for rule in rules if rule.pool in pools]
    for one, other in itertools.combinations(relevant, 2):
        if one.pool != other.pool and one.collides(other):
            return one, other
    return None


def _refusal(one: PoolRule, other: PoolRule, member: Presence) -> ArmError:
    scale_set = member.owner.parent
    if scale_set is None:
        return _interface_refusal(one, other, member.endpoint.ip_configuration)
    return _scale_set_refusal(one, other, scale_set, member.endpoint.ip_configuration)


def _scale_set_refusal(
    one: PoolRule, other: PoolRule, scale_set: ResourceId, ip_configuration: str
) -> ArmError:
    interface, configuration = ip_configuration.split("/")[-3::2]
    return ArmError(
        400,
        "RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndVmssIPConfig",
        f"{_same_port(one, other)} vmss backend IP config. The backend IP config is generated from "
        f"vmss: {scale_set}, networkIntefaceConfiguration: {interface}, ipConfiguration: "
        f"{configuration}.",
    )


def _interface_refusal(one: PoolRule, other: PoolRule, ip_configuration: str) -> ArmError:
    return ArmError(
        400,
        "RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndIPConfig",
        f"{_same_port(one, other)} backend ip configuration {ip_configuration}.",
    )


def _same_port(one: PoolRule, other: PoolRule) -> str:
    """The common part of both sentences, as reported for a scale set."""
    return (
        f"Load balancer rules {one.id} and {other.id} belong to the load balancer of the same type "
        f"and use the same backend port {one.backend_port} and protocol {one.protocol} with "
        "floatingIP disabled, must not be used with the same"
    )
