"""Carrying out the steps of watching. Nothing of it changes anything in Azure."""

from __future__ import annotations

from contextlib import suppress
from typing import assert_never

from pipeline.arm import ResourceId
from pipeline.errors import CheckFailed, Overtaken, StillRunning, WatchFailed
from pipeline.execution import checks
from pipeline.execution.azure.resources import Azure
from pipeline.execution.patience import Patience
from pipeline.execution.run.work import Work
from pipeline.execution.swap.instances import instances_of
from pipeline.execution.swap.survey import survey_swap
from pipeline.execution.wait import wait_until, within_compute_limits
from pipeline.execution.watch import answers, proofs
from pipeline.execution.watch.watch import Watch
from pipeline.planning.watch.steps import (
    AskProbes,
    CheckProduction,
    Soak,
    StartWatching,
    StopWatching,
    VerifyRules,
    VerifyVersion,
    WatchStep,
)

TICK = 1.0
"""Seconds between two looks at the figures."""
GRACE = 60.0
"""Seconds that a soak may take longer, for the answers of Azure."""
GLANCE = 0.05
"""Seconds between two looks for the first answers."""
SEEN_TWICE = 2
"""An instance counts as ill when it was in two looks, one after the other."""


def carry_out(step: WatchStep, work: Work) -> None:
    """Carry out one step of this room; may be repeated at any time."""
    match step:
        case VerifyVersion():
            verify_version(step, work)
        case VerifyRules():
            proofs.verify(step, work)
        case AskProbes():
            proofs.ask_probes(step, work)
        case StartWatching():
            start_watching(step, work)
        case CheckProduction():
            check_production(step, work)
        case Soak():
            soak(step, work)
        case StopWatching():
            stop_watching(step, work)
        case _:
            assert_never(step)


def verify_version(step: VerifyVersion, work: Work) -> None:
    """Consecutive responses of a version.

    Overtaken as soon as nothing is left in the pool that was to answer; WatchFailed when what is
    watched loses too much meanwhile.
    """

    def look() -> None:
        if work.run.beside is not None:
            work.run.beside.check()
        if not survey_swap(work.session, step.image).backend(step.pool).members:
            raise Overtaken(
                f"{step.pool.name}: nothing is in the pool any more; someone removed it since the"
                " plan was made"
            )

    answers.verify(step, work, look)


def start_watching(step: StartWatching, work: Work) -> None:
    """Ask from now on, until the run ends; a run that watches already goes on watching."""
    if isinstance(work.run.beside, Watch):
        work.run.beside.follow(step)
        return
    watch = work.run.enter(Watch(step, work.run))
    work.run.beside = watch
    work.seen = ", ".join(f"{target.rule} at {target}" for target in step.targets)
    if step.lost_budget is not None:
        _await_first_words(watch, step.timeout, work)


def check_production(step: CheckProduction, work: Work) -> None:
    """The image's own checks of production, while it is watched; WatchFailed when one fails."""
    session = work.session
    facts = checks.facts(step.image, step.version, step.url)
    asked = checks.Checks(session.project.root, session.image(step.image).checks, facts)

    def still_waiting(waited: float) -> None:
        if work.run.beside is not None:
            work.run.beside.check()
        if waited > step.seconds:
            raise WatchFailed(f"the checks of {step.checks} did not end in {waited:.0f} s")
        work.still_waiting(waited)

    log = work.run.folder / checks.LOG
    try:
        verdict = checks.run_checks(asked, log, work.clock, still_waiting)
    except CheckFailed as error:
        raise WatchFailed(f"a check of production failed: {error}", advice=error.advice) from None
    work.seen = f"{step.checks}: {verdict}"


def soak(step: Soak, work: Work) -> None:
    """Watch until the time is over; WatchFailed as soon as production is not as it should be."""
    watch = work.run.beside
    if watch is None:
        return
    started = work.clock.now()
    instances = _Instances(step.scale_set, work.azure)

    def question() -> bool | None:
        waited = work.clock.now() - started
        watch.check()
        if waited >= step.seconds:
            return True
        instances.look(waited)
        return None

    wait_until(
        question,
        str(step),
        patience=Patience(step.seconds + GRACE, "as long as the definition says"),
        clock=work.clock,
        every=lambda waited: min(TICK, max(step.seconds - waited, 0.0)),
        still_waiting=work.still_waiting,
    )
    watch.end()
    watch.check()
    work.seen = str(watch.watched)


def stop_watching(step: StopWatching, work: Work) -> None:
    """End it and tell the figures."""
    watch = work.run.beside
    if watch is not None:
        watch.end()
        work.seen = str(watch.watched)


def _await_first_words(watch: Watch, timeout: float, work: Work) -> None:
    """What answers before the swap must be known: only that can be lost by it."""
    with suppress(StillRunning):
        wait_until(
            lambda: True if watch.has_heard else None,
            work.words,
            patience=Patience(timeout + 1.0, "the first request of each rule is over by then"),
            clock=work.clock,
            every=GLANCE,
            still_waiting=work.still_waiting,
        )


class _Instances:
    """The health of the instances, asked as often as Azure's limits allow."""

    def __init__(self, scale_set: ResourceId | None, azure: Azure) -> None:
        self._scale_set = scale_set
        self._azure = azure
        self._due = 0.0
        self._ill: dict[str, int] = {}

    def look(self, waited: float) -> None:
        """Raise WatchFailed for instances that are ill for the second time running."""
        if self._scale_set is None or waited < self._due:
            return
        self._due = waited + within_compute_limits(waited)
        found = instances_of(self._azure, self._scale_set)
        self._ill = {
            instance.name: self._ill.get(instance.name, 0) + 1
            for instance in found
            if not instance.is_healthy
        }
        ill = [name for name, looks in self._ill.items() if looks >= SEEN_TWICE]
        if ill or not found:
            healthy = sum(instance.is_healthy for instance in found)
            names = f"; not healthy: {', '.join(ill)}" if ill else ""
            raise WatchFailed(
                f"{self._scale_set}: {healthy} of {len(found)} instances healthy{names}"
            )
