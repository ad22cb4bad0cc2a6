"""The log of moves: which version production's rules led to, since when, moved by whom and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.planning.claims.claim import Actor, reason
from pipeline.planning.table import Table


@dataclass(frozen=True, slots=True)
class Move:
    """Production's rules of an image moved once."""

    at: str
    """ISO 8601, UTC, to the second."""
    image: str
    environment: str
    direction: str
    """`promote`, `rollback` or `roll`."""
    before: str
    """What was left: its version, what another hand made by name, or "" for nothing."""
    after: str
    """What came to serve, likewise."""
    run: str
    actor: Actor
    why: str = ""

    @property
    def metadata(self) -> dict[str, str]:
        """As a record set keeps it."""
        return {
            "at": self.at,
            "direction": self.direction,
            "from": self.before,
            "to": self.after,
            "run": self.run,
            **self.actor.metadata,
            "why": reason(self.why),
        }

    @property
    def document(self) -> dict[str, str]:
        """For programs."""
        return {"image": self.image, "environment": self.environment, **self.metadata}

    @classmethod
    def read(cls, image: str, environment: str, metadata: Mapping[str, str]) -> Move:
        """From a record set; "" for whatever it does not say."""
        at, direction, before, after, run, why = (
            metadata.get(key, "") for key in ("at", "direction", "from", "to", "run", "why")
        )
        actor = Actor.read(metadata)
        return cls(at, image, environment, direction, before, after, run, actor, why)


def in_order(moves: Iterable[Move]) -> tuple[Move, ...]:
    """The oldest first; what a run promoted comes before its own way back in the same second."""
    return tuple(sorted(moves, key=lambda move: (move.at, move.run, move.direction)))


def serving_at(moves: Iterable[Move], at: str) -> Move | None:
    """The last move not after a time: its `after` served then; None before the first."""
    return next((move for move in reversed(in_order(moves)) if move.at <= at), None)


def table(moves: Iterable[Move]) -> Table:
    """A row for each move, the newest first."""
    headings = ("since", "serves", "before", "moved by", "run", "why")
    rows = (
        (
            move.at,
            move.after or "-",
            move.before or "-",
            f"{move.direction} {move.actor}",
            move.run,
            move.why or "-",
        )
        for move in reversed(in_order(moves))
    )
    return Table(headings, tuple(rows))
