"""Whether the network security group lets probes and clients through to the instances.

Rules are met in the order of their priorities, the lowest number first, and the first that fits
decides. Azure's probes come from 168.63.129.16, which the tags AzureLoadBalancer and VirtualNetwork
stand for (Microsoft's page of service tags); clients keep their own addresses through a load
balancer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from pipeline.definition.balancing import TCP
from pipeline.planning.preflight.facts import Facts, SecurityGroup, SecurityRule, Subnet
from pipeline.planning.preflight.finding import Finding, failed, known, ok, warning
from pipeline.planning.preflight.wanted import Wanted

_PROBES = "168.63.129.16"
_EVERYWHERE = frozenset({"*", "0.0.0.0/0", "any"})
_OF_PROBES = _EVERYWHERE | {"azureloadbalancer", "virtualnetwork"}
_OF_INTERNET = _EVERYWHERE | {"internet"}
_OF_NETWORK = _EVERYWHERE | {"virtualnetwork"}
_TO_INSTANCES = _EVERYWHERE | {"virtualnetwork"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What happens to one kind of traffic; `only_from` are the narrower sources let through."""

    is_admitted: bool
    rule: str
    only_from: tuple[str, ...] = ()


def reachability_findings(facts: Facts) -> Iterator[Finding]:
    """Of the subnet's group; bakeswap's scale sets have none on their interfaces."""
    return known("security group", facts.subnet, lambda found: _through(facts.wanted, found))


def _through(wanted: Wanted, subnet: Subnet | None) -> Iterator[Finding]:
    if subnet is None:
        return  # that there is none was said with its addresses
    if subnet.group is None:
        yield _unguarded(wanted)
        return
    yield from _probed(wanted, subnet, subnet.group)
    yield from _served(wanted, subnet, subnet.group)


def _unguarded(wanted: Wanted) -> Finding:
    declared = wanted.environment.load_balancer_of(wanted.image.name)
    subnet = f"subnet {wanted.environment.network.subnet} has no network security group"
    if declared is None or declared.private:
        return ok("security group", f"{subnet}: nothing is refused")
    return warning(
        "security group",
        f"{subnet}: a Standard load balancer refuses clients without one",
        "give the subnet a group that allows the backend ports",
    )


def _probed(wanted: Wanted, subnet: Subnet, group: SecurityGroup) -> Iterator[Finding]:
    for port in _ports(wanted):
        verdict = _verdict(group, subnet, port, _OF_PROBES, _PROBES)
        if verdict.is_admitted:
            yield ok("probes", f"{group.name} admits probes to port {port} ({verdict.rule})")
        else:
            yield failed(
                "probes",
                f"{group.name} refuses probes to port {port} ({verdict.rule}): no instance would"
                " become healthy",
                f"allow TCP {port} from AzureLoadBalancer at a lower priority number",
            )


def _served(wanted: Wanted, subnet: Subnet, group: SecurityGroup) -> Iterator[Finding]:
    declared = wanted.environment.load_balancer_of(wanted.image.name)
    if declared is None:
        return
    clients = "VirtualNetwork" if declared.private else "Internet"
    tags = _OF_NETWORK if declared.private else _OF_INTERNET
    for port in sorted({pair.backend_port for pair in declared.pairs if pair.protocol == TCP}):
        verdict = _verdict(group, subnet, port, tags)
        if verdict.is_admitted:
            yield ok("clients", f"{group.name} admits {clients} to port {port} ({verdict.rule})")
        elif verdict.only_from:
            where = ", ".join(verdict.only_from)
            yield ok("clients", f"{group.name} admits {where} to port {port}, nobody else")
        else:
            yield warning(
                "clients",
                f"{group.name} refuses clients to port {port} ({verdict.rule})",
                f"allow TCP {port} from {clients} or from your clients' addresses",
            )


def _ports(wanted: Wanted) -> list[int]:
    """Where Azure may probe: the health page, and what is asked about rules."""
    declared = wanted.environment.load_balancer_of(wanted.image.name)
    health = wanted.image.health
    probed = {declared.probed(pair, health).port for pair in declared.pairs} if declared else set()
    return sorted({health.port} | probed)


def _verdict(
    group: SecurityGroup, subnet: Subnet, port: int, tags: frozenset[str], address: str = ""
) -> Verdict:
    """What the group does with TCP from a source to a port of the instances."""
    narrower: list[str] = []
    for rule in sorted(group.rules, key=lambda rule: rule.priority):
        if not (_is_for(rule, subnet) and _has_port(rule, port)):
            continue
        if any(_covers(source, tags, address) for source in rule.sources):
            return Verdict(rule.is_allowed, _named(rule), tuple(narrower))
        if rule.is_allowed:
            narrower += [source for source in rule.sources if _is_narrow(source)]
    return Verdict(False, "no rule fits", tuple(narrower))


def _named(rule: SecurityRule) -> str:
    return f"{rule.name}, priority {rule.priority}"


def _covers(source: str, tags: frozenset[str], address: str) -> bool:
    if source.lower() in tags:
        return True
    try:
        return bool(address) and ip_address(address) in ip_network(source, strict=False)
    except ValueError:
        return False  # another tag


def _is_narrow(source: str) -> bool:
    """An address, a range, or a tag of some service: not what Azure's default rules allow."""
    return source.lower() not in _OF_PROBES


def _is_for(rule: SecurityRule, subnet: Subnet) -> bool:
    """Whether a rule's destination has all instances in it."""
    if any(one.lower() in _TO_INSTANCES for one in rule.destinations):
        return True
    return all(any(_holds(one, prefix) for one in rule.destinations) for prefix in subnet.prefixes)


def _holds(destination: str, prefix: str) -> bool:
    try:
        outer, inner = ip_network(destination, strict=False), ip_network(prefix, strict=False)
    except ValueError:
        return False
    first, last = inner.network_address, inner.broadcast_address
    return first in outer and last in outer


def _has_port(rule: SecurityRule, port: int) -> bool:
    return any(_in_range(one, port) for one in rule.ports)


def _in_range(ports: str, port: int) -> bool:
    if ports == "*":
        return True
    first, _, last = ports.partition("-")
    return first.isdecimal() and int(first) <= port <= int(last or first)
