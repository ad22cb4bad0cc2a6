"""Running a plan: step by step, with a journal, telling how it goes.

Resuming is not a feature: a command always surveys and plans anew, and a step for which the last
run's journal holds the token of an accepted request goes on from there instead of asking twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pipeline.errors import AzureRefused, PipelineError, StillRunning
from pipeline.execution.journal import Journal, Subject, digest_of, unfinished_tokens
from pipeline.execution.lock import only_run
from pipeline.execution.session import Session, new_run_id
from pipeline.execution.wait import PATIENCE, Clock, Operation, wait
from pipeline.planning.plan import Plan, Step

S = TypeVar("S", bound=Step)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one command; what it makes carries its `id` as a tag."""

    id: str
    subject: Subject
    session: Session

    @property
    def folder(self) -> Path:
        """The run's own files, private: made when first asked for."""
        folder = self.session.runs / self.id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder


@contextmanager
def begin(session: Session, command: str, image: str = "") -> Iterator[Run]:
    """Start a run, alone in its environment with its image; Refused says which run is in the way.

    With `plan_only` nothing is locked, for nothing will be changed.
    """
    run = Run(new_run_id(), session.subject(command, image), session)
    if session.plan_only:
        yield run
        return
    name = "-".join(part for part in (session.environment.name, image) if part)
    with only_run(session.evidence / "locks" / f"{name}.lock", run.id):
        yield run


class Attempt:
    """One step being carried out: its journal entries, its token, its place in the output."""

    def __init__(self, number: int, step: Step, token: str, journal: Journal, run: Run) -> None:
        self.number = number
        self.words = str(step)
        self.key = digest_of(step)
        self.token = token
        """Of the same step's accepted request in a run that died; "" without one."""
        self.run = run
        self._journal = journal
        self._started = run.session.clock.now()

    @property
    def clock(self) -> Clock:
        """The session's clock."""
        return self.run.session.clock

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return self.clock.now() - self._started

    def still_waiting(self, waited: float) -> None:
        """Tell that it takes time; for `wait` and `wait_until`."""
        self.run.session.output.waiting(self.number, self.words, self.seconds)

    def note(self, event: str, **fields: object) -> None:
        """Write a line of this step into the journal."""
        self._journal.append(event, step=self.key, number=self.number, **fields)

    def follow(self, begin_operation: Callable[[str], Operation[T]], resource: str, kind: str) -> T:
        """Begin an operation and see it through, from the token if there is one.

        `begin_operation` gets the token or "". A token that leads to a refusal was a failure nobody
        saw, or has expired: then the request is sent anew. `kind` is a key of `wait.PATIENCE`.
        """
        if self.token:
            token, self.token = self.token, ""
            self.note("accepted", token=token)
            try:
                return self._see_through(begin_operation(token), resource, kind)
            except AzureRefused as refusal:
                self.note("dropped", error=str(refusal))
        operation = begin_operation("")
        self.note("accepted", token=operation.continuation_token())
        return self._see_through(operation, resource, kind)

    def _see_through(self, operation: Operation[T], resource: str, kind: str) -> T:
        return wait(
            operation,
            resource,
            patience=PATIENCE[kind],
            clock=self.clock,
            still_waiting=self.still_waiting,
        )


def execute(plan: Plan[S], carry_out: Callable[[S, Attempt], None], run: Run) -> None:
    """Carry out each step in turn; stop at the first that fails, and raise its error."""
    session = run.session
    tokens = unfinished_tokens(session.runs, run.subject)
    journal = session.journal(session.runs / f"{run.id}.jsonl", run.subject)
    try:
        journal.append("plan", title=plan.title, steps=[str(step) for step in plan.steps])
        for number, step in enumerate(plan.steps, start=1):
            token = tokens.get(digest_of(step), "")
            _one(step, carry_out, Attempt(number, step, token, journal, run))
        journal.append("finished")
    finally:
        journal.close()


def _one(step: S, carry_out: Callable[[S, Attempt], None], attempt: Attempt) -> None:
    output = attempt.run.session.output
    attempt.note("started", words=attempt.words)
    output.started(attempt.number, attempt.words)
    try:
        carry_out(step, attempt)
    except (PipelineError, KeyboardInterrupt) as error:
        if isinstance(error, PipelineError) and not isinstance(error, StillRunning):
            attempt.note("failed", error=str(error))
        output.failed(attempt.number, attempt.words, attempt.seconds)
        raise
    attempt.note("succeeded")
    output.finished(attempt.number, attempt.words, attempt.seconds)
