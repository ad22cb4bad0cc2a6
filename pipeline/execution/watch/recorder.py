"""The tallies, written by the prober's thread and read by the runner's."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Lock

from pipeline.execution.watch.latencies import Latencies
from pipeline.execution.watch.timeline import Timeline
from pipeline.planning.report.traffic import Traffic
from pipeline.planning.watch.figures import Counts, Figures, KeptAlive, Watched
from pipeline.planning.watch.targets import Target

REMEMBERED = 60
"""Seconds whose pace is kept."""

MOST_VERSIONS = 20
"""Versions that are told apart; more are no versions."""
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: of which rule, when it was sent, and whether on a kept-alive connection."""

    rule: str
    sent_at: float
    is_kept: bool = False


@dataclass(slots=True)
class _Tally:
    """The sums of one rule."""

    since: float
    """When a fresh request was last answered, or when watching began."""
    fresh: Counts = field(default_factory=Counts)
    kept: Counts = field(default_factory=Counts)
    after_swap: Counts = field(default_factory=Counts)
    is_excused: bool = False
    """Whether it had not answered before the swap, and has not since: nothing was taken from it."""
    opened: int = 0
    cut: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    latencies: Latencies = field(default_factory=Latencies)
    longest_gap: float = 0.0

    def add(self, counts: Counts, *, is_kept: bool) -> None:
        if is_kept:
            self.kept += counts
        else:
            self.fresh += counts

    def end_gap(self, now: float) -> None:
        self.longest_gap = max(self.longest_gap, now - self.since)
        self.since = now


class Recorder:
    """Counts what became of each request. May be used from several threads."""

    def __init__(
        self, targets: Iterable[Target], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lock = Lock()
        self._begun = clock()
        self._ended: float | None = None
        self._tallies = {target.rule: _Tally(self._begun) for target in targets}
        self._swapped_at: float | None = None
        self._version = ""
        self._first_answer: float | None = None
        self._pace: deque[list[int]] = deque(maxlen=REMEMBERED)
        self._second = -1
        self._timeline = Timeline(self._begun)

    def send(self, rule: str, *, is_kept: bool = False) -> Request:
        """A request leaves."""
        request = Request(rule, self._clock(), is_kept)
        self._count(request, Counts(sent=1))
        return request

    def answered(self, request: Request, version: str, waited: float = 0.0) -> None:
        """It was answered by a version, `waited` seconds ago."""
        now = self._clock()
        self._count(request, Counts(answered=1))
        with self._lock:
            tally = self._tallies[request.rule]
            is_new = version not in tally.versions
            told = OTHERS if is_new and len(tally.versions) >= MOST_VERSIONS else version
            tally.versions[told] += 1
            self._timeline.answered(now, request.rule, told)
            self._paced(now)[0] += 1
            if request.is_kept:
                return
            tally.latencies.add(now - request.sent_at - waited)
            tally.end_gap(now)
            if self._swapped_at is not None and version == self._version:
                self._first_answer = self._first_answer or now - self._swapped_at
                self._timeline.first_answer(now)

    def lost(self, request: Request, reason: str, *, is_late: bool = False) -> None:
        """It was lost; `is_late` when the only thing known is that no answer came in time.

        One that was sent before the swap and is late was lost by what served before.
        """
        self._count(request, Counts(lost=1), is_doubtful=is_late)
        with self._lock:
            now = self._clock()
            self._tallies[request.rule].lost[reason] += 1
            self._timeline.lost(now, request.sent_at, request.rule, reason, is_kept=request.is_kept)
            self._paced(now)[1] += 1

    def opened(self, rule: str) -> None:
        """A connection that is kept was opened."""
        with self._lock:
            self._tallies[rule].opened += 1

    def cut(self, rule: str) -> None:
        """One was cut."""
        with self._lock:
            self._tallies[rule].cut += 1

    def expect(self, version: str) -> None:
        """Which version is going to serve."""
        with self._lock:
            self._version = version

    def swapping(self) -> None:
        """The write that leads production elsewhere is about to be sent.

        Of a rule that never answered so far nothing counts before it does: there is nothing to
        lose while a first version comes in, or where what served was broken altogether.
        """
        with self._lock:
            self._swapped_at, self._first_answer = self._clock(), None
            self._timeline.writing(self._swapped_at, self._version)
            for tally in self._tallies.values():
                tally.after_swap = Counts()
                tally.is_excused = not tally.fresh.answered

    def swapped(self) -> None:
        """Azure has carried that write out."""
        with self._lock:
            self._timeline.written(self._clock())

    def finish(self) -> None:
        """Nothing more is asked: from now on no gap grows."""
        with self._lock:
            self._ended = self._clock()

    def watched(self) -> Watched:
        """The figures so far."""
        with self._lock:
            now = self._clock() if self._ended is None else self._ended
            self._paced(now)
            tallies = dict(self._tallies)
            rules = tuple(_figures(rule, [tally], now) for rule, tally in tallies.items())
            return Watched(
                seconds=now - self._begun,
                total=_figures("", list(tallies.values()), now),
                rules=rules,
                version=self._version,
                first_answer=self._first_answer,
                pace=tuple((answered, lost) for answered, lost in list(self._pace)[:-1]),
            )

    def traffic(self) -> Traffic:
        """What became of the requests, by time."""
        figures = self.watched().document
        with self._lock:
            now = self._clock() if self._ended is None else self._ended
            return self._timeline.traffic(now, figures)

    def _count(self, request: Request, counts: Counts, *, is_doubtful: bool = False) -> None:
        with self._lock:
            tally = self._tallies[request.rule]
            tally.add(counts, is_kept=request.is_kept)
            if request.is_kept:
                return  # it may lead to what served before for as long as it lasts
            if counts.answered:
                tally.is_excused = False
            if tally.is_excused:
                return
            if self._swapped_at is None or request.sent_at >= self._swapped_at:
                tally.after_swap += counts
            elif counts.lost and not is_doubtful:
                tally.after_swap += Counts(sent=1, lost=1)

    def _paced(self, now: float) -> list[int]:
        """Answered and lost in this second; the seconds in which nothing ended are made, too."""
        second = int(now - self._begun)
        for _ in range(min(second - self._second, REMEMBERED)):
            self._pace.append([0, 0])
        self._second = second
        return self._pace[-1]


def _figures(rule: str, tallies: list[_Tally], now: float) -> Figures:
    versions: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    latencies = Latencies()
    for tally in tallies:
        versions += tally.versions
        lost += tally.lost
        latencies += tally.latencies
    return Figures(
        rule=rule,
        fresh=sum((tally.fresh for tally in tallies), Counts()),
        kept=KeptAlive(
            opened=sum(tally.opened for tally in tallies),
            cut=sum(tally.cut for tally in tallies),
            requests=sum((tally.kept for tally in tallies), Counts()),
        ),
        since=sum((tally.after_swap for tally in tallies), Counts()),
        versions=tuple(sorted(versions.items())),
        lost=tuple(sorted(lost.items())),
        median=latencies.quantile(0.5),
        p99=latencies.quantile(0.99),
        longest_gap=max(
            (max(tally.longest_gap, now - tally.since) for tally in tallies), default=0
        ),
    )
