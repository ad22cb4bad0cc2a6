"""Which version of its parent an image is made of."""

from __future__ import annotations

import pytest

from pipeline.planning.lineage import lineage
from pipeline.planning.names import Tag
from pipeline.planning.versions import ImageVersion

PASSED = {Tag.CHECK: "passed"}
GOLDEN = (
    ImageVersion("1.0.0", exclude_from_latest=False, tags=PASSED),
    ImageVersion("1.0.1", exclude_from_latest=False, tags=PASSED),
    ImageVersion("1.0.2"),  # nobody checked it
)


@pytest.mark.parametrize(
    ("version", "base", "told", "document"),
    [
        ("1.0.7", "shop/golden/1.0.1", "web 1.0.7 is made of golden 1.0.1", ("1.0.1", "1.0.1")),
        (
            "1.0.7",
            "sub/group/shop/golden/1.0.0",
            "web 1.0.7 is made of golden 1.0.0, and golden 1.0.1 passed its check:"
            " invoke build-image web",
            ("1.0.0", "1.0.1"),
        ),
        (
            "1.0.7",
            "Debian:debian-12:12-gen2:0.20260101.1",
            "web is to be made of golden, and golden 1.0.1 passed its check:"
            " invoke build-image web",
            ("", "1.0.1"),
        ),
        (
            "",
            "",
            "web is to be made of golden, and golden 1.0.1 passed its check:"
            " invoke build-image web",
            ("", "1.0.1"),
        ),
    ],
)
def test_a_newer_parent_is_told_with_the_command_that_builds_on_it(
    version: str, base: str, told: str, document: tuple[str, str]
) -> None:
    found = lineage("web", version, base, "golden", GOLDEN)
    assert str(found) == told
    made_of, last = document
    wanted = {"image": "golden", "version": made_of, "newest": last, "revoked": ""}
    assert found.document == wanted


def test_a_parent_that_was_revoked_is_told_with_the_reason() -> None:
    tags = {**PASSED, Tag.REVOKED: "2026-11-23T18:15:00Z", Tag.REVOKED_WHY: "CVE-2026-1"}
    versions = (*GOLDEN[:1], ImageVersion("1.0.1", tags=tags))
    found = lineage("web", "1.0.7", "shop/golden/1.0.1", "golden", versions)
    assert str(found) == (
        "web 1.0.7 is made of golden 1.0.1: it was revoked on 2026-11-23T18:15:00Z: CVE-2026-1,"
        " and golden 1.0.0 passed its check: invoke build-image web"
    )
    assert found.document["revoked"] == "it was revoked on 2026-11-23T18:15:00Z: CVE-2026-1"


def test_a_parent_without_a_version_is_no_reason_to_build() -> None:
    assert str(lineage("web", "", "", "golden", ())) == "web is to be made of golden"
