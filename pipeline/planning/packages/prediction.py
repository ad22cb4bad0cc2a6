"""What the same bake would install today, from what apt answers to its question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.planning.evidence.inventory import Inventory, Package
from pipeline.planning.packages.answers import Simulation
from pipeline.planning.packages.asking import Question
from pipeline.planning.packages.changes import Change, changes, in_words
from pipeline.planning.packages.dpkg import by_place, installed
from pipeline.planning.packages.orders import ORDERS
from pipeline.planning.packages.state import AptState, Snapshot, added, renewed

SHOWN_WRONG = 3
"""How many packages that were foretold wrongly fit a line."""

Way: TypeAlias = Literal["bake", "installed"]
"""How it was asked: the bake's own installing upon the base, or upgrading all that is installed."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """All packages that a bake would leave today, and how they differ from a version's."""

    packages: tuple[Package, ...]
    changes: tuple[Change, ...]
    """Security first."""
    way: Way
    unasked: tuple[str, ...] = ()
    """Packages that no index has: they are taken as they are."""

    @property
    def security(self) -> tuple[Change, ...]:
        """Those that a security suite tells of."""
        return tuple(one for one in self.changes if one.is_security)


@dataclass(frozen=True, slots=True)
class Asked:
    """Upon what apt is asked, and for what."""

    upon: Snapshot
    question: Question
    way: Way


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a bake installed what was foretold, in words."""

    is_right: bool
    words: str


def judged(foretold: Prediction, found: Inventory | None) -> Judged:
    """What a bake left, None where nobody knows, compared with what was foretold."""
    if found is None:
        return Judged(False, "not foretold: its packages are not written down")
    if wrong := changes(foretold.packages, found.packages, ORDERS[found.manager]):
        return Judged(False, f"not as foretold: {in_words(wrong, SHOWN_WRONG)}")
    return Judged(True, f"as foretold: {len(foretold.packages)} packages")


def first_question(state: AptState, *, upgrades: bool) -> Asked:
    """What the bake installed by name, upon the base; `upgrades`: it upgrades the base, too.

    Where nobody wrote the base down, all that is installed is upgraded.
    """
    if not state.base:
        return Asked(state.now, Question((), upgrades=True), "installed")
    wanted, _ = added(state)
    return Asked(state.base, Question(wanted, upgrades), "bake")


def next_question(state: AptState, asked: Asked, answer: Simulation) -> Asked | None:
    """What the bake has besides, if the answer does not: recommended, or upgraded by name."""
    if asked.way == "installed":
        return None
    found = {one.name for one in answer.installed}
    missing = [*added(state)[1], *renewed(state)]
    more = [name for name in missing if name.partition(":")[0] not in found]
    if not more:
        return None
    question = Question((*asked.question.packages, *more), asked.question.upgrades)
    return Asked(asked.upon, question, "bake")


def without(asked: Asked, unknown: Iterable[str]) -> Asked:
    """The same question without packages that no index has."""
    left = tuple(name for name in asked.question.packages if name not in set(unknown))
    return Asked(asked.upon, Question(left, asked.question.upgrades), asked.way)


def foretold(
    state: AptState, asked: Asked, answer: Simulation, unasked: Iterable[str]
) -> tuple[Package, ...]:
    """The packages that the bake would leave: the base's, with what apt answers.

    What the bake removed stays removed, what no index has stays as it is.
    """
    had = by_place(installed(state.now.status))
    result = dict(by_place(installed(asked.upon.status)))
    if asked.way == "bake":
        result = {place: package for place, package in result.items() if place in had}
    for one in answer.installed:
        for architecture in {one.architecture, "all", state.architecture}:
            if one.old and architecture not in state.foreign:
                result.pop((one.name, architecture), None)
        known = had.get((one.name, one.architecture))
        source = known.source if known else ""
        result[one.name, one.architecture] = Package(one.name, one.new, one.architecture, source)
    for name, architecture in answer.removed:
        for each in (architecture,) if architecture else (state.architecture, "all"):
            result.pop((name, each), None)
    kept = {name.partition(":")[0] for name in unasked}
    result |= {place: had[place] for place in had if place[0] in kept}
    return tuple(sorted(result.values()))
