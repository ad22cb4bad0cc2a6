"""What a stage is about to ask of Azure, read from its plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment, Image
from pipeline.planning.swap.steps import (
    CreateScaleSet,
    ScaleScaleSet,
    StageStep,
)
from pipeline.planning.versions import ImageVersion, newest
from pipeline.planning.watch.steps import VerifyVersion


@dataclass(frozen=True, slots=True)
class Wanted:
    """A version of an image in an environment, and what its staging makes.

    `added` are instances of the image's size; `creates` the steps that create a scale set, or wait
    for one that exists already; `is_refused`: there is no plan.
    """

    environment: Environment
    image: Image
    version: str
    added: int
    creates: tuple[CreateScaleSet, ...] = ()
    is_refused: bool = False

    @property
    def made(self) -> tuple[ResourceId, ...]:
        """The scale sets that are created, or waited for."""
        return tuple(step.resource for step in self.creates)

    @property
    def size(self) -> str:
        """The size of an instance."""
        return self.image.scale_set.sku

    @property
    def location(self) -> str:
        """The region, by its name."""
        return self.environment.location


def wanted(
    environment: Environment, image: Image, version: str, steps: Iterable[StageStep] | None
) -> Wanted:
    """What a plan's steps ask for; without a plan (it was refused) a whole new scale set.

    `version` is that of the command line, "" for the one that the plan chose.
    """
    if steps is None:
        return Wanted(environment, image, version, image.scale_set.capacity, is_refused=True)
    listed = tuple(steps)
    creates = (step for step in listed if isinstance(step, CreateScaleSet))
    name = version or next(_versions(listed), "")
    return Wanted(environment, image, name, _added(listed), tuple(creates))


def newest_eligible(versions: Iterable[ImageVersion]) -> str:
    """The version that is staged unless another is named; "" without one."""
    found = newest(version for version in versions if version.is_eligible)
    return found.name if found else ""


def _versions(steps: Iterable[StageStep]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, CreateScaleSet | VerifyVersion):
            yield step.version


def _added(steps: Iterable[StageStep]) -> int:
    added = 0
    for step in steps:
        if isinstance(step, CreateScaleSet):
            added += step.capacity
        elif isinstance(step, ScaleScaleSet):
            added += step.capacity - step.before
    return added
