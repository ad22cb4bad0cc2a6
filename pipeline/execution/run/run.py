"""One run of one command: alone with its image, with a journal, files and a key of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeVar

from pipeline.errors import Refused, StateFileError
from pipeline.execution.azure.requests import Request
from pipeline.execution.run.journal import Journal, Sent, interrupted_run, unfinished_tokens
from pipeline.execution.run.lock import only_run
from pipeline.execution.run.session import Session, new_run_id
from pipeline.execution.ssh import Access, access
from pipeline.output.facts import Output
from pipeline.planning.report.topology import Topology
from pipeline.planning.watch.figures import Watched
from pipeline.state_files import make_folder, write_private

T = TypeVar("T")

BUILDS = frozenset({"build-image", "check-image"})
"""Commands that change no rule and no scale set: they exclude each other, and no swap."""
EMERGENCY = frozenset({"promote", "rollback"})
"""Commands that go on without a lock or a journal rather than not at all."""


TRAFFIC = "traffic.json"
"""In a run's folder: what became of the requests to production, by time."""
TOPOLOGY = "topology.json"
"""In a run's folder: where rules led before it and after it."""
PACKAGES = "packages.json"
"""In a run's folder: what a promotion brings that was not installed, or otherwise."""
CONTINUES, CONTINUED_BY = "continues.json", "continued-by.json"
"""In a run's folder: the interrupted run that it goes on from, and the one that goes on from it."""
PROOFS = "proofs.json"
"""In a run's folder: what was recorded of a version as evidence."""

ROLLBACK = "rollback"
"""The command that waits for no other run."""


class Guard(Protocol):
    """What a run holds so that no other changes the same; each method raises Overtaken."""

    def check(self) -> None:
        """Before a request that changes Azure."""

    def keep(self) -> None:
        """While something is waited for; called often."""


class Beside(Protocol):
    """What goes on beside the steps of a run: production is watched."""

    @property
    def watched(self) -> Watched:
        """The figures so far."""

    def swapping(self) -> None:
        """The write that leads production elsewhere is about to be sent."""

    def swapped(self) -> None:
        """Azure has carried that write out."""

    def check(self) -> None:
        """Raise WatchFailed when production is not as it should be since the swap."""

    def tell(self, output: Output) -> None:
        """The figures so far, beside the step at work."""

    def end(self) -> None:
        """End it; no error when that was done before."""


class Run:
    """What one command does; what it makes carries `id` as a tag."""

    def __init__(self, session: Session, command: str, image: str, resources: ExitStack) -> None:
        self.id = new_run_id()
        self.session = session
        self.command = command
        self.image = image
        self.has_written = False
        """Whether a request that changes Azure was accepted."""
        self.swap_seconds: float | None = None
        """How long the write took that swapped; None before there was one."""
        self.evidence = ""
        """The digest of the evidence that it recorded of a version."""
        self.guards: list[Guard] = []
        """What it holds in Azure."""
        self.earlier: frozenset[str] = frozenset()
        """Runs of this checkout that held its lock before: they have ended or died."""
        self.beside: Beside | None = None
        """What watches production meanwhile."""
        self.before: Topology | None = None
        """Where rules led when it began, for its page."""
        self.look: Callable[[], Topology] | None = None
        """Asks Azure where rules lead now; None where it moves none."""
        self._resources = resources
        self._subject = session.subject(command, image)
        self._writes_journal = True

    @property
    def by(self) -> str:
        """Who runs it, for the tags of what it changes."""
        return self.session.actor.tag

    @property
    def folder(self) -> Path:
        """The run's own files, private: made when first asked for; raises StateFileError."""
        return make_folder(self.session.runs / self.id)

    def enter(self, resource: AbstractContextManager[T]) -> T:
        """Enter something that is left when the run ends."""
        return self._resources.enter_context(resource)

    @cached_property
    def access(self) -> Access:
        """An SSH key of the run's own, removed at its end."""
        return self._resources.enter_context(access())

    def check(self) -> None:
        """Before a request that changes Azure: raises Overtaken where another run took over."""
        for guard in self.guards:
            guard.check()

    def keep(self) -> None:
        """While waiting: renew what is held; raises Overtaken like `check`."""
        for guard in self.guards:
            guard.keep()

    def note(self, event: str, **fields: object) -> None:
        """Write a line into the journal.

        Raises StateFileError where there can be none; an emergency command says so, and goes on.
        """
        if not self._writes_journal:
            return
        try:
            self._journal.append(event, **fields)
        except StateFileError as error:
            self._writes_journal = False
            if self.command not in EMERGENCY:
                raise
            self.session.output.say(f"{error}: continuing without a journal")

    def keep_for_page(self, name: str, document: Mapping[str, object]) -> None:
        """Keep something in the run's folder for its page; what is in the way is only said."""
        try:
            write_private(self.folder / name, json.dumps(document))
        except StateFileError as error:
            self.session.output.say(f"{error}: the page of this run lacks it")

    def token(self, sent: Sent) -> str:
        """The token of this request, if the last run sent it and saw no end; "" when used up."""
        return self._tokens.pop(sent, "")

    def accepted(self, step: str, number: int, request: Request, token: str) -> None:
        """Azure took a request: write down how its end can be awaited."""
        self.has_written = True
        sent = Sent.of(step, request)
        self.note("accepted", number=number, token=token, **sent._asdict())

    def interrupted_before(self) -> str:
        """The run of the same command that was interrupted and goes on here; "" without one.

        To be asked before this one writes its journal; what is no journal is passed over.
        """
        return interrupted_run(self.session.runs, self._subject, lambda error: None)

    @cached_property
    def _journal(self) -> Journal:
        session = self.session
        _ = self._tokens  # those of earlier runs, before this one is the newest
        journal = session.journal(session.runs / f"{self.id}.jsonl", self._subject)
        self._resources.callback(journal.close)
        return journal

    @cached_property
    def _tokens(self) -> dict[Sent, str]:
        return dict(unfinished_tokens(self.session.runs, self._subject, self._ignored))

    def _ignored(self, error: StateFileError) -> None:
        self.session.output.say(f"ignoring {error}")


@contextmanager
def alone(session: Session, command: str, image: str = "") -> Iterator[Run]:
    """A run, alone in its environment with its image; Refused says which run is in the way.

    A build and a swap of one image may run side by side. With `plan_only` nothing is locked, for
    nothing will be changed. A rollback goes on beside whoever holds the lock. The lock is that of
    this checkout; what excludes other machines are claims (execution/claims).
    """
    with ExitStack() as resources:
        run = Run(session, command, image, resources)
        if not session.plan_only:
            purpose = "build" if command in BUILDS else ""
            name = "-".join(filter(None, (session.environment.name, image, purpose)))
            try:
                path = session.evidence / "locks" / f"{name}.lock"
                run.earlier = resources.enter_context(only_run(path, run.id))
            except (Refused, StateFileError) as error:
                if not _goes_on(command, error):
                    raise
                session.output.say(f"{error}: continuing without a lock")
        yield run


def _goes_on(command: str, error: Exception) -> bool:
    return command == ROLLBACK or (command in EMERGENCY and not isinstance(error, Refused))
