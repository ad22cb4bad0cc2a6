"""The steps of building and checking an image version: values without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipeline.definition.model import Base


def _reached(admitted: str) -> str:
    return f", with a public address for {admitted} alone" if admitted else ""


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Delete a run's resource group and all in it; done when there is none, or another run's."""

    name: str
    run: str
    is_left_over: bool = False

    def __str__(self) -> str:
        why = f", left by run {self.run}" if self.is_left_over else ""
        return f"delete the resource group {self.name}{why}"


@dataclass(frozen=True, slots=True)
class DeleteVersion:
    """Delete an image version that was never finished."""

    image: str
    version: str
    state: str

    def __str__(self) -> str:
        return f"delete the unfinished image version {self.image} {self.version} ({self.state})"


@dataclass(frozen=True, slots=True)
class BakeVersion:
    """Run Packer. Its machine is rubbish after an interruption."""

    image: str
    version: str
    base: Base
    group: str
    tags: tuple[tuple[str, str], ...]
    admitted: str = ""
    """Who may reach it by a public address; "" for a machine with a private one."""

    def __str__(self) -> str:
        what = f"bake {self.image} {self.version} from {self.base} with Packer in {self.group}"
        return f"{what}{_reached(self.admitted)}"


@dataclass(frozen=True, slots=True)
class BootCheckMachine:
    """Boot a fresh machine from the finished version."""

    image: str
    version: str
    group: str
    tags: tuple[tuple[str, str], ...]
    admitted: str = ""
    """As of a bake."""

    def __str__(self) -> str:
        what = f"boot a fresh machine from {self.image} {self.version} in {self.group}"
        return f"{what}{_reached(self.admitted)}"


@dataclass(frozen=True, slots=True)
class RunChecks:
    """Run the image's testinfra checks on the machine in the group."""

    image: str
    version: str
    group: str
    checks: str

    def __str__(self) -> str:
        return f"run the checks in {self.checks} on it"


@dataclass(frozen=True, slots=True)
class MarkVersion:
    """Write down what the check said, in one write of the version."""

    image: str
    version: str
    passed: bool

    def __str__(self) -> str:
        if self.passed:
            return (
                f"mark {self.image} {self.version} eligible: its check passed,"
                " `latest` can resolve to it"
            )
        return f"mark {self.image} {self.version} failed: `latest` never resolves to it"


BuildStep: TypeAlias = (
    DeleteGroup | DeleteVersion | BakeVersion | BootCheckMachine | RunChecks | MarkVersion
)
