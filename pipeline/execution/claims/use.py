"""Which claims a run takes, and what it does where there are none to be had.

A swap of an image in an environment and a build of it are two claims, so that a bake blocks no
swap. A promotion and a rollback go on without a claim rather than not at all: the load balancer's
write is guarded by its etag all the same (`If-Match`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from pipeline.advice import create_environment
from pipeline.errors import AzureRefused, PipelineError, Unreachable
from pipeline.execution.claims.acquire import Wish, acquire
from pipeline.execution.claims.held import TIMES, Held
from pipeline.execution.claims.store import Records, is_without_zone
from pipeline.execution.patience import CLAIM, CLAIM_IN_EMERGENCY, CLAIM_MEANWHILE
from pipeline.execution.run.run import BUILDS, EMERGENCY, ROLLBACK, Guard, Run
from pipeline.execution.run.session import Session
from pipeline.planning.claims.claim import Claim
from pipeline.planning.record_names import build_claim, swap_claim

DESTROYS = "destroy-environment"
"""Deletes the zone of claims with all else; its claims on all images are looked at before."""
SWAPS = frozenset(
    {"stage", "promote", "rollback", "rehearse", "roll", "unstage", "prune", DESTROYS}
)
"""Commands that change rules and scale sets."""


@contextmanager
def claimed(run: Run) -> Iterator[None]:
    """Hold the run's claims as long as the block lasts, and give them back.

    Refused names who has one. `run.check` and `run.keep` look after them meanwhile.
    """
    with ExitStack() as resources:
        for name, words in _things(run):
            held = _take(run, _wish(run, name, words))
            if held is not None:
                resources.callback(_give_back, run.session, held)
                run.guards.append(_guard(run, held))
        yield


def _things(run: Run) -> list[tuple[str, str]]:
    """The record sets' names and what they mean in words."""
    session = run.session
    if session.plan_only or not session.claims:
        return []
    if run.command in BUILDS:
        return [(build_claim(run.image), f"builds of {run.image}")]
    if run.command not in SWAPS:
        return []
    environment = session.environment
    served = [balancer.image for balancer in environment.load_balancers]
    return [
        (swap_claim(environment, image), f"{image} in {environment.name}")
        for image in ([run.image] if run.image else served)
    ]


def _wish(run: Run, name: str, words: str) -> Wish:
    claim = Claim(run.id, run.command, run.session.actor)
    force = run.command == ROLLBACK
    return Wish(name, words, claim, run.earlier.__contains__, force=force)


def _take(run: Run, wish: Wish) -> Held | None:
    session = run.session
    is_emergency = run.command in EMERGENCY
    records = Records(session.azure, session.clock, CLAIM_IN_EMERGENCY if is_emergency else CLAIM)
    stores = (records, records.with_patience(CLAIM_MEANWHILE))
    try:
        return acquire(wish, stores, session.clock, TIMES, session.output.say)
    except (AzureRefused, Unreachable) as error:
        if isinstance(error, AzureRefused) and is_without_zone(error):
            session.output.say(
                f"{wish.words}: this environment has no claims, which keep other machines from"
                f" changing it meanwhile; `{create_environment()}` adds them"
            )
        elif is_emergency:
            session.output.say(f"{error}: continuing without a claim")
        else:
            raise
    return None


def _guard(run: Run, held: Held) -> Guard:
    if run.command in EMERGENCY:
        return _Forgiving(held, run.session)
    return _BeforeWrites(held) if run.command == DESTROYS else held


def _give_back(session: Session, held: Held) -> None:
    """Others need not wait until it runs out; a failure to say so is no failure of the run."""
    try:
        held.release()
    except PipelineError as error:
        session.output.say(f"{held.words}: stays claimed until {held.claim.expires}: {error}")


class _BeforeWrites:
    """A claim that is itself deleted by what its run waits for."""

    def __init__(self, held: Held) -> None:
        self._held = held

    def check(self) -> None:
        """As the claim itself."""
        self._held.check()

    def keep(self) -> None:
        """No-op: that it is gone is as it should be."""


class _Forgiving:
    """A claim that stops a run only where another took it over, not where Azure cannot be asked."""

    def __init__(self, held: Held, session: Session) -> None:
        self._held = held
        self._session = session
        self._is_known = True

    def check(self) -> None:
        """As the claim itself, or one line and never asked again."""
        self._ask(self._held.check)

    def keep(self) -> None:
        """As the claim itself."""
        self._ask(self._held.keep)

    def _ask(self, ask: Callable[[], None]) -> None:
        if not self._is_known:
            return
        try:
            ask()
        except (AzureRefused, Unreachable) as error:
            self._is_known = False
            self._session.output.say(f"{error}: continuing without a claim")
