"""Leaving nothing of a run behind: without its resource group, or without its part of another."""

from __future__ import annotations

from pipeline.arm import ResourceId
from pipeline.errors import Overtaken
from pipeline.execution.azure.requests import Body, ResourceGroup, delete
from pipeline.execution.patience import MACHINE, RESOURCE_GROUP
from pipeline.execution.run.work import Work
from pipeline.planning.build.leftovers import NAMED_BY_PACKER, NAMED_BY_US, is_part
from pipeline.planning.build.steps import ClearGroup, Clearing, DeleteGroup
from pipeline.planning.machine_names import names_of_machines
from pipeline.planning.names import Tag

_ORDER = (*NAMED_BY_US, *NAMED_BY_PACKER)


def clear(step: Clearing, work: Work) -> None:
    """The run's resource group, or what it made in a group of others."""
    if isinstance(step, DeleteGroup):
        _delete_group(step.name, step.run, work)
    else:
        for resource in _made_by(step, work):
            work.send(delete(resource), MACHINE, needs_claim=step.run != work.run.id)


def _made_by(step: ClearGroup, work: Work) -> list[ResourceId]:
    """What has the run's tag, or a name of its machines; each after what it is used by."""
    names = names_of_machines(step.run)
    found = []
    for body in work.azure.resources_in(step.name):
        resource = ResourceId.parse(str(body["id"]))
        is_of_run = (body.get("tags") or {}).get(Tag.RUN) == step.run
        if is_part(resource) and (is_of_run or resource.name.startswith(names)):
            found.append(resource)
    return sorted(found, key=lambda one: _ORDER.index(one.segments[-1][0].lower()))


def _delete_group(name: str, run: str, work: Work) -> None:
    """The resource group of a name, unless it is another run's by now."""
    found = work.azure.group(name)
    owner = _owner(found)
    if found is not None and owner != run:
        work.seen = f"{name} left as it is: it belongs to {owner}"
    elif found is not None:
        work.send(
            delete(ResourceGroup(name)),
            RESOURCE_GROUP,
            lambda: _refuse_anothers(name, run, work),
            needs_claim=run != work.run.id,
        )


def _refuse_anothers(name: str, run: str, work: Work) -> None:
    found = work.azure.group(name)
    if found is not None and _owner(found) != run:
        raise Overtaken(f"resource group {name}: it belongs to {_owner(found)} by now: not deleted")


def _owner(group: Body | None) -> str:
    """The run that made a resource group, by its tag."""
    return str(((group or {}).get("tags") or {}).get(Tag.RUN) or "someone else")
