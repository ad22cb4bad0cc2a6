"""Revoking a version: its plan, what it refuses from then on, and how what serves is left."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from pipeline.advice import Command, build_image, promote, revoke, rollback, stage
from pipeline.errors import Refused, UsageError
from pipeline.planning.names import Tag
from pipeline.planning.revoke.plan import Child, RevokeSurvey, plan_restore, plan_revoke
from pipeline.planning.swap.leaving import foreseen, leave, urgent
from pipeline.planning.swap.promotion import plan_promotion
from pipeline.planning.swap.rollback import plan_rollback
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.swap.status import status_of, table
from pipeline.planning.swap.survey import Survey
from pipeline.planning.versions import ImageVersion
from tests.planning.swap.examples import (
    PROMOTE,
    ROLLBACK,
    SERVED,
    SINCE,
    V0,
    V1,
    scale_set,
    surveyed,
    swap_tags,
)
from tests.planning.swap.test_status import never

WHEN = "2026-11-23T18:15:00Z"
TOLD = f"it was revoked on {WHEN} by ann@runner-7: CVE-2026-1"
REVOKED = {
    Tag.CHECK: "passed",
    Tag.REVOKED: WHEN,
    Tag.REVOKED_BY: "ann@runner-7",
    Tag.REVOKED_WHY: "CVE-2026-1",
}
BEFORE = scale_set("1.0.0", tags=SERVED)
SERVING = scale_set("1.0.1", tags={"served-since": SINCE})
STAGED = scale_set("1.0.1")


def good(name: str, **fields: object) -> ImageVersion:
    """A version that passed its check."""
    found = ImageVersion(name, exclude_from_latest=False, tags={Tag.CHECK: "passed"})
    return replace(found, **fields)  # type: ignore[arg-type]  # its fields, by name


def bad(name: str) -> ImageVersion:
    """A version that was revoked."""
    return ImageVersion(name, tags=REVOKED)


def promoted(*versions: ImageVersion) -> Survey:
    """1.0.1 serves, 1.0.0 is the way back."""
    return replace(surveyed(SERVING, BEFORE, tags=swap_tags(V1, V0)), versions=versions)


def staged(*versions: ImageVersion) -> Survey:
    """1.0.0 serves, 1.0.1 is staged."""
    now = surveyed(scale_set("1.0.0", tags={"served-since": SINCE}), STAGED, staging=V1)
    return replace(now, versions=versions)


def known(*versions: ImageVersion, **more: object) -> RevokeSurvey:
    """What is known of web when one of its versions is revoked."""
    return replace(RevokeSurvey("web", "images", versions), **more)  # type: ignore[arg-type]


def test_the_plan_of_a_revocation_tells_whom_it_concerns_and_how_to_leave_it() -> None:
    now = promoted(good("1.0.0"), good("1.0.1"))
    found = known(*now.versions, running=(now,), children=(Child("shop", "2.0.0"),))
    plan = plan_revoke(found, "1.0.1", by="ann@runner-7", why="CVE-2026-1\n in openssl")

    assert str(plan) == (
        "Plan: revoke web 1.0.1\n"
        "   1  mark web 1.0.1 revoked, out of `latest`: CVE-2026-1 in openssl\n"
        "note: web 1.0.1 is in production (serving); revoking it changes nothing there\n"
        "note: shop 2.0.0 is made of it"
    )
    assert plan.inverse == revoke("web", "1.0.1", undo=True)
    commands = [str(one.command) for one in plan.advice]
    assert commands[:2] == ["invoke rollback web", "invoke build-image shop"]


def test_what_was_revoked_is_not_revoked_twice_and_keeps_its_reason() -> None:
    plan = plan_revoke(known(bad("1.0.1")), "1.0.1", by="bob@x", why="again")
    assert (plan.steps, plan.because) == ((), TOLD)


def test_a_version_that_somebody_put_into_latest_again_is_taken_out() -> None:
    half = replace(bad("1.0.1"), exclude_from_latest=False)
    assert plan_revoke(known(half), "1.0.1", by="bob@x", why="again").steps


@pytest.mark.parametrize(
    ("version", "why", "error", "told"),
    [
        ("1.0.1", " ", UsageError, "why is web 1.0.1 revoked"),
        ("1.0.9", "x", UsageError, "has no web 1.0.9 (it has: 1.0.0, 1.0.1)"),
        ("1.0.0", "x", Refused, "its provisioning state is Creating; nobody can use it"),
    ],
)
def test_what_cannot_be_revoked_is_told(
    version: str, why: str, error: type[Exception], told: str
) -> None:
    found = known(good("1.0.1"), good("1.0.0", provisioning_state="Creating"))
    with pytest.raises(error) as caught:
        plan_revoke(found, version, by="ann@runner-7", why=why)
    assert told in str(caught.value)


def test_a_revocation_is_taken_back_by_a_plan_of_its_own() -> None:
    plan = plan_restore(known(bad("1.0.1")), "1.0.1")
    assert str(plan) == (
        "Plan: restore web 1.0.1\n"
        "   1  mark web 1.0.1 revoked no more: `latest` can resolve to it\n"
        f"note: {TOLD}"
    )
    assert plan.truth == "web 1.0.1 can be staged again"
    assert plan_restore(known(good("1.0.1")), "1.0.1").is_empty


def test_what_never_passed_stays_out_of_latest_when_it_is_restored() -> None:
    failed = replace(bad("1.0.1"), tags={**REVOKED, Tag.CHECK: "failed"})
    plan = plan_restore(known(failed), "1.0.1")
    assert "it stays out of `latest`" in str(plan)
    assert plan.truth == "web 1.0.1 is revoked no more, and cannot be staged"


PAST = good("1.0.1", end_of_life=WHEN, seconds_left=-1.0)
ENDED = {"revoked": (bad("1.0.1"), TOLD), "past": (PAST, f"its end of life was {WHEN}")}


@pytest.mark.parametrize("kind", ENDED)
def test_a_version_that_ended_is_neither_staged_nor_promoted(kind: str) -> None:
    version, told = ENDED[kind]
    now = staged(good("1.0.0"), version)
    for plan in (partial(plan_stage, now, "1.0.1"), partial(plan_promotion, now, PROMOTE)):
        with pytest.raises(Refused, match=r"web 1\.0\.1 cannot be promoted") as caught:
            plan()
        assert told in str(caught.value)
        assert caught.value.advice[0].command == build_image("web")


@pytest.mark.parametrize("kind", ENDED)
def test_a_rollback_to_a_version_that_ended_is_told_and_not_refused(kind: str) -> None:
    version, told = ENDED[kind]
    ended = replace(version, name="1.0.0")
    there, gone = promoted(ended, good("1.0.1")), surveyed(SERVING, tags=swap_tags(V1, V0))
    for now in (there, replace(gone, versions=there.versions)):
        plan = plan_rollback(now, ROLLBACK)
        assert plan.steps
        assert f"THIS LEADS TO 1.0.0: {told}" in plan.notes
    assert status_of(there).way_back == f"1.0.0, although {told}"


@pytest.mark.parametrize("kind", ENDED)
def test_status_says_first_that_what_serves_ended_and_how_to_leave_it(kind: str) -> None:
    version, told = ENDED[kind]
    status = status_of(promoted(good("1.0.0"), version))
    line = f"1.0.1 serves, and {told}; leave it: invoke rollback web"
    assert status.urgent == (line,)
    assert status.degraded[0] == line
    shown = str(table([status], never)).splitlines()
    assert shown[0] == f"web {line}"
    assert sum(line in one for one in shown) == 1


@pytest.mark.parametrize(
    ("now", "command"),
    [
        (staged(bad("1.0.0"), good("1.0.1")), promote("web")),
        (promoted(good("1.0.0"), bad("1.0.1")), rollback("web")),
        (promoted(bad("1.0.0"), bad("1.0.1"), good("1.0.2")), stage("web")),
        (promoted(bad("1.0.0"), bad("1.0.1")), build_image("web")),
    ],
    ids=["staged", "way back", "checked", "nothing"],
)
def test_the_quickest_way_to_a_good_version_is_advised(now: Survey, command: Command) -> None:
    assert leave(now) == command


def test_an_older_way_back_is_named_when_the_newest_is_revoked() -> None:
    older = scale_set("1.0.2", tags=SERVED)
    now = surveyed(SERVING, BEFORE, older, tags=swap_tags(V1, V0))
    now = replace(now, versions=(bad("1.0.0"), bad("1.0.1"), good("1.0.2")))
    assert leave(now) == rollback("web", "1.0.2")


def test_what_will_be_urgent_is_foreseen() -> None:
    soon = good("1.0.1", end_of_life=WHEN, seconds_left=86400.0)
    told = foreseen(promoted(bad("1.0.0"), soon))
    assert told == (
        f"1.0.1 serves, and its end of life is {WHEN}",
        f"1.0.0 (previous): {TOLD}",
    )
    assert urgent(promoted(bad("1.0.0"), soon)) == ()


def test_a_flaky_check_is_told_of_what_runs() -> None:
    runs = "failed r1 aa,passed r2 aa"
    version = good("1.0.1", tags={Tag.CHECK: "passed", Tag.CHECK_HISTORY: runs})
    status = status_of(promoted(good("1.0.0"), version))
    told = "1.0.1: its check is flaky: failed in r1, passed in r2, by the same checks"
    assert status.foreseen == (told,)
    assert f"web: {told}" in str(table([status], never))
