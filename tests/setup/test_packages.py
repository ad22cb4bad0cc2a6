"""Which system packages are missing, and what the user is told when nobody can install them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pipeline.setup import packages
from pipeline.setup.packages import Need
from pipeline.setup.places import Places
from pipeline.setup.reporting import Reporter, SetupError

THERE = Need("bash", lambda: True)
GONE = Need("haproxy", lambda: False)
ALSO_GONE = Need("qemu-utils", lambda: False)


def test_only_what_is_missing_is_named() -> None:
    assert packages.missing([THERE, GONE, ALSO_GONE]) == ["haproxy", "qemu-utils"]


def test_nothing_missing_means_nothing_said_and_nothing_run(tmp_path: Path) -> None:
    reporter = Reporter(io.StringIO())

    packages.ensure([THERE], Places(tmp_path, tmp_path / "cache"), reporter)

    assert not reporter.said_something
    assert not (tmp_path / "cache").exists()


def test_without_apt_or_root_the_packages_and_the_command_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SetupError) as failure:
        packages.ensure(
            [THERE, GONE, ALSO_GONE], Places(tmp_path, tmp_path), Reporter(io.StringIO())
        )

    assert failure.value.problem == "missing system packages: haproxy qemu-utils"
    assert failure.value.command == (
        "sudo apt-get update && "
        "sudo apt-get install --yes --no-install-recommends haproxy qemu-utils"
    )
