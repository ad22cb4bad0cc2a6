"""Where the rules of an image lead: rule, pool, sets, members; as a value that a file can keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.definition.balancing import FRONTENDS, PRODUCTION
from pipeline.planning.swap.backend import HEALTHY, Backend
from pipeline.planning.swap.survey import Survey


@dataclass(frozen=True, slots=True)
class Member:
    """Whoever is in a pool; `health` is "" where nobody reports it."""

    name: str
    health: str = ""

    @property
    def is_healthy(self) -> bool:
        """Whether it reports to be."""
        return self.health == HEALTHY


@dataclass(frozen=True, slots=True)
class Led:
    """A rule that leads to a pool, and where it answers."""

    rule: str
    frontend: str
    """`production`, `staging`, or "" for one that environments.hcl does not declare."""
    address: str


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool: the rules that lead there, and what is in it."""

    name: str
    role: str
    version: str
    rules: tuple[Led, ...]
    sets: tuple[str, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """The pools of an image, what serves first."""

    pools: tuple[Pool, ...]

    @property
    def document(self) -> dict[str, object]:
        """For a file."""
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Topology:
        """From `document`; raises KeyError, TypeError or ValueError for anything else."""
        return cls(tuple(_read(pool) for pool in document["pools"]))

    def leads(self, rule: str) -> str:
        """The pool that a rule leads to; "" for none."""
        return next(
            (pool.name for pool in self.pools if rule in {led.rule for led in pool.rules}), ""
        )


def topology_of(now: Survey) -> Topology:
    """Every pool that a rule of the image leads to, and those of its scale sets beside them."""
    found = [now.serving, *([now.at_staging] if now.at_staging else []), *now.others]
    once = {backend.pool: backend for backend in found}
    led = _rules(now)
    empty = [name for name in led if name not in {pool.name for pool in once}]
    pools = [_pool(now, backend, led.get(backend.pool.name, ())) for backend in once.values()]
    return Topology((*pools, *(Pool(name, "", "", led[name], (), ()) for name in empty)))


def _pool(now: Survey, backend: Backend, led: tuple[Led, ...]) -> Pool:
    sick = dict(backend.sick)
    names = [member.instance or member.owner.name for member in backend.members]
    known = {
        (found.resource, instance.number): (instance.name, instance.health)
        for found in backend.scale_sets
        for instance in found.instances
    }
    members = tuple(
        Member(*known.get((member.owner, member.instance), (name, sick.get(name, ""))))
        for name, member in zip(names, backend.members, strict=True)
    )
    role = "" if backend.is_empty else now.role(backend)
    return Pool(backend.pool.name, role, backend.version, led, backend.owners, members)


def _rules(now: Survey) -> dict[str, tuple[Led, ...]]:
    declared = [(frontend, rule) for frontend in FRONTENDS for rule in now.rules(frontend)]
    found: dict[str, tuple[Led, ...]] = {}
    for frontend, name in (*declared, *(("", rule) for rule in now.followers)):
        rule = now.load_balancer.rule(name)
        if rule is not None and rule.pool is not None:
            address, port = now.load_balancer.endpoint(name)
            led = Led(name, frontend, f"{address}:{port}" if address else str(port))
            found[rule.pool.name] = (*found.get(rule.pool.name, ()), led)
    return found


def _read(pool: Mapping[str, Any]) -> Pool:
    return Pool(
        str(pool["name"]),
        str(pool["role"]),
        str(pool["version"]),
        tuple(Led(**led) for led in pool["rules"]),
        tuple(map(str, pool["sets"])),
        tuple(Member(**member) for member in pool["members"]),
    )


def moved(before: Topology, after: Topology) -> tuple[str, ...]:
    """One line for each rule that leads elsewhere than before."""
    rules = [led for pool in after.pools for led in pool.rules]
    return tuple(
        f"{led.frontend or 'other'} rule {led.rule}: {before.leads(led.rule) or 'nothing'}"
        f" -> {after.leads(led.rule)}"
        for led in sorted(rules, key=lambda one: (one.frontend != PRODUCTION, one.rule))
        if before.leads(led.rule) != after.leads(led.rule)
    )
