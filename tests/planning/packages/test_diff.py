"""What changed between two versions, for a terminal, a page and release notes."""

from __future__ import annotations

from dataclasses import replace

from pipeline.planning.build.fingerprint import changed_between
from pipeline.planning.names import Tag
from pipeline.planning.packages.changes import Change
from pipeline.planning.packages.diff import Checked, Diff, brief, checks_changed
from tests.planning.build.examples import WEB, baked, with_input

OPENSSL = Change("openssl", "amd64", "3.0.15-1", "3.0.17-1", "security")
FOUND = Diff(
    "web",
    "1.0.0",
    "1.0.1",
    (OPENSSL, Change("curl", "amd64", "7", "8", "other"), Change("own", "amd64", "", "2")),
    ("images/web/files/index.html changed",),
    ("1a2b3c4 Say <hello>",),
    ("new: test_web::test_it_serves passed",),
    ("classes of packages: no apt",),
)


def test_a_table_names_every_package_and_then_the_rest() -> None:
    table = FOUND.table
    assert table.rows == (
        ("openssl", "3.0.15-1", "3.0.17-1", "security"),
        ("curl", "7", "8", "other"),
        ("own", "-", "2", "-"),
    )
    assert table.notes == (
        "web 1.0.0 -> 1.0.1: 3 packages changed, 1 for security: openssl 3.0.15-1 -> 3.0.17-1",
        "input: images/web/files/index.html changed",
        "commit: 1a2b3c4 Say <hello>",
        "check: new: test_web::test_it_serves passed",
        "not known: classes of packages: no apt",
    )


def test_release_notes_are_markdown() -> None:
    assert FOUND.markdown == (
        "## web 1.0.0 -> 1.0.1\n\n### Packages\n\n"
        "3 packages changed, 1 for security: openssl 3.0.15-1 -> 3.0.17-1.\n\n"
        "| package | before | after | class |\n| --- | --- | --- | --- |\n"
        "| openssl | 3.0.15-1 | 3.0.17-1 | security |\n| curl | 7 | 8 | other |\n"
        "| own | - | 2 | - |\n\n"
        "### Inputs\n\n- images/web/files/index.html changed\n\n"
        "### Commits\n\n- 1a2b3c4 Say &lt;hello>\n\n"
        "### Checks\n\n- new: test_web::test_it_serves passed\n\n"
        "### Not known\n\n- classes of packages: no apt\n"
    )


def test_packages_that_are_not_known_are_not_the_same_packages() -> None:
    unknown = Diff("web", "1.0.0", "1.0.1", None)
    assert unknown.table.notes == ()
    assert unknown.markdown == "## web 1.0.0 -> 1.0.1\n"
    assert unknown.document["packages"] is None
    same = replace(unknown, packages=())
    assert same.table.notes == ("web 1.0.0 -> 1.0.1: the same packages",)
    assert "the same packages." in same.markdown
    assert FOUND.document["packages"][0]["class"] == "security"


def test_changes_are_told_in_one_line() -> None:
    assert brief((Change("curl", "amd64", "7", "8"),)) == "1 package changed"
    four = tuple(replace(OPENSSL, name=name) for name in "abcd")
    assert brief(four) == (
        "4 packages changed, 4 for security: a 3.0.15-1 -> 3.0.17-1, b 3.0.15-1 -> 3.0.17-1,"
        " c 3.0.15-1 -> 3.0.17-1 and 1 more"
    )


def test_tests_are_compared_by_name() -> None:
    before, after = Checked(("a", "b", "same"), ()), Checked(("c", "same"), ("b",))
    assert checks_changed(before, after) == ("gone: a", "b passed -> failed", "new: c passed")


def test_inputs_are_compared_by_their_tags() -> None:
    image = with_input(WEB, "images/web/files/new.html", "8" * 64)
    page = with_input(image, "images/web/files/index.html", "9" * 64)
    before, after = baked("1.0.0").tags, baked("1.0.1", page).tags
    assert changed_between(page, before, after) == (
        "images/web/files/index.html changed",
        "images/web/files/new.html is new",
    )
    gone = changed_between(WEB, after, before)
    assert len(gone) == 2
    assert any(one.startswith("an input that is gone (") for one in gone)
    assert changed_between(WEB, before, before) == ()
    base = {**before, Tag.BASE: "another"}
    assert changed_between(WEB, before, base) == (f"base {before[Tag.BASE]} -> another",)
    assert changed_between(WEB, {Tag.FINGERPRINT: "1"}, {Tag.FINGERPRINT: "2"}) == (
        "the inputs changed",
    )
