"""Pages: one file of HTML each, with nothing to fetch and nothing that runs.

The one place that knows jinja2. Whatever a value holds is shown as text: every template escapes.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Container
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.output import drawing
from pipeline.planning.ages import lasting
from pipeline.planning.fleet.fleet import Fleet, Row
from pipeline.planning.report.report import Report
from pipeline.planning.report.topology import moved

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

Pages: TypeAlias = Container[str]
"""The runs whose pages can be shown."""


def as_page(report: Report) -> str:
    """The page of a run."""
    found = report.traffic
    return rendered(
        "report.html",
        report=report,
        plans=[
            (plan, drawing.time_line(plan, report.began, report.ended)) for plan in report.plans
        ],
        ticks=drawing.ticks(report.ended - report.began),
        traffic=drawing.traffic(found) if found else None,
        moved=moved(report.before, report.after) if report.before and report.after else (),
    )


def fleet_page(fleet: Fleet, at: float) -> str:
    """The page of a look at many environments, which nothing changes."""
    return rendered("fleet.html", fleet=fleet, at=at, pages=frozenset(), is_live=False)


def dashboard_page(fleet: Fleet | None, at: float, pages: Pages, problem: str = "") -> str:
    """The page that follows what is true; `fleet` None: the first look is under way."""
    return rendered(
        "dashboard.html", fleet=fleet, at=at, pages=pages, is_live=True, problem=problem
    )


def dashboard_rows(fleet: Fleet | None, at: float, pages: Pages, problem: str = "") -> str:
    """What changes of it."""
    return rendered("rows.html", fleet=fleet, at=at, pages=pages, is_live=True, problem=problem)


def image_page(row: Row, at: float, pages: Pages) -> str:
    """An image in an environment: what is true of it, and its history."""
    return rendered("image.html", row=row, at=at, pages=pages, is_live=False)


def rendered(template: str, **values: Any) -> str:
    """A template with its values, allowed no more than its own style and its own script."""
    text = _environment().get_template(template).render({"policy": "@policy@", **values})
    styles = "".join(f" 'sha256-{_digest(style)}'" for style in _STYLE.findall(text))
    scripts = "".join(f" 'sha256-{_digest(script)}'" for script in _SCRIPT.findall(text))
    live = f"; script-src{scripts}; connect-src 'self'" if scripts else ""
    policy = f"default-src 'none'; style-src{styles}{live}; img-src data:; base-uri 'none'"
    return text.replace("@policy@", f"{policy}; form-action 'none'", 1)


def clock(at: float) -> str:
    """`18:15:00`, UTC."""
    return _moment(at).strftime("%H:%M:%S")


def exactly(at: float) -> str:
    """`18:15:00.123`, UTC."""
    return _moment(at).strftime("%H:%M:%S.%f")[:-3]


def day(at: float) -> str:
    """`2026-11-23`."""
    return _moment(at).strftime("%Y-%m-%d")


def took(seconds: float) -> str:
    """`312 ms`, `4.1 s`, `41 s`, `3 min 12 s`, `2 h 5 min`, `3 d 4 h`: two units at most."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 10:  # noqa: PLR2004 - where a tenth is still a part to be seen
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    for unit, word, less, lesser in (
        (_MINUTE, "min", 1, "s"),
        (_HOUR, "h", _MINUTE, "min"),
        (_DAY, "d", _HOUR, "h"),
    ):
        if whole < {_MINUTE: _HOUR, _HOUR: _DAY}.get(unit, whole + 1):
            rest = whole % unit // less
            return f"{whole // unit} {word} {rest} {lesser}" if rest else f"{whole // unit} {word}"
    return f"{whole} s"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.output"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clock=clock, exactly=exactly, day=day, took=took, lasting=lasting)
    return environment


def _digest(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def _moment(at: float) -> datetime:
    try:
        return datetime.fromtimestamp(at, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)
