"""What makes `nightly` bake an image again, and what it tells of and leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.definition.model import GalleryBase, Image
from pipeline.definition.rebuilding import Reason
from pipeline.planning.build.build import plan_nightly
from pipeline.planning.build.fingerprint import fingerprint
from pipeline.planning.build.rebuilding import Forced, forced, told_of
from pipeline.planning.evidence.inventory import Inventory, Package
from pipeline.planning.names import Tag
from pipeline.planning.packages.changes import Change
from pipeline.planning.packages.prediction import Prediction, judged
from tests.planning.build.examples import BASE, NEWER_BASE, WEB, baked, survey, with_input

PAGE = "images/web/files/index.html"
OPENSSL = Change("openssl", "amd64", "3.0.15-1", "3.0.17-1", "security")
CURL = Change("curl", "amd64", "7", "8", "other")
OLD = baked("1.0.7", check="passed")


def on(*reasons: Reason, image: Image = WEB, max_age: float = 0.0) -> Image:
    """The image, rebuilt for these reasons."""
    return replace(image, rebuild_on=frozenset(reasons), max_age=max_age)


def foretold(*found: Change) -> Prediction:
    """A prediction of two packages with these changes."""
    packages = (Package("curl", "8", "amd64"), Package("openssl", "3.0.17-1", "amd64"))
    return Prediction(packages, found, "bake")


def test_a_newer_base_waits_where_it_is_not_named() -> None:
    build = plan_nightly(survey(on("inputs"), base=NEWER_BASE, versions=(OLD,)))
    assert build.plan.is_empty
    assert build.version == "1.0.7"
    assert build.why == (
        f"web 1.0.7 passed its check; rebuild_on does not name base (base {BASE} -> {NEWER_BASE})"
    )


def test_inputs_that_changed_wait_where_they_are_not_named() -> None:
    image = with_input(on("base"), PAGE, "9" * 64)
    build = plan_nightly(survey(image, versions=(OLD,)))
    assert build.why == (
        f"web 1.0.7 passed its check; rebuild_on does not name inputs ({PAGE} changed)"
    )


def test_one_reason_that_is_named_is_enough() -> None:
    image = with_input(on("inputs"), PAGE, "9" * 64)
    build = plan_nightly(survey(image, base=NEWER_BASE, versions=(OLD,)))
    assert build.version == "1.0.8"
    assert not build.plan.is_empty


def test_a_parent_is_a_base_of_its_own_kind() -> None:
    parent = GalleryBase("", "golden", "1.0.0")
    image = replace(on("base"), base=replace(parent, version="latest"))
    tags = {Tag.BASE: str(parent), Tag.FINGERPRINT: fingerprint(image, parent)}
    old = replace(OLD, tags={**OLD.tags, **tags})
    now = replace(survey(image, versions=(old,)), base=replace(parent, version="1.0.1"))
    assert "rebuild_on does not name parent" in plan_nightly(now).why
    named = replace(now, image=replace(image, rebuild_on=frozenset({"parent"})))
    assert not plan_nightly(named).plan.is_empty


@pytest.mark.parametrize("check", ["", "failed"])
def test_what_did_not_pass_its_check_never_stands(check: str) -> None:
    old = replace(OLD, tags={**OLD.tags, Tag.CHECK: check})
    build = plan_nightly(survey(on("inputs"), base=NEWER_BASE, versions=(old,)))
    assert build.version == "1.0.8"


def test_what_was_revoked_or_is_at_its_end_does_not_stand() -> None:
    revoked = replace(OLD, tags={**OLD.tags, Tag.REVOKED: "2026-11-23T18:15:00Z"})
    for ended in (revoked, replace(OLD, seconds_left=60.0, end_of_life="2026-11-24")):
        build = plan_nightly(survey(on("inputs"), base=NEWER_BASE, versions=(ended,)))
        assert build.version == "1.0.8"


def test_a_first_version_is_baked_in_any_case() -> None:
    assert plan_nightly(survey(on())).version == "1.0.0"


def test_a_version_that_has_its_inputs_is_baked_again_for_its_packages() -> None:
    because = Forced("1.0.7", "since 1.0.7: openssl 3.0.15-1 -> 3.0.17-1 (security)")
    build = plan_nightly(survey(on("security"), versions=(OLD,)), because=because)
    assert build.plan.title == (
        "build web 1.0.8 (since 1.0.7: openssl 3.0.15-1 -> 3.0.17-1 (security))"
    )


def test_one_that_stands_in_spite_of_its_base_is_baked_for_its_packages_too() -> None:
    because = Forced("1.0.7", "since 1.0.7: openssl 3.0.15-1 -> 3.0.17-1 (security)")
    now = survey(on("security"), base=NEWER_BASE, versions=(OLD,))
    assert plan_nightly(now, because=because).why == because.why


def test_a_version_that_somebody_baked_meanwhile_is_not_baked_again() -> None:
    because = Forced("1.0.7", "since 1.0.7: openssl 3.0.15-1 -> 3.0.17-1 (security)")
    newer = baked("1.0.8", check="passed")
    build = plan_nightly(survey(on("security"), versions=(OLD, newer)), because=because)
    assert build.plan.is_empty


@pytest.mark.parametrize(
    ("image", "found", "why"),
    [
        (on("inputs"), (OPENSSL,), ""),
        (on("security"), (CURL,), ""),
        (on("security"), (), ""),
        (
            on("security"),
            (OPENSSL, CURL),
            "since 1.0.7: openssl 3.0.15-1 -> 3.0.17-1 (security) and 1 more",
        ),
        (on("packages"), (CURL,), "since 1.0.7: curl 7 -> 8"),
    ],
)
def test_packages_force_a_bake_where_they_are_named(
    image: Image, found: tuple[Change, ...], why: str
) -> None:
    because = forced(image, "1.0.7", foretold(*found))
    assert (because.why if because else "") == why


@pytest.mark.parametrize(
    ("seconds", "words"), [(30 * 86400, "30d"), (36 * 3600, "36h"), (90 * 60, "90m")]
)
def test_an_old_version_is_baked_again(seconds: float, words: str) -> None:
    because = forced(on(max_age=seconds), "1.0.7", None, is_too_old=True)
    assert because == Forced("1.0.7", f"1.0.7 is older than max_age, {words}")


def test_a_prediction_is_verified_by_a_bake() -> None:
    because = forced(on(), "1.0.7", foretold(), verify=True)
    assert because == Forced("1.0.7", "since 1.0.7: to verify what is foretold")


def test_what_is_told_of_packages() -> None:
    assert told_of(on("inputs"), None, "no apt") == ""
    assert told_of(on("security"), None, "no apt") == "; no apt"
    assert told_of(on("security"), foretold(), "") == "; no newer packages"
    assert told_of(on("security"), foretold(CURL), "") == (
        "; 1 package differs today (0 for security), which rebuild_on does not name"
    )


def test_a_bake_is_compared_with_what_was_foretold() -> None:
    prediction = foretold(CURL)
    left = Inventory("dpkg", "debian-12", prediction.packages)
    right = judged(prediction, left)
    assert (right.is_right, right.words) == (True, "as foretold: 2 packages")
    wrong = judged(prediction, replace(left, packages=left.packages[:1]))
    assert (wrong.is_right, wrong.words) == (False, "not as foretold: openssl 3.0.17-1 (gone)")
    assert not judged(prediction, None).is_right
