"""When what answered: counts in buckets, closely around each write, and every lost request.

Bounded, however long is watched: buckets become wider, and only the first lost requests are kept.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.planning.report.traffic import AROUND, CLOSELY, Bucket, Lost, Traffic, Write

MOST_BUCKETS = 600
"""More, and they are made twice as wide."""
MOST_LOST = 500
"""Lost requests that are kept one by one."""
MOST_WRITES = 8
"""Writes that are looked at closely: a roll has one for each batch."""
_NEARLY = round(AROUND / CLOSELY)
"""Buckets on either side of a write."""


@dataclass(slots=True)
class _Written:
    """A write; times in seconds since watching began."""

    sent: float
    version: str
    answered: float | None = None
    first_answer: float | None = None


class Timeline:
    """What became of requests, by time. For one thread at a time: its owner has the lock."""

    def __init__(self, begun: float, wall: Callable[[], float] = time.time) -> None:
        """`begun` is when watching began, by the clock of all other times."""
        self._begun = begun
        self._at = wall()
        self._width = 1.0
        self._buckets: Counter[tuple[int, str, str]] = Counter()
        self._close: dict[int, Counter[tuple[str, str]]] = {}
        self._writes: list[_Written] = []
        self._lost: list[Lost] = []
        self._more_lost = 0
        self._swept = 0

    def answered(self, now: float, rule: str, version: str) -> None:
        """A version answered."""
        self._count(now, rule, version)

    def first_answer(self, now: float) -> None:
        """The version that the last write leads to answered for the first time."""
        if self._writes and self._writes[-1].first_answer is None:
            self._writes[-1].first_answer = now - self._begun

    def lost(self, now: float, sent_at: float, rule: str, reason: str, *, is_kept: bool) -> None:
        """A request was lost."""
        self._count(now, rule, "")
        if len(self._lost) >= MOST_LOST:
            self._more_lost += 1
            return
        sent, ended = sent_at - self._begun, now - self._begun
        self._lost.append(Lost(round(sent, 3), round(ended, 3), rule, reason, is_kept))

    def writing(self, now: float, version: str) -> None:
        """A write that leads production elsewhere is about to be sent."""
        if len(self._writes) < MOST_WRITES:
            self._writes.append(_Written(now - self._begun, version))

    def written(self, now: float) -> None:
        """Azure has carried it out."""
        if self._writes and self._writes[-1].answered is None:
            self._writes[-1].answered = now - self._begun

    def traffic(self, now: float, figures: Mapping[str, Any]) -> Traffic:
        """All of it, as a value."""
        return Traffic(
            at=round(self._at, 3),
            seconds=round(now - self._begun, 3),
            width=self._width,
            buckets=tuple((*key, count) for key, count in sorted(self._buckets.items())),
            writes=tuple(map(self._closely, self._writes)),
            lost=tuple(self._lost),
            more_lost=self._more_lost,
            figures=figures,
        )

    def _closely(self, write: _Written) -> Write:
        middle = int(write.sent / CLOSELY)
        found: list[Bucket] = [
            (number - middle, rule, version, count)
            for number in range(middle - _NEARLY, middle + _NEARLY)
            for (rule, version), count in sorted(self._close.get(number, {}).items())
        ]
        return Write(
            round(write.sent, 3),
            write.version,
            None if write.answered is None else round(write.answered, 3),
            None if write.first_answer is None else round(write.first_answer, 3),
            tuple(found),
        )

    def _count(self, now: float, rule: str, version: str) -> None:
        since = now - self._begun
        while since / self._width >= MOST_BUCKETS:
            self._widen()
        self._buckets[int(since / self._width), rule, version] += 1
        number = int(since / CLOSELY)
        self._close.setdefault(number, Counter())[rule, version] += 1
        if number > self._swept + _NEARLY:
            self._swept = number
            self._sweep(number)

    def _widen(self) -> None:
        wider: Counter[tuple[int, str, str]] = Counter()
        for (number, rule, version), count in self._buckets.items():
            wider[number // 2, rule, version] += count
        self._buckets, self._width = wider, self._width * 2

    def _sweep(self, now: int) -> None:
        """Forget what is near no write, and too old to be near the next."""
        middles = [int(write.sent / CLOSELY) for write in self._writes]
        self._close = {
            number: counts
            for number, counts in self._close.items()
            if number >= now - _NEARLY or any(abs(number - middle) <= _NEARLY for middle in middles)
        }
