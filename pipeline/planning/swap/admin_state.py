"""The admin states of a pool's members: who gets no new connection, whatever its probe finds.

https://learn.microsoft.com/azure/load-balancer/admin-state-overview (2026-01-07): connections that
are established go on. The text of the REST reference says that they are reset.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from pipeline.arm import ResourceId
from pipeline.planning.swap.backend import Instance, Member
from pipeline.planning.writable import writable

_DOWN: Final = "Down"
_NONE: Final = "None"
"""The state of a member that its probe alone decides about."""
_ADDRESSES: Final = "loadBalancerBackendAddresses"


def taken_out(pool: Mapping[str, Any]) -> tuple[Member, ...]:
    """Who is `Down` in a pool of a load balancer's body, but for members by address."""
    return tuple(
        Member.of(configuration)
        for _, configuration, state in _addresses(pool)
        if state == _DOWN and configuration
    )


def names_of(
    pool: Mapping[str, Any], scale_set: ResourceId, instances: Collection[Instance]
) -> frozenset[str]:
    """What a pool of a load balancer's body calls instances of a scale set; those it has."""
    return frozenset(
        name
        for name, configuration, _ in _addresses(pool)
        if configuration and is_of(str(configuration), scale_set, instances)
    )


def is_of(configuration: str, scale_set: ResourceId, instances: Collection[Instance]) -> bool:
    """Whether an IP configuration, by its id, is that of one of these instances of a scale set."""
    if not configuration:
        return False
    member = Member.of(ResourceId.parse(configuration))
    return any(
        member == Member(scale_set, one.number) or member.owner in one.interfaces
        for one in instances
    )


def has_states(pool: Mapping[str, Any], names: Collection[str], *, is_out: bool) -> bool:
    """Whether these members of a pool are taken out already, or let in."""
    return all((state == _DOWN) == is_out for name, _, state in _addresses(pool) if name in names)


def with_states(pool: Mapping[str, Any], names: Collection[str], *, is_out: bool) -> dict[str, Any]:
    """The body of the PUT of a pool that takes these members out, or lets them in.

    As azure-cli's `address-pool address update --admin-state` sends it: all members by their names,
    as what is not sent may be forgotten.
    """
    (pools,) = writable({"properties": {"backendAddressPools": [pool]}})["properties"].values()
    wanted = _DOWN if is_out else _NONE
    states = {name: wanted if name in names else state for name, _, state in _addresses(pool)}
    addresses = [
        {"name": name, "properties": {"adminState": state or _NONE}}
        for name, state in states.items()
    ]
    return {"properties": {**(pools[0].get("properties") or {}), _ADDRESSES: addresses}}


def _addresses(pool: Mapping[str, Any]) -> Iterator[tuple[str, ResourceId | None, str]]:
    """Name, IP configuration (None for a member by address) and state of each member."""
    for one in (pool.get("properties") or {}).get(_ADDRESSES) or ():
        properties = one.get("properties") or {}
        configuration = (properties.get("networkInterfaceIPConfiguration") or {}).get("id")
        yield (
            str(one["name"]),
            ResourceId.parse(configuration) if configuration else None,
            str(properties.get("adminState") or ""),
        )
