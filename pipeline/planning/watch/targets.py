"""Whom to ask: each rule that leads to production, in the protocol that its own probe speaks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.balancing import JSON, VersionIn

Protocol: TypeAlias = Literal["http", "https", "tcp"]
TCP: Final = "tcp"
_PROTOCOLS: dict[str, Protocol] = {"http": "http", "https": "https"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a load balancing rule answers; `path` is "" for `tcp`."""

    rule: str
    protocol: Protocol
    address: str
    port: int
    path: str = ""
    told: VersionIn = JSON
    """Where its page tells the version that answers."""

    def __str__(self) -> str:
        return f"{self.protocol}://{self.address}:{self.port}{self.path}"


def targets_of(
    load_balancer: Mapping[str, Any],
    addresses: Mapping[ResourceId, str],
    rules: Collection[str],
    told: VersionIn = JSON,
) -> tuple[Target, ...]:
    """The targets of these load balancing rules of a load balancer's body.

    A rule is asked over HTTP(S) where its probe is of that protocol and at its own backend port,
    else over TCP. `addresses` are those of the frontends; a rule at an unknown one is left out, and
    so are those of other protocols than TCP: nobody knows what these answer.
    """
    properties = load_balancer["properties"]
    probes = {
        str(probe["name"]).lower(): probe["properties"] for probe in properties.get("probes") or ()
    }
    found = (
        _target(rule, addresses, probes, told)
        for rule in properties.get("loadBalancingRules") or ()
        if rule["name"] in rules and str(rule["properties"].get("protocol")).lower() == TCP
    )
    return tuple(target for target in found if target.address)


def _target(
    rule: Mapping[str, Any],
    addresses: Mapping[ResourceId, str],
    probes: Mapping[str, Mapping[str, Any]],
    told: VersionIn,
) -> Target:
    properties = rule["properties"]
    frontend = _reference(properties, "frontendIPConfiguration")
    used = _reference(properties, "probe")
    probe = probes.get(used.name.lower(), {}) if used else {}
    is_own = probe.get("port") == properties.get("backendPort")
    protocol = _PROTOCOLS.get(str(probe.get("protocol")).lower(), "tcp") if is_own else "tcp"
    return Target(
        rule=str(rule["name"]),
        protocol=protocol,
        address=addresses.get(frontend, "") if frontend else "",
        port=int(properties.get("frontendPort") or 0),
        path="" if protocol == "tcp" else str(probe.get("requestPath") or "/"),
        told=told,
    )


def _reference(properties: Mapping[str, Any], name: str) -> ResourceId | None:
    found = (properties.get(name) or {}).get("id")
    return ResourceId.parse(found) if found else None
