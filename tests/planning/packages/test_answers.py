"""What apt prints, as values: a simulation, errors, the table of versions."""

from __future__ import annotations

import pytest

from pipeline.planning.evidence.inventory import Package
from pipeline.planning.packages import dpkg
from pipeline.planning.packages.answers import (
    Installed,
    Offered,
    closes,
    first_error,
    offers,
    security_files,
    simulation,
    unknown,
)
from pipeline.planning.packages.changes import Change, changes, classified, in_words

SIMULATED = """\
NOTE: This is only a simulation!
Remv libold1 [1.0]
Remv wine:i386 [9] [wine32:i386 ]
Inst openssl [3.0.15-1] (3.0.17-1 Debian:12.11/stable, Debian-Security:12/stable-security [amd64])
Inst libnew (1.0 Debian:12.11/stable [all]) []
Inst libc6:i386 [2.36-9] (2.36-10 Debian:12.11/stable [i386])
Conf openssl (3.0.17-1 Debian:12.11/stable, Debian-Security:12/stable-security [amd64])
"""

FILES = """\
Package files:
 100 /cache/status
     release a=now
 500 http://example.com/debian-security stable-security/main amd64 Packages
     release v=12,o=Debian,a=oldstable-security,n=bookworm-security,l=Debian-Security,c=main,b=amd64
     origin example.com
 500 http://example.com/ubuntu jammy-security/main amd64 Packages
     release v=22.04,o=Ubuntu,a=jammy-security,n=jammy,l=Ubuntu,c=main,b=amd64
 500 http://example.com/debian stable/main amd64 Packages
     release v=12.15,o=Debian,a=oldstable,n=bookworm,l=Debian,c=main,b=amd64
     origin example.com
Pinned packages:
"""

POLICY = """\
openssl:
  Installed: 3.0.15-1
  Candidate: 3.0.17-1
  Version table:
     3.0.17-1 500
        500 http://example.com/debian stable/main amd64 Packages
     3.0.16-1 500
        500 http://example.com/debian-security stable-security/main amd64 Packages
        500 http://example.com/debian stable/main amd64 Packages
 *** 3.0.15-1 100
        100 /cache/status
libc6:i386:
  Installed: 2.36-9
  Version table:
     2.36-10 -1
        500 http://example.com/debian stable/main amd64 Packages
"""


def test_a_simulation_tells_what_is_installed_and_removed() -> None:
    found = simulation(SIMULATED)
    assert found.installed == (
        Installed("openssl", "3.0.15-1", "3.0.17-1", "amd64"),
        Installed("libnew", "", "1.0", "all"),
        Installed("libc6", "2.36-9", "2.36-10", "i386"),
    )
    assert found.removed == (("libold1", ""), ("wine", "i386"))


def test_packages_that_no_index_has_are_named() -> None:
    errors = (
        "E: Unable to locate package shop-agent\n"
        "E: Package 'php7' has no installation candidate\n"
        "E: Package php8 has no installation candidate\n"
    )
    assert unknown(errors) == {"shop-agent", "php7", "php8"}


@pytest.mark.parametrize(
    ("errors", "first"),
    [
        ("W: old\nE: no such suite\nE: more", "no such suite"),
        ("something else", "something else"),
        ("", ""),
    ],
)
def test_the_first_error_is_told(errors: str, first: str) -> None:
    assert first_error(errors) == first


def test_a_security_suite_is_known_by_its_label_or_as_ubuntu_calls_it() -> None:
    assert security_files(FILES) == {
        "http://example.com/debian-security stable-security/main amd64 Packages",
        "http://example.com/ubuntu jammy-security/main amd64 Packages",
    }


def test_every_version_of_an_index_is_offered_with_its_class() -> None:
    found = offers(POLICY, security_files(FILES))
    assert found == {
        "openssl": (Offered("3.0.17-1", False), Offered("3.0.16-1", True)),
        "libc6:i386": (Offered("2.36-10", False),),
    }
    assert offers("", frozenset()) == {}


def test_a_fix_that_was_skipped_counts_and_one_that_is_newer_still_does_not() -> None:
    rows = (Offered("3.0.17-1", False), Offered("3.0.16-1", True))
    assert closes(rows, "3.0.15-1", "3.0.17-1", dpkg.Version)
    assert not closes(rows, "3.0.16-1", "3.0.17-1", dpkg.Version)
    assert not closes(rows, "3.0.14-1", "3.0.15-1", dpkg.Version)


def test_changes_are_told_security_first() -> None:
    before = (
        *(Package("curl", "7", "amd64"), Package("openssl", "3.0.15-1", "amd64")),
        *(Package("libold1", "1", "amd64"), Package("own", "1", "amd64")),
    )
    after = (
        *(Package("curl", "8", "amd64"), Package("openssl", "3.0.17-1", "amd64")),
        *(Package("libnew1", "1", "amd64"), Package("own", "2", "amd64")),
    )
    offered = {
        "curl": (Offered("8", False),),
        "openssl": (Offered("3.0.17-1", True),),
    }
    found = classified(changes(before, after, dpkg.Version), offered, {}, dpkg.Version)
    assert [str(one) for one in found] == [
        "openssl 3.0.15-1 -> 3.0.17-1 (security)",
        "curl 7 -> 8",
        "libnew1 1 (new)",
        "libold1 1 (gone)",
        "own 1 -> 2",
    ]
    assert [one.kind for one in found] == ["security", "other", "", "", ""]
    assert in_words(found) == "openssl 3.0.15-1 -> 3.0.17-1 (security) and 4 more"
    assert in_words(found[1:2]) == "curl 7 -> 8"
    assert Change("a", "all", "1", "2", "other").document == {
        "name": "a", "architecture": "all", "old": "1", "new": "2", "class": "other",
    }  # fmt: skip
