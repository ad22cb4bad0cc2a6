"""What a nightly run does about inputs that failed before, and what a person may."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.advice import build_image, check_image
from pipeline.planning.build.build import plan_build, plan_nightly
from pipeline.planning.build.steps import BakeVersion, DeleteGroup, RunChecks
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.versions import ImageVersion
from tests.planning.build.examples import NEWER_BASE, RUN, WEB, baked, group, survey, with_input

OLD_RUN = "20261120T031500Z-builder-00aa"


def rejected(name: str, run: str = RUN) -> ImageVersion:
    """A version that Packer published, and failed as a whole."""
    return baked(name, bake="failed", run=run)


def bakes(now: BuildSurvey) -> bool:
    """Whether a nightly run bakes."""
    return any(isinstance(step, BakeVersion) for step in plan_nightly(now).plan.steps)


def test_a_failed_check_is_not_repeated_every_night() -> None:
    build = plan_nightly(survey(versions=(baked("1.0.3", check="failed", run=OLD_RUN),)))

    assert build.is_failing
    assert build.plan.is_empty
    assert build.version == "1.0.3"
    assert build.why == (
        "still failing: 1.0.3, baked 2026-11-20 03:15 UTC, failed its check with these inputs;"
        " waits until an input or the base changes"
    )
    commands = [one.command for one in build.plan.advice]
    assert commands == [check_image("web", "1.0.3"), build_image("web", rebuild=True)]


def test_somebody_who_builds_by_hand_is_obeyed() -> None:
    failed = survey(versions=(baked("1.0.3", check="failed"),))
    twice = survey(versions=(rejected("1.0.3"), rejected("1.0.4")))

    assert any(isinstance(step, RunChecks) for step in plan_build(failed).plan.steps)
    assert isinstance(plan_build(failed, rebuild=True).plan.steps[0], BakeVersion)
    assert isinstance(plan_build(twice).plan.steps[0], BakeVersion)


@pytest.mark.parametrize(
    "changed",
    [
        {"base": NEWER_BASE},
        {"image": with_input(WEB, "images/web/checks/test_web.py", "d" * 64)},
    ],
)
def test_a_changed_input_or_base_is_baked(changed: dict[str, object]) -> None:
    for versions in ((baked("1.0.3", check="failed"),), (rejected("1.0.3"), rejected("1.0.4"))):
        now = survey(versions=versions)
        assert not bakes(now)
        assert bakes(replace(now, **changed))  # type: ignore[arg-type]  # fields, by name


def test_a_bake_that_failed_after_publishing_has_a_second_night_and_no_third() -> None:
    first = rejected("1.0.3", OLD_RUN)
    assert bakes(survey(versions=(first,)))

    build = plan_nightly(survey(versions=(rejected("1.0.4"), first)))

    assert build.is_failing
    assert build.version == "1.0.4"
    assert build.why == (
        "still failing since 2026-11-20 03:15 UTC: 2 bakes with these inputs failed (1.0.3, 1.0.4);"
        " waits until an input or the base changes"
    )
    assert build.plan.advice[0].command == build_image("web")


def test_bakes_of_other_inputs_do_not_count() -> None:
    other = with_input(WEB, "images/web/image.hcl", "e" * 64)
    elsewhere = baked("1.0.2", other, bake="failed")

    assert bakes(survey(versions=(elsewhere, rejected("1.0.3"))))


def test_what_passed_with_these_inputs_outweighs_bakes_that_failed() -> None:
    good = baked("1.0.2", check="passed")
    build = plan_nightly(survey(versions=(good, rejected("1.0.3"), rejected("1.0.4"))))

    assert not build.is_failing
    assert (build.version, build.plan.is_empty) == ("1.0.2", True)


def test_a_version_that_nobody_checked_is_checked() -> None:
    build = plan_nightly(survey(versions=(baked("1.0.3"),)))

    assert any(isinstance(step, RunChecks) for step in build.plan.steps)


def test_what_dead_runs_left_goes_whatever_the_verdict() -> None:
    left = group("bakeswap-check-web-1-0-3", OLD_RUN)
    failed = baked("1.0.3", check="failed", run="another-shape")
    build = plan_nightly(survey(versions=(failed,), groups=(left,)))

    assert build.is_failing
    assert [type(step) for step in build.plan.steps] == [DeleteGroup]
    assert build.plan.truth.startswith("web: still failing: 1.0.3 failed its check")


def test_a_time_that_is_none_is_not_told() -> None:
    odd = (rejected("1.0.3", "20261120Tlate"), rejected("1.0.4"))

    assert plan_nightly(survey(versions=odd)).why.startswith("still failing: 2 bakes")
