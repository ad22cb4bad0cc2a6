"""Where the marks of a page's drawings go, in numbers; the templates draw them.

Everything lies on a width of WIDE, which a browser stretches to the room that there is: so a
drawing holds no text, and no text is ever stretched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.planning.report.report import Phase, Planned, Step
from pipeline.planning.report.traffic import AROUND, CLOSELY, Bucket, Traffic, Write, counted

WIDE = 1000.0
"""Units across."""
HIGH = 20.0
"""Units from bottom to top of a lane."""
TOUCHING = 0.1
"""Units between two bars that are next to each other."""
NARROWEST = 3.0
"""Units of what took hardly any time: it must be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A box of a drawing."""

    x: float
    width: float
    y: float = 0.0
    height: float = HIGH


@dataclass(frozen=True, slots=True)
class Row:
    """A step or a phase on the time line; `bar` is None for what was not begun."""

    what: Step | Phase
    bar: Bar | None
    after: float
    """Seconds after the run began."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Lane:
    """What one version answered, or what was lost, over time."""

    version: str
    """"" for lost requests."""
    count: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Closely:
    """The seconds around a write: the write itself is in the middle."""

    write: Write
    number: int
    at: float
    """When it was sent, seconds since 1970."""
    lanes: tuple[Lane, ...]
    middle: float
    first_answer: float | None
    """Where the line of the first answer goes."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The drawings of production's traffic."""

    whole: tuple[Lane, ...]
    writes: tuple[float, ...]
    """Where the lines of the writes go."""
    closely: tuple[Closely, ...]


def time_line(plan: Planned, began: float, ended: float) -> tuple[Row, ...]:
    """The steps of a plan, each followed by its phases."""
    rows: list[Row] = []
    for step in plan.steps:
        if step.began is None:
            rows.append(Row(step, None, 0.0, 0.0))
            continue
        rows.append(_row(step, step.began, step.ended or step.began, (began, ended)))
        rows += [_row(phase, phase.began, phase.ended, (began, ended)) for phase in step.phases]
    return tuple(rows)


def ticks(seconds: float) -> tuple[float, ...]:
    """Five moments from the begin to the end."""
    return tuple(seconds * part / 4 for part in range(5))


def traffic(found: Traffic) -> Drawn:
    """The whole of it, and closely what was around each write."""
    across = max(found.seconds, found.width)
    return Drawn(
        _lanes(found.versions, found.buckets, 0, found.width / across),
        tuple(WIDE * write.sent / across for write in found.writes),
        tuple(_closely(found, write, number) for number, write in enumerate(found.writes, start=1)),
    )


def _closely(found: Traffic, write: Write, number: int) -> Closely:
    first = round(AROUND / CLOSELY)
    part = CLOSELY / (2 * AROUND)
    versions = [v for v in found.versions if counted(write.closely, v)]
    answer = write.first_answer
    where = None if answer is None else _across((answer - write.sent + AROUND) / (2 * AROUND))
    return Closely(
        write,
        number,
        found.at + write.sent,
        _lanes(versions, write.closely, -first, part),
        WIDE / 2,
        where if where is not None and where < WIDE else None,
    )


def _lanes(
    versions: Sequence[str], buckets: Iterable[Bucket], first: int, part: float
) -> tuple[Lane, ...]:
    """A lane for each version, and one for what was lost; `part` of the width is one bucket's."""
    buckets = tuple(buckets)
    totals: dict[int, int] = {}
    for number, _, _, count in buckets:
        totals[number] = totals.get(number, 0) + count
    most = max(totals.values(), default=1)
    return tuple(
        _lane(version, counted(buckets, version), first, part, most) for version in (*versions, "")
    )


def _lane(version: str, counts: dict[int, int], first: int, part: float, most: int) -> Lane:
    bars = []
    for number, count in sorted(counts.items()):
        height = HIGH if not version else max(2.0, HIGH * min(1.0, count / most))
        x, width = WIDE * part * (number - first), WIDE * part
        bars.append(Bar(round(x, 2), round(max(width, NARROWEST), 2), HIGH - height, height))
    return Lane(version, sum(counts.values()), tuple(_merged(bars)))


def _merged(bars: Iterable[Bar]) -> Iterable[Bar]:
    """Neighbours of one height as one: a soak of an hour is a few boxes."""
    last: Bar | None = None
    for bar in bars:
        is_next = last is not None and abs(last.x + last.width - bar.x) < TOUCHING
        if last is not None and is_next and abs(last.height - bar.height) < 1.0:
            last = Bar(last.x, round(last.width + bar.width, 2), last.y, last.height)
            continue
        if last is not None:
            yield last
        last = bar
    if last is not None:
        yield last


def _row(what: Step | Phase, began: float, ended: float, run: tuple[float, float]) -> Row:
    start, end = run
    whole = max(end - start, 1e-3)
    x = _across((began - start) / whole)
    width = max(WIDE * (ended - began) / whole, NARROWEST)
    bar = Bar(round(min(x, WIDE - NARROWEST), 2), round(min(width, WIDE - x + NARROWEST), 2))
    return Row(what, bar, began - start, ended - began)


def _across(part: float) -> float:
    return WIDE * min(1.0, max(0.0, part))
