"""Packer: the one on PATH, else the vendor's release, else built from its Go modules."""

from __future__ import annotations

import hashlib
import io
import os
import re
import urllib.request
import zipfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import TypeAlias

from pipeline.setup import commands, golang
from pipeline.setup.places import Places, system
from pipeline.setup.reporting import Reporter, SetupError

VERSION = golang.pinned("packer")
OLDEST = (1, 10, 0)  # the first with `packer plugins install --path`
RELEASES = f"https://releases.hashicorp.com/packer/{VERSION}"
SECONDS_TO_REACH_THE_VENDOR = 10.0
QUIET = {"CHECKPOINT_DISABLE": "1", "PACKER_NO_COLOR": "1"}

Fetch: TypeAlias = Callable[[str], bytes]


def version_of(packer: Path) -> tuple[int, ...]:
    """The version Packer tells; (0,) for anything else that is called packer (cracklib has one)."""
    told = commands.output_of([packer, "version"], QUIET) or ""
    match = re.match(r"Packer v(\d+)\.(\d+)\.(\d+)", told)
    return tuple(map(int, match.groups())) if match else (0,)


def ready(places: Places) -> bool:
    """Whether `.venv/bin/packer` leads to something that can be run."""
    return os.access(places.packer, os.X_OK)


def link(packer: Path, places: Places) -> None:
    """Make `.venv/bin/packer` lead to this one."""
    places.packer.unlink(missing_ok=True)
    places.packer.symlink_to(packer)


def find(places: Places) -> Path | None:
    """A new enough Packer that is on PATH or was fetched or built before."""
    ours = places.packer.parent
    for folder in map(Path, commands.search_path().split(os.pathsep)):
        candidate = folder / "packer"
        if folder != ours and os.access(candidate, os.X_OK) and version_of(candidate) >= OLDEST:
            return candidate
    cached = places.cached("packer", VERSION)
    return cached if version_of(cached) >= OLDEST else None


def download(url: str) -> bytes:
    """The content at an HTTPS address; OSError when it cannot be had."""
    with urllib.request.urlopen(url, timeout=SECONDS_TO_REACH_THE_VENDOR) as answer:  # noqa: S310 - RELEASES is https
        content: bytes = answer.read()
    return content


def fetch(places: Places, reporter: Reporter, get: Fetch = download) -> Path | None:
    """The vendor's release, its checksum verified; None when the vendor cannot be reached.

    Raises SetupError when what came is not what the vendor's list of checksums says.
    """
    archive = f"packer_{VERSION}_{system()}.zip"
    try:
        sums = get(f"{RELEASES}/packer_{VERSION}_SHA256SUMS").decode(errors="replace")
        if archive not in sums:  # a proxy's own page, or a machine the vendor does not serve
            reporter.say(f"Packer: the vendor's releases have no {archive}")
            return None
        with reporter.step(f"Packer {VERSION} from the vendor", "60 MB"):
            content = get(f"{RELEASES}/{archive}")
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        reporter.say(f"Packer: the vendor's releases cannot be reached ({reason})")
        return None
    if f"{hashlib.sha256(content).hexdigest()}  {archive}" not in sums.splitlines():
        raise SetupError(f"{archive} from {RELEASES} has a checksum that is not in the list there")
    binary = places.cached("packer", VERSION)
    binary.parent.mkdir(parents=True, exist_ok=True)
    unfinished = binary.with_name(".packer.unfinished")
    unfinished.write_bytes(zipfile.ZipFile(io.BytesIO(content)).read("packer"))
    unfinished.chmod(0o755)
    return unfinished.replace(binary)


def build(places: Places, reporter: Reporter, go: Path) -> Path:
    """Packer from the Go modules that `go/packer` pins."""
    binary = places.cached("packer", VERSION)
    with reporter.step(f"building Packer {VERSION} with Go", "9 minutes on two cores, once"):
        golang.build(
            "github.com/hashicorp/packer", "packer", binary, go=go, places=places, reporter=reporter
        )
    return binary
