"""A session without a cloud, whose time passes only by waiting, and plans of made-up steps."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from pipeline.definition.model import Cloud, Project
from pipeline.execution.run.journal import Journal, read
from pipeline.execution.run.session import Session
from pipeline.execution.run.work import Work
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.wait import Clock
from pipeline.output.people import ForPeople
from pipeline.planning.plan import Failure, Plan
from tests.execution.landing_zone import environment_of

CarryOut = Callable[[str, Work], None]


class Time:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        """Time passes."""
        self.seconds += seconds

    @property
    def clock(self) -> Clock:
        """As the waiting sees it."""
        return Clock(lambda: self.seconds, self.sleep)


class OfflineSession:
    """A session and what it told."""

    def __init__(self, root: Path, journal: type[Journal] = Journal) -> None:
        self.time = Time()
        self.said = io.StringIO()
        environment = environment_of(Cloud())
        project = Project(root, (), (environment,))
        output = ForPeople(self.said)
        self.session = Session(
            project,
            environment,
            output,
            clock=self.time.clock,
            journal=journal,
            claims=False,
        )

    def run(
        self,
        steps: tuple[str, ...],
        step_by_step: CarryOut,
        *,
        command: str = "test",
        follow_up: Callable[[Failure], Plan[str] | None] = lambda failure: None,
    ) -> None:
        """Carry out a plan of these steps, whose words are themselves."""
        with begin(self.session, command) as run:
            plan = Plan("test", steps)
            carry_out(plan, run, step_by_step=step_by_step, follow_up=follow_up)

    def events(self) -> list[list[str]]:
        """The journals' events, oldest run first."""
        files = sorted(self.session.runs.glob("*.jsonl"), key=lambda p: p.stat().st_mtime_ns)
        return [[entry["event"] for entry in read(file)] for file in files]
