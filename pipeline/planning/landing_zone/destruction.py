"""Planning to destroy an environment: its resource group, if all that is in it is ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.advice import Advice, create_environment, destroy_environment
from pipeline.arm import ResourceId
from pipeline.definition.model import Environment, Project
from pipeline.errors import Refused
from pipeline.planning.landing_zone.steps import DestroyGroup
from pipeline.planning.names import SYSTEM, Tag
from pipeline.planning.plan import Plan
from pipeline.planning.sharing import sharing

_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A resource in the environment's group."""

    resource: ResourceId
    tags: Mapping[str, str]
    managed_by: str = ""
    """The id of what it belongs to, such as the disk of an instance; "" where it stands alone."""

    @property
    def is_ours(self) -> bool:
        """Whether we made it, or it came and goes with something."""
        return self.tags.get(Tag.SYSTEM) == SYSTEM or bool(self.managed_by)

    def __str__(self) -> str:
        return "/".join(name for _, name in self.resource.segments)


def plan_destruction(
    project: Project,
    environment: Environment,
    group: Mapping[str, str] | None,
    found: Iterable[Found],
) -> Plan[DestroyGroup]:
    """Delete the environment's resource group and all in it, production included.

    `group` are the group's tags, None where there is none. Refused when the group, or anything in
    it, is not ours, or another environment lives there.
    """
    name, title = environment.resource_group, f"destroy the environment {environment.name}"
    if group is None:
        because = f"there is no resource group {name}"
        return Plan(title, (), because=because, advice=_again())
    refuse_foreign(project, environment, group, found := tuple(found))
    listed = [f"{one}, a {one.resource.segments[-1][0]}" for one in found]
    more = len(listed) - _MOST_NAMED
    return Plan(
        title,
        (DestroyGroup(name, environment.name, len(listed)),),
        truth=f"the environment {environment.name} is gone, with {len(listed)} resources",
        advice=_again(),
        notes=(
            *(f"deletes {one}" for one in listed[:_MOST_NAMED]),
            *((f"and {more} more",) if more > 0 else ()),
        ),
    )


def refuse_foreign(
    project: Project,
    environment: Environment,
    group: Mapping[str, str],
    found: Iterable[Found],
) -> None:
    """Refuse to delete what another hand made, or what another environment needs."""
    name = environment.resource_group
    neighbours = [
        other.name
        for other in project.environments
        if other.name != environment.name
        and other.resource_group.lower() == name.lower()
        and other.subscription == environment.subscription
    ]
    if neighbours:
        raise Refused(f"{name} is also the resource group of {', '.join(neighbours)}")
    using = [one.name for one in sharing(project, environment) if one.name != environment.name]
    if using and environment.gallery.managed:
        raise Refused(f"the gallery in {name} is also that of {', '.join(using)}")
    owner = group.get(Tag.ENVIRONMENT, "")
    if group.get(Tag.SYSTEM) != SYSTEM or owner != environment.name:
        raise Refused(f"{name}: bakeswap did not create this resource group")
    foreign = [str(one.resource) for one in found if not one.is_ours]
    if foreign:
        raise Refused(
            f"{name} holds what bakeswap did not make: {', '.join(foreign[:_MOST_NAMED])}",
            advice=(Advice("move or delete that, then", destroy_environment(environment.name)),),
        )


def _again() -> tuple[Advice, ...]:
    return (Advice("create it again", create_environment()),)
