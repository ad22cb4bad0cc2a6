"""A run and its page: facts are kept from its begin, and the page is written at its end.

What goes wrong here is said and changes nothing: neither how the run ends, nor its exit code.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from pipeline.errors import PipelineError, SignInFailed, StateFileError, Unreachable
from pipeline.execution.report.keeping import FACTS, Keeping
from pipeline.execution.report.pages import write_page
from pipeline.execution.run.run import CONTINUED_BY, CONTINUES, TOPOLOGY, Run
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_swap
from pipeline.output.redaction import Redactor
from pipeline.planning.report.topology import Topology, topology_of
from pipeline.planning.swap.survey import Survey
from pipeline.state_files import write_private


class Reporting:
    """One run's page in the making."""

    def __init__(self, session: Session) -> None:
        output = session.output
        is_wanted = isinstance(output, Keeping) and not session.plan_only
        self._keeping = output if isinstance(output, Keeping) and is_wanted else None
        self._run: Run | None = None
        self._continues = ""

    def begin(self, run: Run) -> None:
        """The run has its place; from now on what it tells is kept."""
        if self._keeping is None or self._keeping.is_at_work:
            return
        subject = {
            "run": run.id,
            "command": run.command,
            "environment": run.session.environment.name,
            "image": run.image,
            "by": str(run.session.actor),
            "pid": os.getpid(),
            "host": socket.gethostname(),
        }
        try:
            self._keeping.begin(run.folder, subject)
            self._run, self._continues = run, run.interrupted_before()
        except StateFileError as error:
            run.session.output.say(f"{error}: this run has no page")

    def end(self, outcome: str, error: BaseException | None = None) -> None:
        """Write the page, and tell where it is: at once, or after the error."""
        keeping, run = self._keeping, self._run
        if keeping is None or run is None:
            return
        try:
            _look_afterwards(run, error)
            if self._continues:
                run.keep_for_page(CONTINUES, {"run": self._continues})
            keeping.end(outcome, error)
            address = write_page(run.folder, keeping.secrets).as_uri()
        except StateFileError as second:
            run.session.output.say(f"{second}: this run has no page")
        except Exception as second:
            run.session.output.say(f"this run has no page: {type(second).__name__}: {second}")
        else:
            (keeping.page_later if error else keeping.page)(address)
            _lead_on(run, self._continues, keeping.secrets)


def _lead_on(run: Run, older: str, secrets: Redactor) -> None:
    """Write the page of the interrupted run again, where that told something: it leads here."""
    folder = run.session.runs / older
    if not older or not (folder / FACTS).is_file():
        return
    try:
        write_private(folder / CONTINUED_BY, json.dumps({"run": run.id}))
        write_page(folder, secrets)
    except StateFileError as error:
        run.session.output.say(f"{error}: the page of run {older} does not lead to this one")


@contextmanager
def reported(session: Session) -> Iterator[Reporting]:
    """A run inside has a page, however it ends; but not where it dies."""
    reporting = Reporting(session)
    try:
        yield reporting
    except KeyboardInterrupt as interrupt:
        reporting.end("interrupted", interrupt)
        raise
    except PipelineError as error:
        reporting.end("failed", error)
        raise
    reporting.end("done")


def keep_topology(run: Run, now: Survey) -> None:
    """Keep where rules lead before the run, and look once more at its end."""
    if run.session.plan_only or not isinstance(run.session.output, Keeping):
        return
    run.before = topology_of(now)
    run.keep_for_page(TOPOLOGY, {"before": run.before.document})
    run.look = partial(_look, run.session, run.image)


def _look(session: Session, image: str) -> Topology:
    return topology_of(survey_swap(session, image))


def _look_afterwards(run: Run, error: BaseException | None) -> None:
    """One more survey, where rules may have moved and Azure can be asked."""
    if run.look is None or run.before is None or not run.has_written:
        return
    if isinstance(error, Unreachable | SignInFailed):
        return
    try:
        after = run.look()
    except PipelineError as second:
        run.session.output.say(f"the page does not show where rules lead now: {second}")
        return
    kept = {"before": run.before.document, "after": after.document}
    run.keep_for_page(TOPOLOGY, kept)
