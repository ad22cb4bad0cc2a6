"""Images times environments, a row each: what serves, its age, what is wrong, who is at work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.planning.ages import lasting
from pipeline.planning.claims.claim import Claim, Hold
from pipeline.planning.claims.history import Move
from pipeline.planning.swap.status import Status
from pipeline.planning.table import Table

State: TypeAlias = Literal["unknown", "degraded", "too old", "well"]
"""From the worst to the best."""
ORDER: tuple[State, ...] = ("unknown", "degraded", "too old", "well")


@dataclass(frozen=True, slots=True)
class Row:
    """An image in an environment. `status` is None where `problem` says why nobody knows."""

    environment: str
    region: str
    image: str
    status: Status | None = None
    problem: str = ""
    published: str = ""
    """When the version that serves was published (ISO 8601); "" where nobody knows."""
    age: float | None = None
    """Seconds since then."""
    max_age: float = 0.0
    """Seconds that it may be old; 0 for any age."""
    claim: Claim | None = None
    hold: Hold | None = None
    moves: tuple[Move, ...] = ()
    """The newest first."""

    @property
    def is_too_old(self) -> bool:
        """Whether what serves is older than it may be."""
        return bool(self.max_age) and self.age is not None and self.age > self.max_age

    @property
    def state(self) -> State:
        """The worst of what is true."""
        if self.status is None:
            return "unknown"
        if self.status.degraded:
            return "degraded"
        return "too old" if self.is_too_old else "well"

    @property
    def wrong(self) -> tuple[str, ...]:
        """What is wrong, a line each."""
        found = self.status.degraded if self.status else (self.problem,)
        if self.is_too_old:
            found = (*found, f"{lasting(self.age or 0.0)} old, {lasting(self.max_age)} allowed")
        return found

    @property
    def document(self) -> dict[str, object]:
        """For programs."""
        return {
            "environment": self.environment,
            "region": self.region,
            "image": self.image,
            "state": self.state,
            "wrong": list(self.wrong),
            "published": self.published,
            "age_seconds": None if self.age is None else round(self.age),
            "max_age_seconds": round(self.max_age) or None,
            "status": self.status.document if self.status else None,
            "claim": self.claim.document if self.claim else None,
            "hold": self.hold.document if self.hold else None,
            "moves": [move.document for move in self.moves],
        }


@dataclass(frozen=True, slots=True)
class Fleet:
    """All rows, the worst first, and those where somebody is at work before others."""

    rows: tuple[Row, ...]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Fleet:
        """In order."""
        return cls(
            tuple(
                sorted(
                    rows,
                    key=lambda row: (
                        ORDER.index(row.state),
                        row.claim is None,
                        row.environment,
                        row.image,
                    ),
                )
            )
        )

    @property
    def document(self) -> dict[str, object]:
        """For programs."""
        return {"counts": self.counts, "images": [row.document for row in self.rows]}

    @property
    def counts(self) -> dict[str, int]:
        """How many rows are in each state."""
        return {state: sum(row.state == state for row in self.rows) for state in ORDER}

    @property
    def underway(self) -> tuple[Row, ...]:
        """Where a run is at work."""
        return tuple(row for row in self.rows if row.claim)

    def row(self, environment: str, image: str) -> Row | None:
        """The row of an image in an environment."""
        found = (row for row in self.rows if (row.environment, row.image) == (environment, image))
        return next(found, None)


def table(fleet: Fleet) -> Table:
    """A row for each image in each environment; then what is wrong, and who is at work."""
    headings = ("environment", "region", "image", "state", "version", "age", "healthy", "rollback")
    notes = [
        line
        for row in fleet.rows
        for line in (
            *(f"{row.image} in {row.environment}: {what}" for what in row.wrong),
            *((f"{row.image} in {row.environment}: {row.claim.words}",) if row.claim else ()),
            *((f"{row.image} in {row.environment}: {row.hold}",) if row.hold else ()),
        )
    ]
    return Table(headings, tuple(map(_cells, fleet.rows)), tuple(notes))


def _cells(row: Row) -> tuple[str, ...]:
    status = row.status
    return (
        row.environment,
        row.region,
        row.image,
        row.state,
        status.serving or "-" if status else "-",
        "-" if row.age is None else lasting(row.age),
        f"{status.healthy} of {status.instances}" if status else "-",
        status.way_back if status else "-",
    )
