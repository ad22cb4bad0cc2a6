"""`report`: where the page of a run is."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from pipeline.execution.report.pages import PAGE, collect, find_run, write_page
from pipeline.execution.run.session import runs_of
from pipeline.output.facts import Output

GOES_ON = frozenset({"under way", "ended early"})
"""Outcomes of a run whose page was not written at its end."""


def report(root: Path, output: Output, run: str = "", *, is_opened: bool = False) -> None:
    """Tell the address of a run's page, of the newest by default; make it where there is none.

    Raises UsageError without such a run, StateFileError where its page cannot be written.
    """
    folder = find_run(runs_of(root), run)
    found = collect(folder)
    page = folder / PAGE
    if found.end.outcome in GOES_ON or not page.exists():
        page = write_page(folder)
    address = page.as_uri()
    document = {
        "run": folder.name,
        "title": found.title,
        "environment": found.subject.environment,
        "outcome": found.end.outcome,
        "page": address,
    }
    output.report(f"{found.title}: {found.end.outcome}\n{address}", document)
    if is_opened and not webbrowser.open(address):
        output.say("no browser could be started")
