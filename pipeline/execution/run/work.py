"""One step being carried out: its requests, its journal lines, its place in the output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.errors import AzureRefused, Unreachable
from pipeline.execution.azure.requests import Request
from pipeline.execution.azure.resources import Azure
from pipeline.execution.patience import Patience
from pipeline.execution.run.journal import Sent, digest_of
from pipeline.execution.run.run import Run
from pipeline.execution.run.sending import Sending, no_look
from pipeline.execution.run.session import Session
from pipeline.execution.wait import Clock, Operation, wait
from pipeline.planning.plan import Plan, Step


class Work:
    """What a step's carrying out is given."""

    def __init__(self, number: int, plan: Plan[Step], run: Run) -> None:
        self.number = number
        self.plan = plan
        """The plan that the step belongs to."""
        self.run = run
        self.words = str(self._step)
        self.seen = ""
        """What was measured so far: `1 of 2 instances healthy`."""
        self._digest = digest_of(self._step)
        self._started = self.clock.now()

    @property
    def session(self) -> Session:
        """The run's session."""
        return self.run.session

    @property
    def azure(self) -> Azure:
        """The environment's resources."""
        return self.run.session.azure

    @property
    def clock(self) -> Clock:
        """The session's clock."""
        return self.run.session.clock

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return self.clock.now() - self._started

    def still_waiting(self, _waited: float = 0.0) -> None:
        """Tell that it takes time, and what was measured so far; for `wait` and `wait_until`.

        Keeps what the run holds; raises Overtaken where another run took over.
        """
        self.run.keep()
        if self.run.beside is not None:
            self.run.beside.tell(self.session.output)
        self.session.output.waiting(self.number, self.words, self.seconds, self.seen)

    def phase(self, text: str) -> None:
        """Tell that a part of the step begins."""
        self.session.output.phase(self.number, text, self.seconds)

    def note(self, event: str, **fields: object) -> None:
        """Write a line of this step into the journal."""
        self.run.note(event, step=self._digest, number=self.number, **fields)

    def send(
        self,
        request: Request,
        patience: Patience,
        look: Callable[[], None] = no_look,
        *,
        needs_claim: bool = True,
        is_checked: bool = False,
        meanwhile: Callable[[], None] = no_look,
    ) -> None:
        """Send a request and see it through, unless the last run sent it and it ends well now.

        `look` runs before it is sent, each time, and raises when it is not wanted any more. What
        the run holds is looked at first: raises Overtaken where another run took over. Without
        `needs_claim` it is not: for what is this run's alone. Where `is_checked` says that it was
        looked at just now, beside the reads that led to the request, that is enough once.
        `meanwhile` runs now and then while the operation is waited for; what it raises ends that.
        """
        if not self.resume(request, patience, meanwhile):
            looking = self._looking(look, is_checked=is_checked) if needs_claim else look
            sending = Sending(self.azure, request, self.clock, looking)
            try:
                operation = sending.begin(patience, self.still_waiting, self._measured)
            except Unreachable:
                self.run.has_written = True  # for all that anybody knows
                raise
            token = operation.continuation_token()
            self._see_through(request, patience, operation, token, meanwhile)

    def _looking(self, look: Callable[[], None], *, is_checked: bool) -> Callable[[], None]:
        counts = is_checked

        def both() -> None:
            nonlocal counts
            if not counts:
                self.run.check()
            counts = False
            look()

        return both

    def resume(
        self, request: Request, patience: Patience, meanwhile: Callable[[], None] = no_look
    ) -> bool:
        """See through what the last run sent; answers whether that made the request unnecessary.

        A token is followed only while Azure shows such an operation on the resource. A refusal
        was a failure nobody saw; a resource that is still not as wanted belongs to another's
        operation: both mean that the request has to be sent.
        """
        token = self.run.token(Sent.of(self._digest, request))
        if not token or not request.is_pending_in(self.azure.state(request.target)):
            return False
        try:
            operation = self.azure.begin(request, token)
            self._see_through(request, patience, operation, token, meanwhile)
        except AzureRefused as refusal:
            self.note("dropped", error=str(refusal))
            return False
        state = self.azure.state(request.target)
        return not (state if request.verb == "DELETE" else request.is_pending_in(state))

    def _see_through(
        self,
        request: Request,
        patience: Patience,
        operation: Operation[Any],
        token: str,
        meanwhile: Callable[[], None],
    ) -> None:
        def still_waiting(waited: float) -> None:
            self.still_waiting(waited)
            meanwhile()

        self.run.accepted(self._digest, self.number, request, token)
        wait(
            operation,
            str(request.target),
            patience=patience,
            clock=self.clock,
            still_waiting=still_waiting,
        )

    def _measured(self, text: str) -> None:
        self.seen = text

    @property
    def _step(self) -> Step:
        return self.plan.steps[self.number - 1]
