"""What a bake left on the captured disk: pytest runs this after an image's own checks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from testinfra.host import Host

from pipeline.hygiene.judging import EXPECTED, KINDS, Expected, Found, judged

LOOK = Path(__file__).with_name("look.sh")
SECONDS = 600
"""For the look: a disk of many millions of files takes no longer."""
_IS_SHELL = 'test "$(echo yes | tr y Y)" = Yes'


@pytest.fixture(scope="module")
def expected() -> Expected:
    """What is said of this machine and its image."""
    return Expected.read(os.environ[EXPECTED])


@pytest.fixture(scope="module")
def found(host: Host, expected: Expected) -> Found:
    """One look at the machine, as root: one command over its connection."""
    told = host.run(f"sudo -n timeout {SECONDS} sh -c %s", LOOK.read_text())
    if told.stdout:
        return judged(told.stdout, expected)
    shell = host.run("sh -c %s", _IS_SHELL)
    if shell.rc:
        pytest.skip(f"not looked at: {shell.stderr.strip() or 'it has no POSIX shell'}")
    return Found({}, f"the disk could not be looked at: {told.stderr.strip()}")


@pytest.mark.parametrize("kind", KINDS)
def test_bakeswap_hygiene(kind: str, found: Found, expected: Expected) -> None:
    """Nothing of this kind was on the captured disk, or is open."""
    if kind in expected.skip:
        pytest.skip("skipped by image.hcl")
    told = found.told(kind)
    if told:
        pytest.fail(told, pytrace=False)
