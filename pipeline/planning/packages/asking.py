"""How apt is asked in a folder of our own: its settings, its files, its words.

The host's settings stay where they say how a mirror is reached; what they say of the host's own
packages does not count. Nothing needs root.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipeline.planning.packages.state import AptState, Snapshot
from pipeline.planning.packages.told import signed_by

ROOT: Final = "root"
"""In the folder of a set of sources: the image's own files, by their paths."""
LISTS: Final = "lists"
CONF: Final = "apt.conf"

_MIRRORS = re.compile(r"(mirror\+file:)(?://)?(/[^\s\]]+)")


@dataclass(frozen=True, slots=True)
class Question:
    """What is simulated: packages by name, and whether all others are upgraded first."""

    packages: tuple[str, ...]
    upgrades: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """Behind `apt-get -c FILE`. Recommended packages are asked for by name."""
        verb = "dist-upgrade" if self.upgrades else "install"
        return ("-s", "-qq", "--no-install-recommends", "--allow-downgrades", verb, *self.packages)


REFRESH: Final = (
    *("-qq", "-o", "APT::Update::Error-Mode=any", "-o", "pkgCacheFile::Generate=false"),
    "update",
)
"""Behind `apt-get -c FILE`: conditional requests; any index that cannot be had is an error."""


def key_of(state: AptState) -> str:
    """What all states have in common that ask the same sources: a folder's name."""
    common = (
        state.architecture,
        state.foreign,
        sorted(state.sources.items()),
        sorted(state.preferences.items()),
        sorted(state.keyrings.items()),
    )
    return hashlib.sha256(json.dumps(common).encode()).hexdigest()[:16]


def files_of(state: AptState, folder: str) -> Mapping[str, bytes]:
    """The files in a set's folder: sources lead to keys and mirrors below it."""
    root = f"{folder}/{ROOT}"
    sources = {path: _moved(text, root).encode() for path, text in state.sources.items()}
    preferences = {path: text.encode() for path, text in state.preferences.items()}
    keys = {path: base64.b64decode(text) for path, text in state.keyrings.items()}
    return {f"{ROOT}/{path}": text for path, text in (sources | preferences | keys).items()}


def conf(state: AptState, folder: str, at: str) -> str:
    """apt's settings: `folder` is that of the sources, `at` that of one snapshot of a state."""
    etc = f"{folder}/{ROOT}/etc/apt"
    every = " ".join(f'"{name}";' for name in (state.architecture, *state.foreign))
    values = {
        "APT::Architecture": state.architecture,
        "APT::Sandbox::User": "root",
        "APT::Get::List-Cleanup": "0",
        "APT::Default-Release": "",
        "Debug::NoLocking": "1",
        "Acquire::Languages": "none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled": "false",
        "Acquire::IndexTargets::deb-src::Sources::DefaultEnabled": "false",
        "Dir::State": folder,
        "Dir::State::lists": f"{folder}/{LISTS}",
        "Dir::State::status": f"{at}/status",
        "Dir::State::extended_states": f"{at}/extended_states",
        "Dir::Cache": folder,
        "Dir::Cache::archives": f"{folder}/archives",
        "Dir::Cache::srcpkgcache": f"{folder}/srcpkgcache.bin",
        "Dir::Cache::pkgcache": f"{at}/pkgcache.bin",
        "Dir::Etc::sourcelist": f"{etc}/sources.list",
        "Dir::Etc::sourceparts": f"{etc}/sources.list.d",
        "Dir::Etc::preferences": f"{etc}/preferences",
        "Dir::Etc::preferencesparts": f"{etc}/preferences.d",
        "Dir::Etc::trusted": f"{etc}/trusted.gpg",
        "Dir::Etc::trustedparts": f"{etc}/trusted.gpg.d",
    }
    hooks = (
        *("APT::Update::Pre-Invoke", "APT::Update::Post-Invoke"),
        *("APT::Update::Post-Invoke-Success", "APT::Architectures"),
    )
    lines = [f"#clear {name};" for name in hooks]
    lines.append(f"APT::Architectures {{ {every} }};")
    lines += [f'{name} "{value}";' for name, value in values.items()]
    return "\n".join(lines) + "\n"


def snapshot_key(snapshot: Snapshot) -> str:
    """The name of a snapshot's folder."""
    told = f"{snapshot.status}\n{snapshot.extended_states}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _moved(text: str, root: str) -> str:
    """Sources that name their keys and lists of mirrors below another root."""
    text = _MIRRORS.sub(rf"\g<1>{root}\g<2>", text)
    for path in sorted(signed_by((text,)), key=len, reverse=True):
        text = re.sub(rf"(?<=[=:,\s])/{re.escape(path)}(?=[,\s\]]|$)", f"{root}/{path}", text)
    return text
