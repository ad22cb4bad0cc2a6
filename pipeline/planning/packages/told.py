"""What a machine told of its packages: files by their paths, read into values."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Final

from pipeline.planning.evidence.inventory import Inventory, Package
from pipeline.planning.packages.dpkg import installed
from pipeline.planning.packages.state import NOTHING, AptState, Snapshot, snapshot

Told = Mapping[str, bytes]
"""Contents by their paths from the root."""

BASE: Final = "var/lib/bakeswap/base"
"""Where packer/linux/ready.sh keeps what was there before the bake."""
TOLD: Final = "told"
"""Where the machine puts what programs said."""
RPM: Final = f"{TOLD}/rpm"

STATUS: Final = "var/lib/dpkg/status"
_EXTENDED: Final = "var/lib/apt/extended_states"
_SOURCES = re.compile(
    r"etc/apt/(?:sources\.list(?:\.d/[^/]+\.(?:list|sources))?|mirrors/[^/]+|apt-mirrors\.txt)"
)
"""With the lists of mirrors that Azure's images of Debian and Ubuntu name there."""
_PREFERENCES = re.compile(r"etc/apt/preferences(?:\.d/[^/]+)?")
_TRUSTED = re.compile(r"etc/apt/trusted\.gpg(?:\.d/[^/]+\.(?:gpg|asc))?")
_SIGNED_BY = re.compile(r"signed-by[=:]\s*([^\]\s#]+(?:[,\s]+/[^\]\s#,]+)*)", re.IGNORECASE)
_SOURCE_RPM = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")


def inventory_of(files: Told) -> Inventory | None:
    """All packages; None for a machine without a package manager that we know."""
    distribution = _distribution(files)
    if STATUS in files:
        return Inventory("dpkg", distribution, installed(_text(files, STATUS)))
    if RPM in files:
        packages = tuple(sorted(_rpms(_text(files, RPM))))
        return Inventory("rpm", distribution, packages)
    return None


def apt_state_of(files: Told) -> AptState | None:
    """What apt knows there; None for a machine without dpkg."""
    if STATUS not in files:
        return None
    now = _snapshot(files, "")
    base = _snapshot(files, f"{BASE}/")
    texts = (*base.sources.values(), *now.sources.values())
    keyrings = {
        path: base64.b64encode(content).decode()
        for path, content in files.items()
        if _TRUSTED.fullmatch(path) or path in signed_by(texts)
    }
    return AptState(
        _text(files, f"{TOLD}/architecture").strip(),
        tuple(_text(files, f"{TOLD}/foreign").split()),
        base,
        now,
        keyrings,
    )


def signed_by(sources: Iterable[str]) -> frozenset[str]:
    """The paths, from the root, of the keyrings that sources name."""
    named = (match[1] for text in sources for match in _SIGNED_BY.finditer(text))
    paths = (path for words in named for path in re.split(r"[,\s]+", words))
    return frozenset(path.lstrip("/") for path in paths if path.startswith("/"))


def _snapshot(files: Told, under: str) -> Snapshot:
    if f"{under}{STATUS}" not in files:
        return NOTHING
    return snapshot(
        _text(files, f"{under}{STATUS}"),
        _text(files, f"{under}{_EXTENDED}"),
        _named(files, under, _SOURCES),
        _named(files, under, _PREFERENCES),
    )


def _named(files: Told, under: str, names: re.Pattern[str]) -> dict[str, str]:
    return {
        name: _text(files, path)
        for path in sorted(files)
        if path.startswith(under) and names.fullmatch(name := path.removeprefix(under))
    }


def _distribution(files: Told) -> str:
    text = _text(files, "etc/os-release") or _text(files, "usr/lib/os-release")
    told = dict(line.partition("=")[::2] for line in text.splitlines())
    words = (told.get(key, "").strip("\"'") for key in ("ID", "VERSION_ID"))
    return "-".join(word for word in words if word) or "unknown"


def _rpms(text: str) -> Iterable[Package]:
    for line in text.splitlines():
        name, epoch, version, release, architecture, source = (*line.split("|"), *[""] * 6)[:6]
        if not name or not version or name == "gpg-pubkey":
            continue
        whole = f"{version}-{release}"
        match = _SOURCE_RPM.fullmatch(source)
        yield Package(
            name,
            whole if epoch in {"", "0", "(none)"} else f"{epoch}:{whole}",
            architecture,
            match[1] if match else "",
            match[2] if match else "",
        )


def _text(files: Told, path: str) -> str:
    return files.get(path, b"").decode(errors="replace")
