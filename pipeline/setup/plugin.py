"""Packer's Azure plugin: found, fetched by Packer, built, or given; each version in its folder."""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import re
import shutil
import tempfile
from pathlib import Path

from pipeline.setup import commands, golang
from pipeline.setup.commands import Command
from pipeline.setup.packer import QUIET
from pipeline.setup.places import Places
from pipeline.setup.reporting import Reporter, SetupError

NAME = "packer-plugin-azure"
SOURCE = "github.com/hashicorp/azure"
FROM_VENDOR = "2.6.3"
FROM_MODULES = golang.pinned(
    "plugin"
)  # no Go module proxy can serve 2.x: its tags lack the /v2 path
OLDEST = (1, 4, 5)
GIVEN = "BAKESWAP_PACKER_PLUGIN"


def in_place(places: Places) -> Path | None:
    """The default plugin, once set-up has put it there."""
    folder = places.packer_share / "plugins"
    return next(folder.glob(f"{SOURCE}/{NAME}_v*[!M]"), None)  # the other file is its _SHA256SUM


def version_of(binary: Path) -> str:
    """The version a plugin describes itself with; empty when it is not a plugin that runs here."""
    try:
        return str(json.loads(commands.output_of([binary, "describe"]) or "{}").get("version", ""))
    except ValueError:
        return ""


def find_installed(packer: Path) -> Path | None:
    """The newest plugin that Packer has for this user."""
    listed = commands.output_of([packer, "plugins", "installed"], QUIET) or ""
    installed = [Path(line) for line in listed.splitlines() if f"/{NAME}_v" in line]
    usable = [path for path in installed if _numbers(path) >= OLDEST]
    return max(usable, key=_numbers, default=None)


def find_cached(places: Places) -> Path | None:
    """The plugin that was fetched or built before."""
    for version in (FROM_VENDOR, FROM_MODULES):
        if version_of(cached := places.cached(NAME, version)) == version:
            return cached
    return None


def _numbers(binary: Path) -> tuple[int, ...]:
    """The version in an installed plugin's file name."""
    match = re.search(r"_v(\d+)\.(\d+)\.(\d+)_", binary.name)
    return tuple(map(int, match.groups())) if match else (0,)


def fetch(packer: Path, places: Places, reporter: Reporter) -> Path | None:
    """Let Packer fetch the plugin, as `packer init` would; None when it cannot."""
    cached = places.cached(NAME, FROM_VENDOR)
    with tempfile.TemporaryDirectory(dir=places.cache) as folder:
        reporter.say(f"plugin {FROM_VENDOR}: asking the vendor ...")
        command: Command = [packer, "plugins", "install", SOURCE, f"v{FROM_VENDOR}"]
        environment = {**QUIET, "PACKER_PLUGIN_PATH": folder}
        if commands.output_of(command, environment, seconds=300) is None:
            reporter.say("plugin: the vendor's releases cannot be reached")
            return None
        installed = next(Path(folder).glob(f"{SOURCE}/{NAME}_v*[!M]"))
        cached.parent.mkdir(parents=True, exist_ok=True)
        return installed.replace(cached)


def build(places: Places, reporter: Reporter, go: Path) -> Path:
    """The plugin from the Go modules that `go/plugin` pins.

    Unless told that it is no pre-release, 1.4.5 calls itself 1.4.5-dev.
    """
    binary = places.cached(NAME, FROM_MODULES)
    package = "github.com/hashicorp/packer-plugin-azure"
    with reporter.step(f"building plugin {FROM_MODULES} with Go", "beside Packer, once"):
        golang.build(
            package,
            "plugin",
            binary,
            go=go,
            places=places,
            reporter=reporter,
            ldflags=f"-X {package}/version.VersionPrerelease=",
        )
    return binary


def given(places: Places) -> Path | None:
    """The binary that BAKESWAP_PACKER_PLUGIN names, plain or .xz, as a file that can be run."""
    named = os.environ.get(GIVEN)
    if not named:
        return None
    try:
        content = Path(named).read_bytes()
        folder = places.cache / f"given-{hashlib.sha256(content).hexdigest()[:16]}"
        if not (binary := folder / NAME).exists():
            folder.mkdir(parents=True, exist_ok=True)
            unfinished = folder / ".unfinished"
            packed = named.endswith(".xz")
            unfinished.write_bytes(lzma.decompress(content) if packed else content)
            unfinished.chmod(0o755)
            unfinished.replace(binary)
    except (OSError, lzma.LZMAError) as error:
        raise SetupError(f"{GIVEN}={named}: {error}", f"unset {GIVEN}") from error
    return binary


def install(binary: Path, places: Places) -> Path:
    """Put a plugin into `.venv/share/packer/plugins-VERSION` and return that folder."""
    version = version_of(binary)
    if not version:
        raise SetupError(f"{binary} is not a Packer plugin that runs on this machine")
    folder = places.packer_share / f"plugins-{version}"
    if folder.exists():
        return folder
    places.packer_share.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=places.packer_share) as temporary:
        unfinished = Path(temporary) / folder.name
        command: Command = [places.packer, "plugins", "install", "--path", binary, SOURCE]
        environment = {**QUIET, "PACKER_PLUGIN_PATH": str(unfinished)}
        if commands.output_of(command, environment) is None:
            raise SetupError(f"Packer refuses {binary}", f"packer plugins install --path {binary}")
        return unfinished.rename(folder)


def make_default(folder: Path, places: Places) -> None:
    """Make `.venv/share/packer/plugins` hold what this folder holds.

    Its files are hard links: Packer finds nothing in a plugin path that is a symbolic link.
    """
    default = places.packer_share / "plugins"
    with tempfile.TemporaryDirectory(dir=places.packer_share) as temporary:
        unfinished = Path(temporary) / default.name
        shutil.copytree(folder, unfinished, copy_function=os.link)
        if default.exists():
            default.rename(Path(temporary) / "replaced")
        unfinished.rename(default)
