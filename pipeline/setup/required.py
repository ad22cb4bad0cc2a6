"""The plugins that templates require besides the Azure one: in place, given, fetched, or built."""

from __future__ import annotations

import json
import lzma
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.setup import commands, golang
from pipeline.setup.commands import Command
from pipeline.setup.constraints import Constraint, Version, parsed
from pipeline.setup.packer import QUIET
from pipeline.setup.places import REPOSITORY, Places
from pipeline.setup.plugin import version_of
from pipeline.setup.reporting import Reporter, SetupError

GIVEN = "BAKESWAP_PACKER_PLUGINS"
"""A folder with binaries, `packer-plugin-ansible`, plain or .xz."""
SECONDS_TO_FETCH = 300.0
SECONDS_TO_ASK_THE_PROXY = 120.0
MOST_TRIED = 3
"""Of the versions that a module proxy lists: it may list what it does not serve."""
GO_ALONE = {"GOTOOLCHAIN": "local", "GO111MODULE": "on", "GOWORK": "off"}

_SOURCE = re.compile(r"(?P<host>[\w.-]+)/(?P<owner>[\w.-]+)/(?P<name>[\w-]+)")


@dataclass(frozen=True, slots=True)
class Required:
    """One line of `required_plugins`, and where it is."""

    source: str
    constraint: Constraint
    version: str
    at: str

    def __str__(self) -> str:
        return f"{self.source} {self.version}".strip()

    @property
    def name(self) -> str:
        """Of its binary: `packer-plugin-ansible`."""
        return f"packer-plugin-{self.source.rpartition('/')[2]}"

    @property
    def module(self) -> str:
        """Its Go module: `github.com/hashicorp/packer-plugin-ansible`."""
        return f"{self.source.rpartition('/')[0]}/{self.name}"

    def allows(self, binary: Path) -> bool:
        """Whether a binary runs here and is of a version that will do."""
        version = parsed(version_of(binary))
        return version is not None and self.constraint.allows(version)


def ensure(places: Places, reporter: Reporter) -> None:
    """Set up what is missing of all templates; SetupError names the first that cannot be had."""
    for one in _required(places):
        if not any(map(one.allows, _installed(one, places))):
            _install(one, _obtain(one, places, reporter), places)


def _required(places: Places) -> Iterator[Required]:
    """What the templates require, as the virtual environment's Python reads it."""
    if not (places.repository / "packer").is_dir():
        return
    program: Command = [places.python, "-m", "pipeline.required_plugins", places.repository]
    told = commands.output_of(program, {"PYTHONPATH": str(REPOSITORY)}, seconds=60)
    if told is None:
        raise SetupError(
            "what the templates under packer/ require could not be read",
            f"cd {places.repository} && .venv/bin/python -m pipeline.required_plugins .",
        )
    for line in told.splitlines():
        said = json.loads(line)
        constraint = Constraint.of(said["version"])
        if constraint is None or not _SOURCE.fullmatch(said["source"]):
            raise SetupError(
                f"{said['at']}: {said['source']} {said['version']} is no plugin and versions of it;"
                ' write source = "github.com/OWNER/NAME" and version = ">= 1.2.3"'
            )
        yield Required(said["source"], constraint, said["version"], said["at"])


def _installed(one: Required, places: Places) -> list[Path]:
    folder = places.packer_share / "plugins" / one.source
    return [path for path in folder.glob(f"{one.name}_v*") if not path.name.endswith("_SHA256SUM")]


def _obtain(one: Required, places: Places, reporter: Reporter) -> Path:
    """A binary from the first place that has one; all that was tried is told when none has."""
    tried: list[str] = []
    for way in (_given, _cached, _fetched, _built):
        if found := way(one, places, reporter, tried):
            return found
    raise SetupError(
        f"{one.at}: no way to {one}: {'; '.join(tried)}",
        f"put a binary {one.name} into a folder, and {GIVEN}=FOLDER make setup",
    )


def _given(one: Required, places: Places, reporter: Reporter, tried: list[str]) -> Path | None:
    named = os.environ.get(GIVEN, "")
    if not named:
        tried.append(f"{GIVEN} names no folder")
        return None
    for file in sorted(Path(named).glob(f"{one.name}*")):
        binary = _kept(one, file, places)
        if binary and one.allows(binary):
            return binary
    tried.append(f"{GIVEN}={named} has no {one.name} of such a version that runs here")
    return None


def _kept(one: Required, file: Path, places: Places) -> Path | None:
    """A given file as one that can be run, in the cache."""
    binary = places.cache / "given" / one.name
    binary.parent.mkdir(parents=True, exist_ok=True)
    try:
        content = file.read_bytes()
        unpacked = lzma.decompress(content) if file.suffix == ".xz" else content
    except (OSError, lzma.LZMAError):
        return None
    unfinished = binary.with_name(f".{binary.name}.unfinished")
    unfinished.write_bytes(unpacked)
    unfinished.chmod(0o755)
    return unfinished.replace(binary)


