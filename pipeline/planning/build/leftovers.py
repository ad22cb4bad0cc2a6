"""Resource groups that runs of bakes and checks made, and may have left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.definition.model import Environment
from pipeline.planning.build.steps import DeleteGroup
from pipeline.planning.names import Tag, is_ours


@dataclass(frozen=True, slots=True)
class Group:
    """A resource group whose name is that of a bake or a check of this image."""

    name: str
    tags: Mapping[str, str]


def is_of_a_run(tags: Mapping[str, str], environment: Environment, image: str) -> bool:
    """Whether a run of ours made it for the image in the environment."""
    mine = tags.get(Tag.ENVIRONMENT) == environment.name
    return mine and Tag.RUN in tags and is_ours(tags, image)


def deletion(group: Group) -> DeleteGroup:
    """The step that removes what a dead run left."""
    return DeleteGroup(group.name, group.tags[Tag.RUN], is_left_over=True)


def left_over(
    groups: Iterable[Group], environment: Environment, image: str, young: str
) -> tuple[DeleteGroup, ...]:
    """The steps that remove what surely dead runs left: those with an id not above `young`."""
    return tuple(
        deletion(group)
        for group in groups
        if is_of_a_run(group.tags, environment, image) and group.tags[Tag.RUN] <= young
    )
