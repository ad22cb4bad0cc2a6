"""`fleet.plan` and `fleet.report`: the units of a night for CI, and what became of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from pipeline.definition.model import Project
from pipeline.errors import ImagesFailed, StateFileError, UsageError
from pipeline.output.facts import Output
from pipeline.planning.fleet.results import is_bad
from pipeline.planning.fleet.units import (
    Result,
    matrix,
    report,
    table,
    table_of_results,
    units_of,
)
from pipeline.state_files import read_mapping


def fleet_plan(project: Project, output: Output) -> None:
    """Tell the units; a document is the matrix of GitHub Actions."""
    units = units_of(project)
    output.report(table(units), matrix(units))


def fleet_report(project: Project, output: Output, folder: str) -> None:
    """Tell what became of all images, from the documents (`*.json`) in a folder and those below.

    Raises UsageError for what is no such document, ImagesFailed when any image failed or has none.
    """
    results = [one for file in sorted(Path(folder).rglob("*.json")) for one in _read(file)]
    found = report(tuple(results), units_of(project))
    output.report(table_of_results(found), {"images": [asdict(one) for one in found]})
    bad = [one.image for one in found if is_bad(one.result)]
    if bad:
        raise ImagesFailed(f"{len(bad)} of {len(found)} images failed: {', '.join(bad)}")


def _read(file: Path) -> tuple[Result, ...]:
    try:
        return Result.of(read_mapping(file))
    except (KeyError, TypeError) as error:
        raise UsageError(f"{file}: not what `nightly --result` writes") from error
    except StateFileError as error:
        raise UsageError(str(error)) from error