def _cached(one: Required, places: Places, reporter: Reporter, tried: list[str]) -> Path | None:
    """The newest that was fetched or built before."""
    folders = places.cache.glob(f"{_label(one)}-*")
    usable = [path for folder in folders if one.allows(path := folder / one.name)]
    return max(usable, key=lambda path: parsed(version_of(path)) or (0, 0, 0), default=None)


def _fetched(one: Required, places: Places, reporter: Reporter, tried: list[str]) -> Path | None:
    """By Packer from the vendor's releases, as `packer init` would."""
    with tempfile.TemporaryDirectory(dir=places.cache) as folder:
        reporter.say(f"plugin {one}: asking the vendor ...")
        words = [one.version] if one.version else []
        command: Command = [places.packer, "plugins", "install", one.source, *words]
        environment = {**QUIET, "PACKER_PLUGIN_PATH": folder}
        if commands.output_of(command, environment, SECONDS_TO_FETCH) is None:
            tried.append("the vendor's releases cannot be reached, or have none")
            return None
        found = Path(folder).glob(f"{one.source}/{one.name}_v*")
        binary = next(path for path in found if not path.name.endswith("_SHA256SUM"))
        return _into_cache(one, binary, places)


def _built(one: Required, places: Places, reporter: Reporter, tried: list[str]) -> Path | None:
    """From its Go module, with what its own go.mod and go.sum say: a copy of the module is built,
    for what its go.mod replaces counts only there.
    """
    go = golang.ensure(places, reporter)
    versions = _versions(one, go, places)
    if not versions:
        tried.append(
            f"the Go module proxy lists no {one.module}, and {one.version or 'nothing'}"
            " names no version"
        )
    for version in versions:
        number = ".".join(map(str, version))
        sources = _sources(one, number, go, places, tried)
        if sources is None:
            continue
        with (
            tempfile.TemporaryDirectory(dir=places.cache) as folder,
            reporter.step(f"building {one.name} {number} with Go", "minutes, once"),
        ):
            module = Path(folder) / "module"
            shutil.copytree(sources, module)
            for path in (module, *module.rglob("*")):
                path.chmod(path.stat().st_mode | 0o200)  # the module cache is not writable
            binary = Path(folder) / one.name
            golang.build(
                ".",
                module,
                binary,
                go=go,
                places=places,
                reporter=reporter,
                ldflags=f"-X {one.module}/version.VersionPrerelease=",
            )
            return _into_cache(one, binary, places)
    return None


def _versions(one: Required, go: Path, places: Places) -> tuple[Version, ...]:
    """Those that will do, the newest first: as listed, else those that the constraint names."""
    command: Command = [go, "list", "-m", "-versions", "-json", one.module]
    told = _asked(command, places)
    known = [version for text in told.get("Versions") or [] if (version := parsed(str(text)))]
    allowed = sorted(filter(one.constraint.allows, known), reverse=True)
    return tuple(allowed[:MOST_TRIED]) or one.constraint.named


def _sources(
    one: Required, version: str, go: Path, places: Places, tried: list[str]
) -> Path | None:
    """The folder of a module's sources, its sum verified by Go as this machine has that set."""
    told = _asked([go, "mod", "download", "-json", f"{one.module}@v{version}"], places)
    if not told.get("Dir"):
        reason = " ".join(str(told.get("Error") or "go mod download says nothing").split())
        tried.append(f"its Go module {version}: {reason}")
        return None
    return Path(str(told["Dir"]))


def _asked(command: Command, places: Places) -> dict[str, Any]:
    """What Go answers as JSON, asked outside of any module; {} where it does not."""
    told = commands.said_by(command, GO_ALONE, places.cache, SECONDS_TO_ASK_THE_PROXY)
    try:
        answer = json.loads(told)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _into_cache(one: Required, binary: Path, places: Places) -> Path:
    version = version_of(binary)
    if not one.allows(binary):
        what = f"{one.name} {version}".strip()
        raise SetupError(f"{one.at}: {one} became {what}, which does not run here or will not do")
    cached = places.cached(_label(one), version).with_name(one.name)
    cached.parent.mkdir(parents=True, exist_ok=True)
    return binary.replace(cached)


def _label(one: Required) -> str:
    """What a plugin's folders in the cache begin with: names alone are not unique."""
    return one.module.replace("/", "-")


def _install(one: Required, binary: Path, places: Places) -> None:
    """Into the default plugin path, beside the Azure plugin."""
    default = places.packer_share / "plugins"
    command: Command = [places.packer, "plugins", "install", "--path", binary, one.source]
    environment = {**QUIET, "PACKER_PLUGIN_PATH": str(default)}
    if commands.output_of(command, environment) is None:
        raise SetupError(
            f"{one.at}: Packer refuses {binary}",
            f"packer plugins install --path {binary} {one.source}",
        )
