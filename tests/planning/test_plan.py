"""A plan's text, and that every step there is can be carried out by its type."""

from __future__ import annotations

from typing import get_args

from pipeline.planning.plan import Plan
from pipeline.planning.steps import AnyStep


def test_a_plan_numbers_its_steps_and_ends_with_its_notes() -> None:
    plan = Plan("tidy up", ("delete a", "delete b"), notes=("c is left as it is",))

    assert str(plan) == "Plan: tidy up\n   1  delete a\n   2  delete b\nnote: c is left as it is"


def test_a_plan_without_steps_says_why_there_are_none() -> None:
    plan: Plan[str] = Plan("tidy up", (), because="all is tidy")

    assert plan.is_empty
    assert str(plan) == "Plan: tidy up: nothing to do, all is tidy"


def test_every_step_has_words_of_its_own() -> None:
    steps = get_args(AnyStep)

    assert len(steps) == len(set(steps)) > 0
    assert all("__str__" in vars(step) for step in steps)
