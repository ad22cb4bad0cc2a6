"""dpkg's status files and its order of versions."""

from __future__ import annotations

import itertools
import shutil
import subprocess

import pytest

from pipeline.planning.evidence.inventory import Package
from pipeline.planning.packages.dpkg import Version, automatic, fields, installed, reduced

STATUS = """\
Package: openssl
Status: install ok installed
Architecture: amd64
Version: 3.0.15-1
Depends: libc6 (>= 2.34),
 libssl3 (>= 3.0.9)
Description: Secure Sockets Layer toolkit
 This package is part of the OpenSSL project.

Package: libssl3
Status: hold ok installed
Architecture: amd64
Source: openssl (3.0.15-1)
Version: 3.0.15-1+b1
Conffiles:
 /etc/ssl/openssl.cnf 00000000000000000000000000000000
Depends: libc6 (>= 2.34)

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: broken
Status: install ok installed
"""

ORDERED = (
    *("0.9", "1.0~~", "1.0~~a", "1.0~", "1.0~rc1", "1.0~rc1-1", "1.0", "1.0-1~deb12u2", "1.0-1"),
    *("1.0-1+deb12u1", "1.0-1.1", "1.0a", "1.0a1", "1.0+b1", "1.0.1", "1.0.a", "1.9", "1.10", "2"),
    *("20230101", "1:0.5"),
)


def test_packages_are_those_that_are_installed() -> None:
    assert installed(STATUS) == (
        Package("libssl3", "3.0.15-1+b1", "amd64", "openssl", "3.0.15-1"),
        Package("openssl", "3.0.15-1", "amd64"),
    )


def test_what_nobody_resolves_by_is_left_out() -> None:
    text = reduced(STATUS)
    assert "OpenSSL project" not in text
    assert "openssl.cnf" not in text
    assert " libssl3 (>= 3.0.9)" in text
    assert installed(text) == installed(STATUS)
    assert reduced("") == ""


def test_a_folded_field_without_a_name_is_kept() -> None:
    assert fields(" lost\nPackage: a") == {"": "\n lost", "package": "a"}


def test_packages_for_others_sake_are_marked() -> None:
    text = (
        "Package: a\nArchitecture: amd64\nAuto-Installed: 1\n\n"
        "Package: b\nArchitecture: amd64\nAuto-Installed: 0\n"
    )
    assert automatic(text) == {("a", "amd64")}


@pytest.mark.parametrize(("older", "newer"), list(itertools.pairwise(ORDERED)))
def test_versions_have_an_order(older: str, newer: str) -> None:
    assert Version(older) < Version(newer)
    assert Version(newer) > Version(older)


def test_some_versions_are_the_same() -> None:
    assert Version("1.0") == Version("0:1.00-0")
    assert len({Version("1.0"), Version("1.0-0"), Version("1.1")}) == 2
    assert Version("1.0") != "1.0"
    assert Version("x:1.0") == Version("0:1.0")


@pytest.mark.skipif(not shutil.which("dpkg"), reason="there is no dpkg on this machine")
def test_the_order_is_dpkgs() -> None:
    pairs = list(itertools.product(ORDERED[::2], ORDERED[1::2]))
    told = {
        (one, other): not subprocess.run(
            ["dpkg", "--compare-versions", one, "lt", other], check=False
        ).returncode
        for one, other in pairs
    }
    assert told == {(one, other): Version(one) < Version(other) for one, other in pairs}
