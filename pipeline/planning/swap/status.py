"""What is true of an image in an environment, in one row: for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from pipeline.definition.balancing import FRONTENDS, PRODUCTION, FrontendName
from pipeline.errors import Refused, UsageError
from pipeline.planning.ages import Age, lasting
from pipeline.planning.names import SwapTag, Tag
from pipeline.planning.swap.backend import Backend
from pipeline.planning.swap.rollback import plan_rollback
from pipeline.planning.swap.steps import AwaitHealthy, CreateScaleSet, SwapPools, Wish
from pipeline.planning.swap.survey import Role, Survey
from pipeline.planning.table import Table
from pipeline.planning.versions import newest

READY = "ready"
"""How `Status.way_back` begins where a rollback is one write."""


@dataclass(frozen=True, slots=True)
class Frontend:
    """Where a rule answers."""

    rule: str
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.rule} {self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Running:
    """A version, or what another hand made, that runs beside production."""

    version: str
    role: Role
    healthy: int
    instances: int

    def __str__(self) -> str:
        return f"{self.version} ({self.role}, {self.healthy} of {self.instances})"


@dataclass(frozen=True, slots=True)
class Status:
    """The roles of an image's scale sets now. Versions are "" where there is none."""

    image: str
    serving: str
    """The version, or the name of what another hand made."""
    since: str
    """ISO 8601, UTC; "" where nobody wrote it down."""
    by: str
    """Who promoted it; "" where the last swap was not ours."""
    healthy: int
    """Of the members of production's pool."""
    instances: int
    idle: str
    """What the staging rules lead to."""
    idle_role: str
    idle_healthy: int
    idle_instances: int
    others: tuple[Running, ...]
    """Everything else of the image that runs, ways back first."""
    way_back: str
    """`ready`, what a rollback has to do first, or why there is none."""
    way_back_seconds: float | None
    """How long the write took when it was rehearsed last, else that of the last swap; None where
    nobody measured it."""
    rehearsed: str
    """When that way back was rehearsed (ISO 8601, UTC); "" since production left it."""
    newest: str
    """The newest version that may be staged."""
    base: str
    """What `newest` is made of, as its tag says; "" where none does."""
    degraded: tuple[str, ...]
    """What is wrong, a line each; nothing when all is well."""
    frontends: Mapping[str, tuple[Frontend, ...]]
    """By `production` and `staging`: where each rule pair answers."""

    @property
    def document(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


def status_of(now: Survey) -> Status:
    """Read the roles; Refused when the rules make no sense."""
    idle, serving = now.at_staging, now.serving
    rehearsed, seconds = _rehearsal(now)
    eligible = newest(version for version in now.versions if version.is_eligible)
    return Status(
        image=now.image.name,
        serving=now.label(serving),
        since=now.since,
        by=now.tag(SwapTag.BY),
        healthy=serving.healthy,
        instances=len(serving.members),
        idle=now.label(idle) if idle else "",
        idle_role=now.role(idle) if idle else "",
        idle_healthy=idle.healthy if idle else 0,
        idle_instances=len(idle.members) if idle else 0,
        others=tuple(_running(now, one) for one in now.others if one != idle),
        way_back=_way_back(now),
        way_back_seconds=_seconds(serving, Tag.SWAP_SECONDS) if seconds is None else seconds,
        rehearsed=rehearsed,
        newest=eligible.name if eligible else "",
        base=eligible.tags.get(Tag.BASE, "") if eligible else "",
        degraded=tuple(_degraded(now)),
        frontends={name: _frontends(now, name) for name in FRONTENDS},
    )


def in_words(status: Status) -> str:
    """One line: who serves, and what else runs."""
    if not status.serving:
        return f"{status.image}: nothing serves yet; {_idle(status)} on staging"
    return (
        f"{status.image} {status.serving} serves, {status.healthy} of {status.instances} healthy;"
        f" {_idle(status)} on staging"
    )


def table(rows: Iterable[Status], age: Age) -> Table:
    """A row for each image; then what is wrong, what else runs, and where each answers."""
    rows = tuple(rows)
    headings = ("image", "serves", "since", "healthy", "staging", "rollback", "newest checked")
    lines = [
        line
        for row in rows
        for line in (
            *(f"{row.image} degraded: {what}" for what in row.degraded),
            *((f"{row.image} moved by: {row.by}",) if row.by else ()),
            *(
                (f"{row.image} also runs: {', '.join(str(one) for one in row.others)}",)
                if row.others
                else ()
            ),
        )
    ]
    addresses = [
        f"{row.image} {which}: {', '.join(str(frontend) for frontend in row.frontends[which])}"
        for row in rows
        for which in row.frontends
    ]
    return Table(headings, tuple(_cells(row, age) for row in rows), (*lines, *addresses))


def _running(now: Survey, found: Backend) -> Running:
    return Running(now.label(found), now.role(found), found.healthy, len(found.members))


def _degraded(now: Survey) -> Iterator[str]:
    serving = now.serving
    if now.load_balancer.is_being_written:
        yield "a write of the load balancer is under way: what serves may be about to change"
    if now.load_balancer.has_failed:
        yield "the last write of the load balancer failed"
    for rule in now.astray:
        yield f"{rule.name} leads to {rule.pool.name if rule.pool else 'nothing'}"
    for name in now.missing_rules:
        yield f"there is no rule {name}"
    if serving.sick:
        yield f"{serving.healthy} of {len(serving.members)} instances healthy"
    if len(serving.members) < serving.size:
        yield f"{len(serving.members)} of {serving.size} instances are in {serving.pool.name}"
    for found in serving.scale_sets:
        if not found.is_ready:
            yield f"{found.name} is {found.provisioning_state}"
    yield from _half_rolled(serving)
    yield from _images_that_are_gone(now)


def _half_rolled(serving: Backend) -> Iterator[str]:
    """Sets whose instances a run is rolling, or was when it died."""
    for found in serving.scale_sets:
        if found.tags.get(Tag.ROLLING):
            before = found.tags.get(Tag.ROLLED_FROM, "")
            left = sum(one.made_from.number == before for one in found.instances)
            yield (
                f"{found.name} is being rolled from {before}: {left} of"
                f" {len(found.instances)} instances still have it"
            )


def _images_that_are_gone(now: Survey) -> Iterator[str]:
    """A scale set cannot grow, or heal, when the image it was made from is gone."""
    for one in (now.serving, *now.others):
        baked, found = now.version(one.version), one.scale_set
        if found and one.version and (baked is None or not found.is_made_from(baked)):
            yield f"the image of {found.name} is gone: it cannot grow"


def _frontends(now: Survey, name: FrontendName) -> tuple[Frontend, ...]:
    rules = now.rules(name) + (now.followers if name == PRODUCTION else ())
    return tuple(Frontend(rule, *now.load_balancer.endpoint(rule)) for rule in rules)


def _cells(row: Status, age: Age) -> tuple[str, ...]:
    return (
        row.image,
        row.serving or "-",
        row.since or "-",
        f"{row.healthy} of {row.instances}",
        _idle(row),
        _how_back(row, age),
        row.newest or "-",
    )


def _how_back(row: Status, age: Age) -> str:
    if not row.way_back.startswith(READY):
        return row.way_back
    timed = "" if row.way_back_seconds is None else f", {row.way_back_seconds:.1f} s"
    seconds = age(row.rehearsed)
    rehearsed = "" if seconds is None else f", rehearsed {lasting(seconds)} ago"
    return f"{row.way_back}{timed}{rehearsed}"


def _idle(row: Status) -> str:
    if not row.idle:
        return "nothing"
    return f"{row.idle} ({row.idle_role}, {row.idle_healthy} of {row.idle_instances})"


def _way_back(now: Survey) -> str:
    try:
        plan = plan_rollback(now, Wish("rollback"))
    except (Refused, UsageError) as refusal:
        is_none = not now.ways_back and not now.tag(SwapTag.PREVIOUS)
        return "none" if is_none else f"not ready: {refusal}"
    if not any(isinstance(step, SwapPools) for step in plan.steps):
        return "none"
    to = plan.title.rpartition(" -> ")[2]
    if any(isinstance(step, CreateScaleSet) for step in plan.steps):
        return f"{to}, its scale set is made anew"
    if any(isinstance(step, AwaitHealthy) for step in plan.steps):
        return f"{to}, scaled up first"
    return READY


def _rehearsal(now: Survey) -> tuple[str, float | None]:
    """When the way back was rehearsed since production left it, and how long the write took."""
    found = next(iter(now.ways_back), None)
    made = found.scale_set if found else None
    when = made.tags.get(Tag.REHEARSED, "") if made else ""
    if not made or not found or not when or when < made.tags.get(Tag.SERVED_UNTIL, ""):
        return "", None
    return when, _seconds(found, Tag.REHEARSED_SECONDS)


def _seconds(backend: Backend, tag: str) -> float | None:
    found = backend.scale_set
    try:
        return float(found.tags[tag]) if found else None
    except (KeyError, ValueError):
        return None
