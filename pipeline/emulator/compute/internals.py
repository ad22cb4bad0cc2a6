"""What is kept of Microsoft.Compute's resources and never answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.emulator.arm.data_path import Connected
from pipeline.emulator.arm.store import Internals
from pipeline.emulator.compute.health import Settings
from pipeline.emulator.compute.os_profile import Secrets
from pipeline.emulator.compute.sources import ImageInternals, Source

Power = Literal["starting", "running", "stopping", "stopped", "deallocating", "deallocated"]
"""The word after `PowerState/`."""


@dataclass(frozen=True, slots=True)
class ExtensionRun:
    """How an extension ended in a machine: `code` is the error's, "" for success."""

    digest: str
    type: str
    version: str
    code: str
    message: str
    time: str

    @property
    def is_successful(self) -> bool:
        """Whether it need not run again."""
        return not self.code


@dataclass(frozen=True, kw_only=True)
class MachineInternals(Internals):
    """A virtual machine or scale set instance: `machine` and `disk` are handles behind the seam.

    `power` is None before the first start, `health` says how health is probed, if it is;
    `extensions` are those that have run on its disk, by name.
    """

    machine: str
    disk: str
    source: Source
    secrets: Secrets = field(default_factory=Secrets)
    power: Power | None = None
    health: Settings | None = None
    provisioned_at: str | None = None
    extensions: Mapping[str, ExtensionRun] = field(default_factory=dict)

    @property
    def machines(self) -> tuple[str, ...]:
        """Its own machine."""
        return (self.machine,)

    @property
    def is_wanted(self) -> bool:
        """Whether it was running, or on the way to it."""
        return self.power in {"running", "starting"}

    @property
    def is_off(self) -> bool:
        """Whether it was stopped, with or without giving the hardware back."""
        return self.power in {"stopped", "deallocated"}


@dataclass(frozen=True, kw_only=True)
class VirtualMachineInternals(MachineInternals):
    """`size` is the one that the machine was last started with."""

    size: str | None = None
    is_generalized: bool = False


@dataclass(frozen=True, kw_only=True)
class InstanceInternals(MachineInternals, Connected):
    """`model` and `boot` are those of the scale set's model that the instance has."""

    model: int = 0
    boot: str = ""
    is_made: bool = False


@dataclass(frozen=True, slots=True)
class RollingUpgrade:
    """How far the last rolling upgrade of a scale set is: `code` and `action` in Azure's words.

    `started` and `acted` are times; `done` of `total` instances are upgraded and healthy, `failed`
    upgraded and not; `error` has a code and a message where it stopped.
    """

    code: str
    started: str
    action: str
    acted: str
    done: int
    total: int
    failed: int = 0
    error: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ScaleSetInternals(Internals):
    """`model` counts the changes of the model, `next_number` is the next instance's.

    `protected` holds the extensions' protected settings, sealed, by extension.
    """

    secrets: Secrets
    protected: Mapping[str, str]
    health: Settings | None = None
    model: int = 0
    model_digest: str = ""
    next_number: int = 0
    rolling: RollingUpgrade | None = None


@dataclass(frozen=True, kw_only=True)
class ExtensionInternals(Internals):
    """An extension of a virtual machine: its protected settings, sealed; "" for none."""

    protected: str = ""


@dataclass(frozen=True, kw_only=True)
class DiskInternals(Internals):
    """A disk's handle, and the image that it was made from."""

    disk: str
    source: Source


@dataclass(frozen=True, kw_only=True)
class ManagedImageInternals(ImageInternals):
    """`disk` is what the image is captured from, `origin` what that disk was made from."""

    disk: str
    origin: Source


@dataclass(frozen=True, kw_only=True)
class VersionInternals(ImageInternals):
    """A version is captured from `disk` or copied from `image`.

    `origin` differs when another source has been given the same id.
    """

    disk: str | None
    image: str | None
    origin: str
    plan: str = ""
