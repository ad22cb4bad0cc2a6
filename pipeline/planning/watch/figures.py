"""What became of the requests, as values: per rule, and of all rules together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests sent, answered with a 2xx (or, over TCP, connected), and lost."""

    sent: int = 0
    answered: int = 0
    lost: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.sent + other.sent, self.answered + other.answered, self.lost + other.lost
        )


@dataclass(frozen=True, slots=True)
class KeptAlive:
    """Connections that are kept and asked once a second each.

    `cut` counts those that the other side ended without having said so in an answer; a request
    that was under way on one is lost as well.
    """

    opened: int = 0
    cut: int = 0
    requests: Counts = Counts()

    def __str__(self) -> str:
        requests = self.requests
        return f"kept-alive: {self.cut} cut, {requests.sent} requests, {requests.lost} lost"


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one rule, or of all. Times in seconds.

    `versions` and `lost` are of all requests, kept-alive ones included: by the version that
    answered, by the reason. `since` counts what was asked on fresh connections from the write of
    the swap on: kept ones may lead to what served before. Percentiles are of answers on fresh
    connections, to within 2 %; the longest gap is the longest time without one.
    """

    rule: str
    fresh: Counts = Counts()
    kept: KeptAlive = KeptAlive()
    since: Counts = Counts()
    versions: tuple[tuple[str, int], ...] = ()
    lost: tuple[tuple[str, int], ...] = ()
    median: float = 0.0
    p99: float = 0.0
    longest_gap: float = 0.0

    @property
    def all(self) -> Counts:
        """Requests on fresh and on kept-alive connections."""
        return self.fresh + self.kept.requests

    def __str__(self) -> str:
        asked = self.all
        under_way = asked.sent - asked.answered - asked.lost
        parts = [
            f"{asked.sent} requests, {asked.lost} lost{_counted(self.lost, 'x ')}",
            f"answered: {_by_version(self.versions)}",
            f"median {_ms(self.median)}, 99 % in {_ms(self.p99)}",
            f"longest gap {_ms(self.longest_gap)}",
            *([str(self.kept)] if self.kept.opened else ()),
            *([f"{under_way} under way"] if under_way else ()),
        ]
        return "; ".join(parts)

    @property
    def document(self) -> dict[str, object]:
        """For programs; times in milliseconds."""
        return {
            "rule": self.rule,
            **_counts(self.all),
            "versions": dict(self.versions),
            "reasons": dict(self.lost),
            "since_swap": _counts(self.since),
            "kept_alive": {
                "opened": self.kept.opened,
                "cut": self.kept.cut,
                **_counts(self.kept.requests),
            },
            "p50_ms": _rounded(self.median),
            "p99_ms": _rounded(self.p99),
            "longest_gap_ms": _rounded(self.longest_gap),
        }


@dataclass(frozen=True, slots=True)
class Watched:
    """What was watched so far, for so many seconds.

    `first_answer` is when the new version first answered on a fresh connection, in seconds after
    the write of the swap was sent; None when it did not, or nothing was swapped. `pace` has the
    requests answered and lost in each of the last seconds, the oldest first.
    """

    seconds: float
    total: Figures
    rules: tuple[Figures, ...]
    version: str = ""
    first_answer: float | None = None
    pace: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        if self.first_answer is None:
            return str(self.total)
        return f"first answer of {self.version} after {_ms(self.first_answer)}; {self.total}"

    @property
    def document(self) -> dict[str, object]:
        """For programs, and for the journal."""
        return {
            "seconds": round(self.seconds, 3),
            "version": self.version,
            "first_answer_ms": None if self.first_answer is None else _rounded(self.first_answer),
            "total": self.total.document,
            "rules": [figures.document for figures in self.rules],
        }


def _by_version(versions: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count} by {name}" for name, count in versions) or "none"


def _counted(reasons: Iterable[tuple[str, int]], sign: str) -> str:
    told = ", ".join(f"{count} {sign}{reason}" for reason, count in reasons)
    return f" ({told})" if told else ""


def _counts(counts: Counts) -> dict[str, int]:
    return {"sent": counts.sent, "answered": counts.answered, "lost": counts.lost}


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def _rounded(seconds: float) -> float:
    return round(1000 * seconds, 1)
