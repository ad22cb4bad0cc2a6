"""Carrying out a single step of a plan in a landing zone."""

from __future__ import annotations

from pipeline.execution.runner import begin, carry_out
from pipeline.execution.wait import Clock
from pipeline.planning.plan import Plan
from pipeline.planning.steps import AnyStep
from tests.execution.landing_zone import LandingZone


def carry_out_one(zone: LandingZone, step: AnyStep, clock: Clock | None = None) -> str:
    """Carry out a step as a command would; what was told of it."""
    with begin(zone.session(clock=clock), "test", zone.image.name) as run:
        carry_out(Plan("test", (step,)), run)
    return zone.output
