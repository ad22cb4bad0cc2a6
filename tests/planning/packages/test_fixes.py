"""Security fixes that are open, in words."""

from __future__ import annotations

import pytest

from pipeline.planning.evidence.inventory import Package
from pipeline.planning.packages import dpkg
from pipeline.planning.packages.answers import Offered
from pipeline.planning.packages.changes import Change, fixes
from pipeline.planning.packages.fixes import OpenFixes


@pytest.mark.parametrize(
    ("packages", "age", "words"),
    [
        ((), 30.0, "no security fixes open, as of 30 s ago"),
        (("openssl",), 7200.0, "1 security fix open (openssl), as of 2 h ago"),
        (tuple("abcd"), 259200.0, "4 security fixes open (a, b, c and 1 more), as of 3 days ago"),
        (("a", "b"), 120.0, "2 security fixes open (a, b), as of 2 min ago"),
    ],
)
def test_open_fixes_are_told_with_their_age(
    packages: tuple[str, ...], age: float, words: str
) -> None:
    found = OpenFixes(packages, age)
    assert str(found) == words
    assert found.document == {"open": len(packages), "packages": list(packages), "age": age}


def test_a_fix_is_the_newest_of_a_security_suite() -> None:
    packages = (
        *(Package("curl", "9", "amd64"), Package("openssl", "3.0.15-1", "amd64")),
        Package("own", "1", "amd64"),
    )
    offered = {
        "curl": (Offered("8", True),),
        "openssl": (
            *(Offered("3.0.20-1", False), Offered("3.0.17-1", True), Offered("3.0.16-1", True)),
        ),
    }
    assert fixes(packages, offered, {}, dpkg.Version) == (
        Change("openssl", "amd64", "3.0.15-1", "3.0.17-1", "security"),
    )
