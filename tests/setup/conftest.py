"""Stand-ins for the programs that set-up looks for: small shell scripts."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.setup import plugin, python
from pipeline.setup.places import Places
from pipeline.setup.reporting import Reporter

Script = Callable[[Path, str], Path]

PACKER = """
case "$1 $2" in
  "version ") echo "Packer v{version}" ;;
  "plugins installed") {installed} ;;
  "plugins install")
    [ "$3" = --path ] || exit 1
    mkdir -p "$PACKER_PLUGIN_PATH/$5" && cp "$4" "$PACKER_PLUGIN_PATH/$5/packer-plugin-azure_v0" ;;
esac
"""


@pytest.fixture
def script() -> Script:
    """Write a shell script that can be run."""

    def write(path: Path, body: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{body}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.fixture
def plugin_script(script: Script) -> Callable[[Path, str], Path]:
    """Write a plugin that can only describe itself."""
    return lambda path, version: script(path, f"""echo '{{"version": "{version}"}}'""")


@pytest.fixture
def packer_script(script: Script) -> Callable[..., Path]:
    """Write a Packer that can install a plugin from a file, and lists those it is told of."""

    def write(path: Path, version: str = "1.16.0", installed: tuple[Path, ...] = ()) -> Path:
        listed = "; ".join(f"echo {each}" for each in installed) or ":"
        return script(path, PACKER.format(version=version, installed=listed))

    return write


@pytest.fixture
def default_version(places: Places) -> Callable[[], str]:
    """Ask the plugin in the default folder for its version."""

    def ask() -> str:
        (binary,) = (places.packer_share / "plugins").glob("github.com/hashicorp/azure/*")
        return plugin.version_of(binary)

    return ask


@pytest.fixture
def reporter() -> Reporter:
    """A reporter that nobody reads but the test."""
    return Reporter(io.StringIO())


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Folders of its own, a PATH that is `bin` alone, no plugin given.

    Its virtual environment is the one that runs the tests, by a link: making one takes half
    a minute.
    """
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("BAKESWAP_PACKER_PLUGIN", raising=False)
    folders = Places(tmp_path / "checkout", tmp_path / "cache")
    folders.cache.mkdir()
    (folders.venv / "bin").mkdir(parents=True)
    folders.python.symlink_to(sys.executable)
    (folders.venv / "made-from").write_text(python.fingerprint())
    return folders
