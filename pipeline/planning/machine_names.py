"""What machines are called in a resource group that their run does not have to itself."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias, get_args

from pipeline.planning.names import SYSTEM, label_of

_WINDOWS_BAKE = "bsw"

MachineKind: TypeAlias = Literal["bake", "check"]
MACHINES: Final[tuple[MachineKind, ...]] = get_args(MachineKind)
"""What a run has machines for."""


def machine_name(what: MachineKind, run: str) -> str:
    """Of a machine in a resource group that it does not have to itself: `bakeswap-check-2026…`."""
    return f"{SYSTEM}-{what}-{label_of(run)}"


def os_disk_name(machine: str) -> str:
    """Of the disk of a bake's machine that has a name of its own."""
    return f"{machine}-os"


def bake_name(run: str, *, is_windows: bool = False) -> str:
    """Of the machine of a bake there; of Windows `bsw112318151a2b`, the run's minute and digits.

    Packer gives Windows the name of its machine, and a computer name has 15 characters at most.
    """
    label = label_of(run)
    short = f"{_WINDOWS_BAKE}{label[4:12]}{label[-4:]}"
    return short if is_windows else machine_name("bake", run)


def names_of_machines(run: str) -> tuple[str, ...]:
    """What those of a run may be called there; what belongs to one has a name that begins so."""
    return (*(machine_name(what, run) for what in MACHINES), bake_name(run, is_windows=True))


def is_machine_name(name: str) -> bool:
    """Whether these functions make names that begin so."""
    beginnings = "|".join((f"{SYSTEM}-({'|'.join(MACHINES)})-", rf"{_WINDOWS_BAKE}\d{{8}}\w{{4}}"))
    return re.match(beginnings, name, re.IGNORECASE) is not None
