"""Asking a machine for its packages: one command over SSH, all answers in one archive.

What cannot be had is left out: no check fails for it.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zlib
from pathlib import Path
from typing import Final

from pipeline.execution.ssh import answer
from pipeline.planning.evidence import inventory
from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.packages.rpm_state import (
    CONFLICTS,
    OBSOLETES,
    OWNS,
    PACKAGE,
    PROVIDES,
    REQUIRES,
)
from pipeline.planning.packages.states import State
from pipeline.planning.packages.told import (
    ARCHITECTURE,
    BASE,
    RPM,
    TOLD,
    inventory_of,
    state_of,
)
from pipeline.state_files import write_private

SECONDS: Final = 120.0
"""For the answer: a machine under software emulation compresses some megabytes in it."""
LARGEST: Final = 64 * 1024 * 1024
"""Bytes of all that is unpacked; more is no package manager's."""

COMMAND: Final = "sudo -n sh"

_RELATIONS: Final = {
    PROVIDES: "PROVIDE",
    REQUIRES: "REQUIRE",
    CONFLICTS: "CONFLICT",
    OBSOLETES: "OBSOLETE",
}
"""The beginnings of rpm's tags, by the word of their lines."""
QUERY: Final = "".join(
    (
        rf"{PACKAGE}|%{{NAME}}|%{{EPOCH}}|%{{VERSION}}|%{{RELEASE}}|%{{ARCH}}|%{{SOURCERPM}}\n",
        *(
            rf"[{word}|%{{{tag}NAME}}|%{{{tag}FLAGS:depflags}}|%{{{tag}VERSION}}\n]"
            for word, tag in _RELATIONS.items()
        ),
        rf"[{OWNS}|%{{FILENAMES}}\n]",
    )
)
"""For `rpm --qf`: a line for a package, then one for all that it provides, asks for and owns."""

SCRIPT: Final = rf"""
set -u
root=${{GATHER_ROOT:-}}
told=$(mktemp -d) || exit 1
trap 'rm -rf "$told"' EXIT
mkdir "$told/{TOLD}"
if [ -e "$root/var/lib/dpkg/status" ]; then
    dpkg --print-architecture >"$told/{ARCHITECTURE}"
    dpkg --print-foreign-architectures >"$told/{TOLD}/foreign"
elif command -v rpm >/dev/null 2>&1; then
    uname -m >"$told/{ARCHITECTURE}"
    rpm -qa --qf '{QUERY}' >"$told/{RPM}" 2>/dev/null || rm -f "$told/{RPM}"
fi
cd "$root/" || exit 1
set --
for file in etc/os-release usr/lib/os-release var/lib/dpkg/status var/lib/apt/extended_states \
    etc/apt/sources.list etc/apt/sources.list.d/*.list etc/apt/sources.list.d/*.sources \
    etc/apt/mirrors/* etc/apt/apt-mirrors.txt etc/apt/preferences etc/apt/preferences.d/* \
    etc/apt/trusted.gpg etc/apt/trusted.gpg.d/* etc/apt/keyrings/* usr/share/keyrings/* \
    etc/yum.repos.d/*.repo etc/yum.conf etc/yum/vars/* etc/dnf/dnf.conf etc/dnf/vars/* \
    etc/tdnf/tdnf.conf etc/pki/rpm-gpg/*; do
    [ ! -f "$file" ] || set -- "$@" "$file"
done
[ ! -d {BASE} ] || set -- "$@" {BASE}
tar -chzf - "$@" -C "$told" {TOLD}
"""


def gather(config: Path, user: str, at: tuple[str, int], folder: Path) -> Inventory | None:
    """Write down in a run's folder which packages a machine has; None where it tells of none.

    Raises StateFileError when it cannot be written.
    """
    content = answer(config, user, at, COMMAND, SECONDS, SCRIPT.encode())
    files = unpacked(content)
    found, state = inventory_of(files), state_of(files)
    if found is not None:
        write_private(folder / inventory.FILE, _json(found))
    if state is not None:
        write_private(folder / state.file, _json(state))
    return found


def unpacked(archive: bytes) -> dict[str, bytes]:
    """The files of an archive by path; none for what is no archive. Nothing is written."""
    found: dict[str, bytes] = {}
    size = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as members:
            for member in members:
                size += member.size
                if size > LARGEST:
                    return {}
                file = members.extractfile(member) if member.isfile() else None
                if file is not None:
                    _keep(found, member.name.removeprefix("./"), file.read())
    except (tarfile.TarError, OSError, EOFError, zlib.error):
        return {}
    return found


def _keep(found: dict[str, bytes], name: str, content: bytes) -> None:
    if name.startswith(f"{BASE}/") and name.endswith(".gz"):
        with gzip.open(io.BytesIO(content)) as packed:
            found[name.removesuffix(".gz")] = packed.read(LARGEST)
    else:
        found[name] = content


def _json(value: Inventory | State) -> str:
    return json.dumps(value.written(), indent=1, sort_keys=True) + "\n"
