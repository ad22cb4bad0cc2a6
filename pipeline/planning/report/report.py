"""What the page of a run says, as values; all text is shown as text, whoever wrote it.

Times named `at`, `began` and `ended` are seconds since 1970, UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from pipeline.planning.report.topology import Topology
from pipeline.planning.report.traffic import Traffic

_RUN = re.compile(r"\w[\w-]*")

StepState: TypeAlias = Literal["done", "failed", "interrupted", "under way", "not begun"]
Outcome: TypeAlias = Literal["done", "failed", "interrupted", "under way", "ended early"]
"""`ended early`: the process is gone and wrote nothing more; Azure may still be working."""
CheckState: TypeAlias = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of a step, as Packer names it; it ends where the next begins."""

    words: str
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was planned, and what became of it; `began` is None until it has begun."""

    number: int
    words: str
    state: StepState = "not begun"
    began: float | None = None
    ended: float | None = None
    seen: str = ""
    """What was measured: `2 of 2 instances healthy`."""
    phases: tuple[Phase, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it took; 0 for one that was not begun."""
        return 0.0 if self.began is None or self.ended is None else self.ended - self.began


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan; a run has a second one where it was led back."""

    title: str
    steps: tuple[Step, ...]
    because: str = ""
    """Why there is nothing to do."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the image, as pytest told of it."""

    name: str
    state: CheckState
    seconds: float = 0.0
    message: str = ""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of which two versions of an image differ; "" where it is not there."""

    name: str
    before: str
    after: str
    kind: str = ""
    """`security`, `other`, or "" where no index tells."""


@dataclass(frozen=True, slots=True)
class PackageDiff:
    """What is installed in a version and was not, or otherwise, in the one before."""

    before: str
    after: str
    packages: tuple[Package, ...]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> PackageDiff:
        """Out of what `diff` writes; raises KeyError, TypeError or ValueError for anything else."""
        packages = tuple(
            Package(str(one["name"]), str(one["old"]), str(one["new"]), str(one["class"]))
            for one in document["packages"]
        )
        return cls(str(document["before"]), str(document["after"]), packages)


@dataclass(frozen=True, slots=True)
class Proof:
    """A piece of evidence: what it is, and what it says; `href` leads to it, "" to nothing."""

    name: str
    says: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class OtherRun:
    """Another run, and where its page is."""

    run: str
    href: str


def other_run(document: Mapping[str, Any], page: str) -> OtherRun:
    """Out of `{"run": its id}`; raises KeyError, TypeError or ValueError for anything else.

    `page` is what a page is called in the folder of its run; those folders are side by side.
    """
    run = document["run"]
    if not _RUN.fullmatch(run):
        raise ValueError("not the id of a run")
    return OtherRun(run, f"../{run}/{page}")


def proofs_of(document: Mapping[str, Any]) -> tuple[Proof, ...]:
    """Out of `{"proofs": {name: what it says}}`; raises KeyError, TypeError or ValueError else."""
    return tuple(Proof(str(name), str(says)) for name, says in dict(document["proofs"]).items())


@dataclass(frozen=True, slots=True)
class Subject:
    """Which run it was."""

    run: str
    command: str
    environment: str
    image: str = ""
    by: str = ""
    typed: str = ""
    """The command line."""
    pid: int = 0
    host: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """How it ended, in the words that were printed."""

    outcome: Outcome
    error: str = ""
    """The kind of error."""
    text: str = ""
    notes: tuple[str, ...] = ()
    truth: str = ""
    """What holds now."""
    advice: tuple[tuple[str, str], ...] = ()
    """Wish and command line."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page of a run says. What the run did not have is empty or None."""

    subject: Subject
    began: float
    ended: float
    end: End
    plans: tuple[Planned, ...] = ()
    said: tuple[tuple[float, str], ...] = ()
    """What was told on the way, and when."""
    traffic: Traffic | None = None
    before: Topology | None = None
    after: Topology | None = None
    checks: tuple[Check, ...] = ()
    packages: PackageDiff | None = None
    evidence: tuple[Proof, ...] = ()
    files: tuple[str, ...] = ()
    """Files of the run's folder, by name."""
    continues: OtherRun | None = None
    """The interrupted run that this one goes on from."""
    continued_by: OtherRun | None = None

    @property
    def title(self) -> str:
        """`promote web 1.0.0 -> 1.0.1`, or the command where nothing was planned."""
        if self.plans:
            return self.plans[0].title
        return " ".join(filter(None, (self.subject.command, self.subject.image)))
