"""The steps of building and checking an image version, and the names of what they make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipeline.definition.model import Base


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Delete a resource group and all in it; done when there is none."""

    name: str
    left_by: str = ""

    def __str__(self) -> str:
        why = f", left by run {self.left_by}" if self.left_by else ""
        return f"delete the resource group {self.name}{why}"


@dataclass(frozen=True, slots=True)
class DeleteVersion:
    """Delete an image version that was never finished."""

    image: str
    version: str
    state: str

    def __str__(self) -> str:
        return f"delete the half-made image version {self.image} {self.version} ({self.state})"


@dataclass(frozen=True, slots=True)
class BakeVersion:
    """Run Packer. Its machine is rubbish after an interruption."""

    image: str
    version: str
    base: Base
    group: str
    tags: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"bake {self.image} {self.version} from {self.base} with Packer in {self.group}"


@dataclass(frozen=True, slots=True)
class BootCheckMachine:
    """Boot a fresh machine from the finished version."""

    image: str
    version: str
    group: str
    tags: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"boot a fresh machine from {self.image} {self.version} in {self.group}"


@dataclass(frozen=True, slots=True)
class RunChecks:
    """Run the image's testinfra checks on that machine."""

    image: str
    version: str
    group: str
    checks: str

    def __str__(self) -> str:
        return f"run {self.checks} on it"


@dataclass(frozen=True, slots=True)
class MarkVersion:
    """Write down what the check said, in one write of the version."""

    image: str
    version: str
    passed: bool

    def __str__(self) -> str:
        if self.passed:
            return (
                f"mark {self.image} {self.version} eligible: its check passed, latest may mean it"
            )
        return f"mark {self.image} {self.version} failed: it stays out of latest"


BuildStep: TypeAlias = (
    DeleteGroup | DeleteVersion | BakeVersion | BootCheckMachine | RunChecks | MarkVersion
)


def build_group(image: str, version: str) -> str:
    """The resource group of a bake: a function of what it is for, so that an orphan is known."""
    return f"bakeswap-build-{image}-{version.replace('.', '-')}"


def check_group(image: str, version: str) -> str:
    """The resource group of a check."""
    return f"bakeswap-check-{image}-{version.replace('.', '-')}"
