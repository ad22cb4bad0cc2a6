"""What a version's tag tells of its checks, and when they are flaky."""

from __future__ import annotations

import pytest

from pipeline.planning.flaky import LONGEST, Checked, flaky, history, with_verdict

FAILED, PASSED = Checked("failed", "r1", "aa"), Checked("passed", "r2", "aa")


@pytest.mark.parametrize(
    ("checks", "is_flaky"),
    [
        ((), False),
        ((PASSED,), False),
        ((FAILED, PASSED), True),
        ((PASSED, Checked("failed", "r3", "aa")), True),
        ((PASSED, Checked("passed", "r3", "aa")), False),
        ((FAILED, Checked("passed", "r3", "bb")), False),
    ],
)
def test_only_the_same_checks_can_contradict_themselves(
    checks: tuple[Checked, ...], is_flaky: bool
) -> None:
    tag = ""
    for one in checks:
        tag = with_verdict(tag, one)
    assert history(tag) == checks
    assert bool(flaky(tag)) == is_flaky


def test_a_run_that_marks_twice_is_one_check() -> None:
    assert history(with_verdict(str(FAILED), Checked("passed", "r1", "aa"))) == (
        Checked("passed", "r1", "aa"),
    )


def test_the_oldest_checks_are_forgotten_and_nonsense_is_left_out() -> None:
    tag = "what,is this now,"
    for number in range(20):
        tag = with_verdict(tag, Checked("passed", f"20261123T184012Z-builder-{number:04}", "0" * 8))
    assert len(tag) <= LONGEST
    assert history(tag)[-1].run.endswith("0019")
    assert len(history(tag)) < 20
