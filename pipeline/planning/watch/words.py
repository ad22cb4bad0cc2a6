"""The one line that is shown while production is watched."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.planning.watch.figures import Watched

BARS = "▁▂▃▄▅▆▇█"
LOSS = "!"
"""Stands for a second in which a request was lost."""
SECONDS = 20
"""How many of the last seconds are shown."""


def live_line(watched: Watched) -> str:
    """Numbers and a sparkline: `1204 sent, 0 lost, 99 % in 12 ms, 1.0.1 ▇▇▇▇▇▇`."""
    asked = watched.total.all
    latest = _latest(watched)
    parts = [
        f"{asked.sent} sent",
        f"{asked.lost} lost",
        *([f"{watched.total.kept.cut} cut"] if watched.total.kept.cut else ()),
        f"99 % in {1000 * watched.total.p99:.0f} ms",
        *([latest] if latest else ()),
    ]
    return f"{', '.join(parts)} {sparkline(watched.pace[-SECONDS:])}".rstrip()


def sparkline(pace: Sequence[tuple[int, int]]) -> str:
    """A bar for each second, as high as requests were answered in it."""
    most = max((answered for answered, _ in pace), default=0)
    return "".join(LOSS if lost else _bar(answered, most) for answered, lost in pace)


def _bar(answered: int, most: int) -> str:
    return BARS[round(answered / most * (len(BARS) - 1))] if most else BARS[0]


def _latest(watched: Watched) -> str:
    """The new version once it has answered."""
    return watched.version if watched.first_answer is not None else ""
