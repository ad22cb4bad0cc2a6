"""Carrying out the steps of an in-place roll. Each may be repeated at any time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from pipeline.errors import AzureRefused, NotConfirmed, StillRunning, WatchFailed
from pipeline.execution.azure.requests import post
from pipeline.execution.claims.held import text_of
from pipeline.execution.claims.history import remember
from pipeline.execution.patience import SCALE_SET, Patience
from pipeline.execution.roll.model import forget_roll, point_model
from pipeline.execution.roll.pools import let_in, take_out
from pipeline.execution.run.work import Work
from pipeline.execution.swap.instances import instances_of
from pipeline.execution.swap.records import mark_version
from pipeline.execution.wait import wait_until, within_compute_limits
from pipeline.execution.watch.proofs import ask_probes
from pipeline.planning.claims.claim import Actor
from pipeline.planning.claims.history import Move
from pipeline.planning.names import Tag
from pipeline.planning.roll.model import manual_upgrade, reimage
from pipeline.planning.roll.steps import PointModel, RecordRoll, RollBatch, RollOwnStep
from pipeline.planning.swap.admin_state import is_of
from pipeline.planning.swap.backend import Instance
from pipeline.planning.watch.health import MemberHealth
from pipeline.planning.watch.steps import AskProbes

ROLL = "roll"
"""The direction of a roll in the history."""


def carry_out(step: RollOwnStep, work: Work) -> None:
    """Carry out one step of this room; may be repeated at any time."""
    match step:
        case PointModel():
            point_model(step, work)
        case RollBatch():
            roll_batch(step, work)
        case RecordRoll():
            record_roll(step, work)
        case _:
            assert_never(step)


def roll_batch(step: RollBatch, work: Work) -> None:
    """Some instances, brought to the model one way or another.

    WatchFailed where one does not become healthy, where Azure fails to upgrade it, and when
    production, which is watched, loses more than it may. Those that are gone are passed over.
    """
    batch = _Batch(step, work)
    if work.run.beside is not None:
        work.run.beside.swapping()
    old = batch.old()
    if old:
        take_out(step, work, old)
        batch.drain()
        batch.upgrade(old)
    if step.is_out_first:
        batch.await_healthy()
    let_in(step, work, batch.now())
    batch.await_healthy()
    batch.await_probes()
    work.seen = f"{len(batch.now())} healthy, {len(old)} of them upgraded"


def record_roll(step: RecordRoll, work: Work) -> None:
    """The history, the marks on versions, and last the end of the roll on the scale set.

    The roll itself is done: what cannot be recorded is told, and is no failure of it.
    """
    at = text_of(datetime.now(UTC))
    if work.session.claims:
        remember(work.session, _move(step, work, at))
    try:
        mark_version(work, step.rolled_back, {Tag.ROLLED_BACK: at})
        mark_version(work, step.promoted_again, {Tag.ROLLED_BACK: ""})
        forget_roll(work, step.scale_set)
    except AzureRefused as refusal:
        work.session.output.say(f"not recorded: {refusal}")


def _move(step: RecordRoll, work: Work, at: str) -> Move:
    return Move(
        at=at,
        image=step.image,
        environment=work.session.environment.name,
        direction=ROLL,
        before=step.before,
        after=step.after,
        run=work.run.id,
        actor=Actor.of_tag(work.run.by),
        why=step.why,
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    """The instances of a step, as they are now."""

    step: RollBatch
    work: Work

    def now(self) -> tuple[Instance, ...]:
        """Those that are there."""
        wanted = frozenset(self.step.instances)
        found = instances_of(self.work.azure, self.step.resource)
        return tuple(one for one in found if one.number in wanted)

    def old(self) -> tuple[Instance, ...]:
        """Those that do not have the model."""
        return tuple(
            one
            for one in self.now()
            if not one.made_from.is_same(self.step.to) or not one.is_latest
        )

    def drain(self) -> None:
        """Wait for connections from before; nobody tells when the last one ends."""
        seconds, clock = self.step.drain, self.work.clock
        started = clock.now()

        def question() -> bool | None:
            self._watch()
            return True if clock.now() - started >= seconds else None

        wait_until(
            question,
            self.work.words,
            patience=Patience(seconds + 1, "as long as promote.drain says"),
            clock=clock,
            every=1.0,
            still_waiting=self.work.still_waiting,
        )

    def upgrade(self, old: Collection[Instance]) -> None:
        """Bring them to the model, in one operation for all."""
        names = [one.number for one in old]
        self.work.phase(f"upgrade {', '.join(names)}")
        if self.step.by_reimage:
            request = post(self.step.resource, "reimage", reimage(names, self.step.to.version))
        else:
            request = post(self.step.resource, "manualupgrade", manual_upgrade(names))
        try:
            self.work.send(request, SCALE_SET)
        except AzureRefused as refusal:
            raise WatchFailed(f"{self._named} could not be upgraded: {refusal}") from refusal
        self._watch()

    def await_healthy(self) -> None:
        """Until all have the model, are made and, where anything reports that, healthy."""
        ill: tuple[Instance, ...] = ()

        def question() -> bool | None:
            nonlocal ill
            self._watch()
            found = self.now()
            ill = tuple(one for one in found if not self._is_well(one))
            self.work.seen = f"{len(found) - len(ill)} of {len(found)} healthy"
            return None if ill else True

        try:
            wait_until(
                question,
                self.work.words,
                patience=Patience(self.step.patience, "as long as the plan says"),
                clock=self.work.clock,
                every=within_compute_limits,
                still_waiting=self.work.still_waiting,
            )
        except StillRunning as late:
            named = ", ".join(f"{one.name} is {one.health or 'silent'}" for one in ill)
            raise WatchFailed(f"{named}, {late.waited:.0f} s after its upgrade") from None

    def await_probes(self) -> None:
        """Until the load balancer's own probes find them up, where Azure tells."""
        found = self.now()

        def is_mine(member: MemberHealth) -> bool:
            return is_of(member.configuration, self.step.resource, found)

        asking = AskProbes(self.step.load_balancer, self.step.rules, self.step.patience)
        try:
            ask_probes(asking, self.work, is_mine)
        except NotConfirmed as error:
            raise WatchFailed(f"{self._named} is upgraded, and not up: {error}") from None
        self._watch()

    def _is_well(self, one: Instance) -> bool:
        return self._has_model(one) and (one.is_healthy or not self.step.reports_health)

    def _has_model(self, one: Instance) -> bool:
        return one.made_from.is_same(self.step.to) and one.is_latest

    def _watch(self) -> None:
        """WatchFailed when production is not as it should be."""
        if self.work.run.beside is not None:
            self.work.run.beside.check()

    @property
    def _named(self) -> str:
        return f"{self.step.resource.name} {', '.join(self.step.instances)}"
