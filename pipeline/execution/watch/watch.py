"""Production watched beside the steps of a run: told while they wait, judged, written down."""

from __future__ import annotations

from types import TracebackType

from pipeline.errors import WatchFailed
from pipeline.execution.run.run import TRAFFIC, Run
from pipeline.execution.watch.prober import Load, Prober
from pipeline.output.facts import Output
from pipeline.planning.watch.figures import Watched
from pipeline.planning.watch.steps import StartWatching
from pipeline.planning.watch.verdict import judge
from pipeline.planning.watch.words import live_line


class Watch:
    """A prober at work for a run; its figures are kept in the journal when it ends."""

    def __init__(self, step: StartWatching, run: Run) -> None:
        self._prober = Prober(step.targets, Load(rate=step.rate, late=step.timeout))
        self._run = run
        self._is_over = False
        self.follow(step)

    def follow(self, step: StartWatching) -> None:
        """Go on with another step's version and budget: production is led back."""
        self._lost_budget = step.lost_budget
        self._has_swapped = False
        self._prober.expect(step.version)

    def __enter__(self) -> Watch:
        self._prober.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def watched(self) -> Watched:
        """The figures so far."""
        return self._prober.watched

    @property
    def has_heard(self) -> bool:
        """Whether of each target something is known by now."""
        return self._prober.has_heard

    def swapping(self) -> None:
        """The write that leads production elsewhere is about to be sent."""
        self._has_swapped = True
        self._prober.swapping()

    def swapped(self) -> None:
        """Azure has carried that write out."""
        self._prober.swapped()

    def check(self) -> None:
        """Raise WatchFailed when production is not as it should be since the swap."""
        if self._lost_budget is None or not self._has_swapped:
            return
        if not self._is_over and not self._prober.is_asking:
            raise WatchFailed("production is not watched any more: the prober ended early")
        verdict = judge(self.watched, self._lost_budget)
        if not verdict.is_good:
            raise WatchFailed(f"{self._run.image}: {verdict}")

    def tell(self, output: Output) -> None:
        """The figures so far, beside the step at work."""
        watched = self.watched
        output.watching(watched.seconds, live_line(watched), watched.document)

    def end(self) -> None:
        """Await what is under way, and keep the figures; no error when that was done before."""
        if self._is_over:
            return
        self._is_over = True
        self._prober.stop()
        watched = self.watched
        self._run.session.output.watching(watched.seconds, "", watched.document)
        self._run.note("watched", figures=watched.document)
        self._run.keep_for_page(TRAFFIC, self._prober.traffic.document)
