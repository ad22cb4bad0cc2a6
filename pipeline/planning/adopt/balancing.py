"""The `load_balancer` block of a service: its rules as pairs, each with a staging twin to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.arm import ResourceId
from pipeline.definition import rules as accepted
from pipeline.definition.balancing import ALL, STAGING, TCP, UDP, rule_name
from pipeline.definition.model import Environment
from pipeline.planning.adopt.estate import (
    Answer,
    Estate,
    Service,
    children,
    properties,
    reference,
)
from pipeline.planning.adopt.hcl import Block, Value

APART = 8000
"""A staging port is so far above its production port, where that is free."""
_FIRST_FREE = 8081
_NAT = ("inboundNatRules", "inboundNatPools")


@dataclass(frozen=True, slots=True)
class Balancing:
    """The block, and what it could not say; None where no rule can be declared."""

    block: Block | None
    left_out: tuple[str, ...]


def balancing(estate: Estate, service: Service, environment: Environment, image: str) -> Balancing:
    """What a service is called in environments.hcl."""
    rules, left_out = _declarable(service)
    if not rules:
        return Balancing(None, left_out)
    frontend = reference(rules[0], "frontendIPConfiguration")
    ports = _Ports(estate, frontend, service)
    pairs = tuple(_pair(rule, service, ports) for rule in rules)
    group = estate.resource.resource_group
    is_elsewhere = group.lower() != environment.resource_group.lower()
    block = Block(
        "load_balancer",
        image,
        (
            ("image", image),
            ("name", estate.resource.name),
            *((("resource_group", group),) if is_elsewhere else ()),
            ("managed", False),
            *((("private", True),) if _is_private(estate, frontend) else ()),
            ("production_frontend", frontend),
            ("staging_frontend", _staging_frontend(rules, service, frontend)),
        ),
        pairs,
    )
    return Balancing(block, left_out)


def _declarable(service: Service) -> tuple[tuple[Answer, ...], tuple[str, ...]]:
    """The rules that can be pairs, all of one frontend, and what becomes of the others."""
    frontend = _frontend(service)
    found: list[Answer] = []
    left_out: list[str] = []
    seen: set[tuple[str, int]] = set()
    for rule in service.rules:
        protocol, port = _protocol(rule), int(properties(rule).get("backendPort") or 0)
        why = _why_not(rule, protocol, frontend, has_others=len(service.rules) > 1)
        if not why and (protocol, port) in seen:
            why = f"another rule leads to its backend port {port}"
        if why:
            left_out.append(f"rule {rule['name']}, which moves with swaps undeclared: {why}")
        else:
            seen.add((protocol, port))
            found.append(rule)
    return tuple(found), tuple(left_out)


def _why_not(rule: Answer, protocol: str, frontend: str, *, has_others: bool) -> str:
    """Why a rule is no pair; "" where it is one."""
    mine = reference(rule, "frontendIPConfiguration")
    if protocol not in {TCP, UDP, ALL}:
        return f"its protocol is {protocol}"
    if len(properties(rule).get("backendAddressPools") or ()) > 1:
        return "it leads to several pools, and no swap moves it"
    if mine != frontend:
        return f"it is on the frontend {mine}, the others on {frontend}"
    if protocol == ALL and has_others:
        return "it is for all ports, and not the only one"
    return ""


def _protocol(rule: Answer) -> str:
    return str(properties(rule).get("protocol") or TCP).lower()


def _frontend(service: Service) -> str:
    """The frontend of most of the rules, of several such the first."""
    named = [reference(rule, "frontendIPConfiguration") for rule in service.rules]
    return Counter(named).most_common(1)[0][0]


def _pair(rule: Answer, service: Service, ports: _Ports) -> Block:
    name, given = str(rule["name"]), properties(rule)
    label = name[: accepted.LONGEST_PAIR].rstrip(".-")
    twin, protocol = service.twins.get(name), _protocol(rule)
    staging = str(twin["name"]) if twin else ports.unused(rule_name(label, STAGING))
    probe = reference(rule, "probe")
    port = int(given.get("frontendPort") or 0)
    numbers: tuple[tuple[str, Value], ...] = (
        ("production_port", port),
        ("staging_port", int(properties(twin)["frontendPort"]) if twin else ports.free(rule)),
        ("backend_port", int(given.get("backendPort") or 0)),
    )
    return Block(
        "rule",
        label,
        (
            *((("production_rule", name),) if label != name else ()),
            *((("staging_rule", staging),) if staging != rule_name(label, STAGING) else ()),
            *((("protocol", protocol),) if protocol != TCP else ()),
            *((("floating_ip", True),) if given.get("enableFloatingIP") else ()),
            *(numbers if protocol != ALL else ()),
        ),
        (Block("probe", attributes=(("name", probe),)),) if probe else (),
    )


def _staging_frontend(rules: tuple[Answer, ...], service: Service, frontend: str) -> str:
    """That of the twins that are there; all ports of a frontend leave none for staging."""
    twin = next(
        (service.twins[str(rule["name"])] for rule in rules if rule["name"] in service.twins), None
    )
    if twin is not None:
        return reference(twin, "frontendIPConfiguration")
    return STAGING if _protocol(rules[0]) == ALL else frontend


def _is_private(estate: Estate, frontend: str) -> bool:
    found = children(estate.load_balancer, "frontendIPConfigurations")
    return any(one["name"] == frontend and properties(one).get("subnet") for one in found)


class _Ports:
    """Ports of a frontend and names of rules that nobody has yet."""

    def __init__(self, estate: Estate, frontend: str, service: Service) -> None:
        balancer = estate.load_balancer
        self._names = {str(one["name"]).lower() for one in children(balancer, "loadBalancingRules")}
        twins = {str(twin["name"]) for twin in service.twins.values()}
        self._names -= {name.lower() for name in twins}
        self._taken = {
            taken
            for kind in ("loadBalancingRules", *_NAT)
            for one in children(balancer, kind)
            if reference(one, "frontendIPConfiguration") == frontend
            for taken in _listens(one)
        }

    def unused(self, name: str) -> str:
        """The name, or one like it."""
        number, found = 1, name
        while found.lower() in self._names:
            number += 1
            found = f"{name}-{number}"
        self._names.add(found.lower())
        return found

    def free(self, rule: Answer) -> int:
        """A staging port for a rule."""
        protocol = _protocol(rule)
        wish = int(properties(rule).get("frontendPort") or 0) + APART
        candidates = (wish, *range(_FIRST_FREE, accepted.FRONTEND_PORT.highest))
        found: int = next(
            port
            for port in candidates
            if accepted.FRONTEND_PORT.accepts(port) and (protocol, port) not in self._taken
        )
        self._taken.add((protocol, found))
        return found


def _listens(child: Answer) -> Iterator[tuple[str, int]]:
    """Protocol and port of a rule, NAT rule or NAT pool, each of its ports."""
    given, protocol = properties(child), _protocol(child)
    first = int(given.get("frontendPortRangeStart") or given.get("frontendPort") or 0)
    last = int(given.get("frontendPortRangeEnd") or first)
    for port in range(first, last + 1):
        yield from ((one, port) for one in ((TCP, UDP) if protocol == ALL else (protocol,)))


def owner_of(resource: ResourceId) -> str:
    """What an image could be called that a scale set or a pool serves: a name of ours."""
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in resource.name.lower())
    return letters.lstrip("-0123456789")[:40].rstrip("-") or "app"
