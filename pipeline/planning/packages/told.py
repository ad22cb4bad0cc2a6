"""What a machine told of its packages: files by their paths, read into values."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Final

from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.packages.dpkg import installed
from pipeline.planning.packages.rpm_repos import KEYS, SETTINGS, without_secrets
from pipeline.planning.packages.rpm_state import RpmState, packages, reduced, rpms
from pipeline.planning.packages.state import NOTHING, AptState, Snapshot, snapshot
from pipeline.planning.packages.states import State

Told = Mapping[str, bytes]
"""Contents by their paths from the root."""

BASE: Final = "var/lib/bakeswap/base"
"""Where packer/linux/ready.sh keeps what was there before the bake."""
TOLD: Final = "told"
"""Where the machine puts what programs said."""
ARCHITECTURE: Final = f"{TOLD}/architecture"
RPM: Final = f"{TOLD}/rpm"
"""All that rpm knows of what is installed, in lines; rpm_state.py reads them."""
RPMS: Final = f"{BASE}/rpms"
"""Names, versions and architectures of what was installed before the bake."""

STATUS: Final = "var/lib/dpkg/status"
_EXTENDED: Final = "var/lib/apt/extended_states"
_SOURCES = re.compile(
    r"etc/apt/(?:sources\.list(?:\.d/[^/]+\.(?:list|sources))?|mirrors/[^/]+|apt-mirrors\.txt)"
)
"""With the lists of mirrors that Azure's images of Debian and Ubuntu name there."""
_PREFERENCES = re.compile(r"etc/apt/preferences(?:\.d/[^/]+)?")
_TRUSTED = re.compile(r"etc/apt/trusted\.gpg(?:\.d/[^/]+\.(?:gpg|asc))?")
_SIGNED_BY = re.compile(r"signed-by[=:]\s*([^\]\s#]+(?:[,\s]+/[^\]\s#,]+)*)", re.IGNORECASE)


def inventory_of(files: Told) -> Inventory | None:
    """All packages; None for a machine without a package manager that we know."""
    distribution = _distribution(files)
    if STATUS in files:
        return Inventory("dpkg", distribution, installed(_text(files, STATUS)))
    if RPM in files:
        return Inventory("rpm", distribution, packages(rpms(_text(files, RPM))))
    return None


def state_of(files: Told) -> State | None:
    """What its package manager knows there; None for a machine without one that we know."""
    return apt_state_of(files) or rpm_state_of(files)


def apt_state_of(files: Told) -> AptState | None:
    """What apt knows there; None for a machine without dpkg."""
    if STATUS not in files:
        return None
    now = _snapshot(files, "")
    base = _snapshot(files, f"{BASE}/")
    texts = (*base.sources.values(), *now.sources.values())
    keyrings = {
        path: _base64(content)
        for path, content in files.items()
        if _TRUSTED.fullmatch(path) or path in signed_by(texts)
    }
    return AptState(
        _text(files, ARCHITECTURE).strip(),
        tuple(_text(files, f"{TOLD}/foreign").split()),
        base,
        now,
        keyrings,
    )


def rpm_state_of(files: Told) -> RpmState | None:
    """What rpm and dnf know there; None for a machine of another package manager."""
    if RPM not in files or STATUS in files:
        return None
    settings = {**_named(files, f"{BASE}/", SETTINGS), **_named(files, "", SETTINGS)}
    return RpmState(
        _text(files, ARCHITECTURE).strip(),
        tuple(_text(files, RPMS).split()),
        reduced(_text(files, RPM)),
        {path: without_secrets(text) for path, text in settings.items()},
        {path: _base64(content) for path, content in files.items() if KEYS.fullmatch(path)},
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


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _text(files: Told, path: str) -> str:
    return files.get(path, b"").decode(errors="replace")
