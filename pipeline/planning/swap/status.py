"""What is true of an image in an environment, in one row: for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from pipeline.errors import Refused
from pipeline.planning.names import FRONTENDS, PRODUCTION, FrontendName, SwapTag, rule_name
from pipeline.planning.swap.promotion import plan_rollback
from pipeline.planning.swap.survey import Survey
from pipeline.planning.table import Table
from pipeline.planning.versions import newest


@dataclass(frozen=True, slots=True)
class Frontend:
    """Where a rule answers."""

    rule: str
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.rule} {self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Status:
    """The roles of an image's scale sets now. Versions are "" where there is none."""

    image: str
    serving: str
    since: str
    """ISO 8601, UTC; "" where the last swap was not ours."""
    healthy: int
    instances: int
    idle: str
    idle_role: str
    idle_healthy: int
    idle_instances: int
    way_back: str
    """`ready`, or why not."""
    newest: str
    """The newest version that may be staged."""
    frontends: Mapping[str, tuple[Frontend, ...]]
    """By `production` and `staging`: where each rule pair answers."""

    @property
    def document(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


def status_of(now: Survey) -> Status:
    """Read the roles; Refused when the rules make no sense."""
    idle = now.idle_set
    eligible = newest(version for version in now.versions if version.is_eligible)
    role = now.idle_role(idle) if idle else ""
    return Status(
        image=now.image.name,
        serving=now.serving_version,
        since=now.tag(SwapTag.SINCE) if now.serving_version else "",
        healthy=sum(found.healthy for found in now.serving_sets),
        instances=sum(len(found.instances) for found in now.serving_sets),
        idle=idle.version if idle else "",
        idle_role=role,
        idle_healthy=idle.healthy if idle else 0,
        idle_instances=len(idle.instances) if idle else 0,
        way_back=_way_back(now, role),
        newest=eligible.name if eligible else "",
        frontends={name: _frontends(now, name) for name in FRONTENDS},
    )


def in_words(status: Status) -> str:
    """One line: who serves, and what else runs."""
    if not status.serving:
        return f"{status.image}: {_serving_nothing(status)}; {_idle(status)} on staging"
    return (
        f"{status.image} {status.serving} serves, {status.healthy} of {status.instances} healthy;"
        f" {_idle(status)} on staging"
    )


def table(rows: Iterable[Status]) -> Table:
    """A row for each image, then where each answers."""
    rows = tuple(rows)
    headings = ("image", "serves", "since", "healthy", "staging", "rollback", "newest checked")
    addresses = tuple(
        f"{row.image} {which}: {', '.join(str(frontend) for frontend in row.frontends[which])}"
        for row in rows
        for which in row.frontends
    )
    return Table(headings, tuple(_cells(row) for row in rows), addresses)


def _frontends(now: Survey, name: FrontendName) -> tuple[Frontend, ...]:
    rules = [rule_name(pair.name, name) for pair in now.declared.pairs]
    rules += now.followers if name == PRODUCTION else ()
    return tuple(Frontend(rule, *now.endpoint(rule)) for rule in rules)


def _cells(row: Status) -> tuple[str, ...]:
    return (
        row.image,
        row.serving or "-",
        row.since or "-",
        f"{row.healthy} of {row.instances}",
        _idle(row),
        row.way_back,
        row.newest or "-",
    )


def _idle(row: Status) -> str:
    if not row.idle:
        return "nothing"
    return f"{row.idle} ({row.idle_role}, {row.idle_healthy} of {row.idle_instances})"


def _serving_nothing(row: Status) -> str:
    return "what serves was not made by bakeswap" if row.instances else "nothing serves yet"


def _way_back(now: Survey, role: str) -> str:
    if role != "previous":
        return "none"
    try:
        plan_rollback(now)
    except Refused as refusal:
        return f"not ready: {refusal}"
    return "ready"
