"""Which Packer is taken, and what is accepted from the vendor."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.error import URLError

import pytest

from pipeline.setup import packer
from pipeline.setup.packer import RELEASES, VERSION, Fetch
from pipeline.setup.places import Places, system
from pipeline.setup.reporting import Reporter, SetupError

ARCHIVE = f"packer_{VERSION}_{system()}.zip"


def vendor(answers: Mapping[str, bytes]) -> Fetch:
    """A vendor that serves these files and cannot be reached for others."""

    def get(url: str) -> bytes:
        if (name := url.removeprefix(f"{RELEASES}/")) not in answers:
            raise URLError("no route to host")
        return answers[name]

    return get


def archive(content: bytes) -> bytes:
    """A release with this as Packer."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as release:
        release.writestr("LICENSE.txt", "BUSL")
        release.writestr("packer", content)
    return packed.getvalue()


def test_a_packer_on_path_is_taken(places: Places, packer_script: Callable[..., Path]) -> None:
    mine = packer_script(places.repository.parent / "bin" / "packer", "1.10.0")

    assert packer.find(places) == mine


@pytest.mark.parametrize("told", ["Packer v1.9.5", "0 0", "Packer v1.6.6\n\nYour version"])
def test_an_old_packer_or_another_program_of_that_name_is_passed_by(
    places: Places, script: Callable[[Path, str], Path], told: str
) -> None:
    script(places.repository.parent / "bin" / "packer", f"printf '{told}'")

    assert packer.find(places) is None


def test_our_own_link_is_not_mistaken_for_the_users_packer(
    places: Places, packer_script: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(places.packer.parent))
    packer_script(places.packer)

    assert packer.find(places) is None


def test_one_built_before_is_used_again(places: Places, packer_script: Callable[..., Path]) -> None:
    cached = packer_script(places.cached("packer", VERSION))

    assert packer.find(places) == cached


def test_a_release_with_the_listed_checksum_is_unpacked(places: Places, reporter: Reporter) -> None:
    release = archive(b"#!/bin/sh\n")
    sums = f"{'0' * 64}  packer_other.zip\n{hashlib.sha256(release).hexdigest()}  {ARCHIVE}\n"
    get = vendor({f"packer_{VERSION}_SHA256SUMS": sums.encode(), ARCHIVE: release})

    binary = packer.fetch(places, reporter, get)

    assert binary == places.cached("packer", VERSION)
    assert binary.read_bytes() == b"#!/bin/sh\n"
    assert os.access(binary, os.X_OK)


def test_a_release_with_another_checksum_is_refused_and_not_kept(
    places: Places, reporter: Reporter
) -> None:
    sums = f"{'0' * 64}  {ARCHIVE}\n"
    get = vendor({f"packer_{VERSION}_SHA256SUMS": sums.encode(), ARCHIVE: archive(b"other")})

    with pytest.raises(SetupError, match=f"{ARCHIVE}.*checksum"):
        packer.fetch(places, reporter, get)

    assert not places.cached("packer", VERSION).exists()


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {f"packer_{VERSION}_SHA256SUMS": b"<html>this site is blocked</html>"},
        {f"packer_{VERSION}_SHA256SUMS": f"{'0' * 64}  {ARCHIVE}".encode()},
    ],
    ids=["nothing", "a page of a proxy", "the list alone"],
)
def test_a_vendor_out_of_reach_is_no_error(
    places: Places, reporter: Reporter, answers: dict[str, bytes]
) -> None:
    assert packer.fetch(places, reporter, vendor(answers)) is None
