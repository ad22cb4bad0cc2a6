"""Resource groups that runs of bakes and checks made, and may have left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment
from pipeline.planning.build.steps import ClearGroup, Clearing, DeleteGroup
from pipeline.planning.machine_names import is_machine_name, machine_name, os_disk_name
from pipeline.planning.names import SYSTEM, Tag, is_ours

DISKS = "disks"
NAMED_BY_US = ("virtualmachines", "networkinterfaces", DISKS)
NAMED_BY_PACKER = ("publicipaddresses", "virtualnetworks", "networksecuritygroups")
"""Kinds of resources of a machine, in the order in which they can be deleted, ours first."""


@dataclass(frozen=True, slots=True)
class Group:
    """A resource group of a bake or a check of this image.

    Or what one run has in a group that `is_shared`: the tags are then of that.
    """

    name: str
    tags: Mapping[str, str]
    is_shared: bool = False

    def __str__(self) -> str:
        return f"a machine in {self.name}" if self.is_shared else f"the resource group {self.name}"


def is_of_a_run(tags: Mapping[str, str], environment: Environment, image: str) -> bool:
    """Whether a run of ours made it for the image in the environment."""
    mine = tags.get(Tag.ENVIRONMENT) == environment.name
    return mine and Tag.RUN in tags and is_ours(tags, image)


def deletion(group: Group) -> Clearing:
    """The step that removes what a dead run left."""
    kind = ClearGroup if group.is_shared else DeleteGroup
    return kind(group.name, group.tags[Tag.RUN], is_left_over=True)


def is_part(resource: ResourceId) -> bool:
    """Whether it may belong to a machine of a bake or a check, in a group that is there.

    What has a name of ours there has to have it: instances of a scale set have its tags. Packer
    itself names what a public machine needs besides.
    """
    kind = resource.segments[-1][0].lower()
    return kind in NAMED_BY_PACKER or (kind in NAMED_BY_US and is_machine_name(resource.name))


def bare_disks(
    group: str, names: Iterable[str], runs: Iterable[str], environment: Environment, image: str
) -> tuple[Group, ...]:
    """What runs of an image left in a group that is there, and nothing tells but its name.

    The disk of a bake is made with its machine and outlives it (plugin 1.4.5), and Azure promises
    it no tags: a run that dies when its machine is gone leaves just that. It is ours where it has
    the name that a run planned for it, one of those `runs` that took a number of a version of this
    image. `names` are of disks without tags that no machine has.
    """
    planned = {os_disk_name(machine_name("bake", run)).lower(): run for run in runs}
    found = dict.fromkeys(planned[name.lower()] for name in names if name.lower() in planned)
    of_image = {Tag.SYSTEM: SYSTEM, Tag.IMAGE: image, Tag.ENVIRONMENT: environment.name}
    return tuple(Group(group, {**of_image, Tag.RUN: run}, is_shared=True) for run in found)


def left_over(
    groups: Iterable[Group], environment: Environment, image: str, young: str
) -> tuple[Clearing, ...]:
    """The steps that remove what surely dead runs left: those with an id not above `young`."""
    return tuple(
        deletion(group)
        for group in groups
        if is_of_a_run(group.tags, environment, image) and group.tags[Tag.RUN] <= young
    )
