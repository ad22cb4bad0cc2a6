"""Constraints on versions, as Packer reads them."""

from __future__ import annotations

import pytest

from pipeline.setup.constraints import Constraint, parsed


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("", "0.0.1", ""),
        ("1.1.0", "1.1.0", "1.1.1"),
        ("= 1.1", "1.1.0", "1.2.0"),
        ("!= 1.1.0", "1.1.1", "1.1.0"),
        (">= 1.1.0", "2.0.0", "1.0.9"),
        ("> 1.1.0", "1.1.1", "1.1.0"),
        ("< 2, >= 1.1", "1.9.9", "2.0.0"),
        ("<= 2.0.0", "2.0.0", "2.0.1"),
        ("~> 1.1.2", "1.1.9", "1.2.0"),
        ("~> 1.1", "1.9.0", "2.0.0"),
        ("~> 1", "1.9.0", "2.0.0"),
        ("~>1.1.2", "1.1.2", "1.1.1"),
    ],
)
def test_a_constraint_allows_what_packer_allows(text: str, good: str, bad: str) -> None:
    constraint = Constraint.of(text)
    assert constraint is not None
    assert constraint.allows(parsed(good) or (0, 0, 0))
    assert not bad or not constraint.allows(parsed(bad) or (0, 0, 0))


@pytest.mark.parametrize("text", ["newest", "=> 1.0", "1.2.3.4", ">= 1.0 < 2"])
def test_what_is_no_constraint_is_none(text: str) -> None:
    assert Constraint.of(text) is None


def test_the_versions_that_a_constraint_names_are_known_without_a_list() -> None:
    named = Constraint.of("~> 1.1.4, != 1.1.6, < 2")
    assert named is not None
    assert named.named == ((1, 1, 4),)


def test_a_prerelease_is_no_version() -> None:
    assert parsed("v1.2.3-dev") is None
    assert parsed("v1.2.3") == (1, 2, 3)
