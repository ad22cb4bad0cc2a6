"""The steps of building and checking an image version: values without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipeline.definition.model import AnyBase
from pipeline.definition.operating_system import UNSAID, OperatingSystem
from pipeline.planning.build.contract import Contract
from pipeline.planning.build.hygiene import Declared
from pipeline.planning.build.vault import SecretReference
from pipeline.planning.names import CHECK_MACHINE, Tag
from pipeline.planning.traits import PurchasePlan


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
class ClearGroup:
    """Delete what a run made in a resource group that is not its own, and nothing else there."""

    name: str
    run: str
    is_left_over: bool = False

    def __str__(self) -> str:
        verb = "left" if self.is_left_over else "made"
        return f"delete what run {self.run} {verb} in the resource group {self.name}"


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
    base: AnyBase
    group: str
    tags: tuple[tuple[str, str], ...]
    admitted: str = ""
    """Who may reach it by a public address; "" for a machine with a private one."""
    plan: PurchasePlan | None = None
    """What is bought with the base."""
    machine: str = ""
    """Its machine's name in a group that is there; "" where Packer makes a group for it."""
    secrets: tuple[SecretReference, ...] = ()
    """What it reads from key vaults, when it begins."""

    @property
    def has_own_group(self) -> bool:
        """Whether the resource group is made for it."""
        return not self.machine

    def __str__(self) -> str:
        what = f"bake {self.image} {self.version} from {self.base} with Packer in {self.group}"
        told = "".join(f", with {secret}" for secret in self.secrets)
        return f"{what}{told}{_reached(self.admitted)}"


@dataclass(frozen=True, slots=True)
class RejectVersion:
    """Write down that the bake failed as a whole, if it published a version nevertheless."""

    image: str
    version: str
    tags: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return f"mark {self.image} {self.version} failed if it was published: it is never checked"


@dataclass(frozen=True, slots=True)
class BootCheckMachine:
    """Boot a fresh machine from the finished version."""

    image: str
    version: str
    group: str
    tags: tuple[tuple[str, str], ...]
    admitted: str = ""
    """As of a bake."""
    plan: PurchasePlan | None = None
    """As of a bake: an image version brings none along."""
    machine: str = CHECK_MACHINE
    """What it is called; another name than this is one in a group that is there."""
    system: OperatingSystem = UNSAID

    @property
    def has_own_group(self) -> bool:
        """Whether the resource group is made for it."""
        return self.machine == CHECK_MACHINE

    def __str__(self) -> str:
        what = f"boot a fresh machine from {self.image} {self.version} in {self.group}"
        listening = ", and have it listen for WinRM" if self.system.is_windows else ""
        return f"{what}{_reached(self.admitted)}{listening}"


@dataclass(frozen=True, slots=True)
class RunChecks:
    """Run the image's testinfra checks on the machine in the group, and then those of hygiene."""

    image: str
    version: str
    group: str
    checks: str
    machine: str = CHECK_MACHINE
    contract: Contract | None = None
    """What it must answer afterwards; None where it is not asked."""
    hygiene: Declared | None = None
    """What is no leftover; None where none is looked for."""
    system: OperatingSystem = UNSAID

    def __str__(self) -> str:
        hygiene = " and those of hygiene" if self.hygiene else ""
        what = f"run the checks in {self.checks}{hygiene} on it"
        if self.system.is_windows:
            return f"{what} over WinRM; its health page is not asked"
        return f"{what}, and ask {self.contract}" if self.contract else what


@dataclass(frozen=True, slots=True)
class RecordEvidence:
    """Keep what is known of a version that passed, and name it all in one envelope."""

    image: str
    version: str
    store: str
    sign_with: str = ""
    """The private key; "" for an envelope that nobody signs."""
    is_required: bool = False
    """Whether a version without evidence could not be staged."""

    def __str__(self) -> str:
        signed = f", signed with {self.sign_with}" if self.sign_with else ""
        return f"record the evidence of {self.image} {self.version} in {self.store}{signed}"


@dataclass(frozen=True, slots=True)
class MarkVersion:
    """Write down what the check said, in one write of the version."""

    image: str
    version: str
    passed: bool
    replicas: tuple[tuple[str, int], ...] = ()
    """How many copies it has from then on, in single regions."""
    end_of_life: float = 0.0
    """Seconds after its publishing at which its life ends; 0 for never."""

    def __str__(self) -> str:
        if self.passed:
            copies = ", ".join(f"{region} {count}" for region, count in self.replicas)
            days = f"; its life ends {self.end_of_life / 86400:g} days after its publishing"
            return (
                f"mark {self.image} {self.version} eligible: its check passed,"
                f" `latest` can resolve to it{copies and f'; replicas: {copies}'}"
                f"{days if self.end_of_life else ''}"
            )
        return f"mark {self.image} {self.version} failed: `latest` never resolves to it"


OnMachine: TypeAlias = BootCheckMachine | RunChecks
"""What is done with the machine of a check."""

Clearing: TypeAlias = DeleteGroup | ClearGroup
"""Nothing of a run is left behind by it."""


def clearing(step: BakeVersion | BootCheckMachine) -> Clearing:
    """The step that leaves nothing of it: without its group, or without its part of another."""
    kind = DeleteGroup if step.has_own_group else ClearGroup
    return kind(step.group, dict(step.tags)[Tag.RUN])


BuildStep: TypeAlias = (
    Clearing
    | DeleteVersion
    | BakeVersion
    | RejectVersion
    | BootCheckMachine
    | RunChecks
    | RecordEvidence
    | MarkVersion
)
