"""Image versions: which are eligible, and which number comes next."""

from __future__ import annotations

import pytest

from pipeline.planning.build.definition_body import used
from pipeline.planning.versions import ImageVersion, newest, next_name


def version(name: str) -> ImageVersion:
    return ImageVersion(name)


def test_the_first_version_of_a_series_ends_in_zero() -> None:
    assert next_name("1.0", ()) == "1.0.0"
    assert next_name("2.0", (version("1.0.0"),)) == "2.0.0"


def test_numbers_are_numbers_and_not_text() -> None:
    versions = (version("1.0.9"), version("1.0.10"), version("0.9.99"))

    assert next_name("1.0", versions) == "1.0.11"
    assert newest(versions) == version("1.0.10")


def test_a_failed_version_keeps_its_number() -> None:
    failed = ImageVersion("1.0.1", provisioning_state="Failed")

    assert next_name("1.0", (version("1.0.0"), failed)) == "1.0.2"


def test_nothing_is_the_newest_of_nothing() -> None:
    assert newest(()) is None


@pytest.mark.parametrize(
    ("state", "excluded", "check", "why"),
    [
        ("Succeeded", False, "passed", ""),
        ("Updating", False, "passed", ""),
        ("Succeeded", True, "", "it was not checked"),
        ("Succeeded", False, "", "it was not checked"),
        ("Succeeded", True, "failed", "its check failed"),
        ("Succeeded", True, "passed", "it is excluded from latest"),
        ("Creating", True, "", "its provisioning state is Creating"),
    ],
)
def test_a_version_is_eligible_only_when_made_checked_and_not_excluded(
    state: str, excluded: bool, check: str, why: str
) -> None:
    found = ImageVersion("1.0.0", state, excluded, {"check": check} if check else {})

    assert found.why_not_eligible() == why
    assert found.is_eligible is (why == "")


def test_a_number_that_was_used_once_is_never_used_again() -> None:
    assert next_name("1.0", (version("1.0.0"),), "1.0.5") == "1.0.6"
    assert next_name("1.0", (version("1.0.7"),), "1.0.5") == "1.0.8"
    assert next_name("1.0", (), "1.0.0") == "1.0.1"
    assert next_name("1.1", (), "1.0.5") == "1.1.0"


@pytest.mark.parametrize(
    ("tags", "version_now", "last"),
    [({}, "1.0.5", "1.0.5"), ({"last-1.0": "1.0.9"}, "1.0.5", "1.0.9")],
)
def test_the_highest_number_of_a_series_never_goes_down(
    tags: dict[str, str], version_now: str, last: str
) -> None:
    body = {"tags": {"theirs": "kept", **tags}}
    assert used(body, version_now) == {"tags": {"theirs": "kept", "last-1.0": last}}
