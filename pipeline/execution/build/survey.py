"""What a build has to know first: the newest base, the versions there are, what dead runs left."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.advice import Advice, create_environment
from pipeline.arm import ResourceId
from pipeline.definition.model import Image
from pipeline.errors import Refused
from pipeline.execution.azure.bases import pinned
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.resources import Azure
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.build.way import has_way, runner
from pipeline.execution.claims.numbers import numbers
from pipeline.execution.run.session import Session, remember_versions
from pipeline.planning import traits
from pipeline.planning.build.access import refuse_unusable_group
from pipeline.planning.build.leftovers import DISKS, Group, bare_disks, is_of_a_run, is_part
from pipeline.planning.build.packer_variables import marking_hours, publishing_hours
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.claims.numbers import Number
from pipeline.planning.names import (
    Tag,
    image_definition_id,
    is_group_name_of_ours,
)

MAY_BE_ALIVE = timedelta(hours=2)
"""How long a run of another machine is left alone: longer than any bake and check take, but for
what copies of the version to further regions take."""
CLEANING_AND_CHECKING = timedelta(minutes=30)
"""What follows when a bake's time is over, or it just ended within it."""


def survey_build(
    session: Session, image: Image, run: str, *, has_claim: bool = False
) -> BuildSurvey:
    """Ask Azure, and this checkout's runs; `has_claim`: this run holds that on builds of the image.

    Raises Refused when the environment has no place for the bake, or for versions of the image.
    """
    azure = session.azure
    if named := session.environment.build_resource_group:
        refuse_unusable_group(session.environment, azure.region_of(named))
    definition = azure.get(image_definition_id(session.environment, image.name))
    if definition is None:
        raise Refused(
            f"the gallery {session.environment.gallery.name} has no image definition {image.name}",
            advice=(Advice("create it", create_environment()),),
        )
    versions = image_versions(azure, image.name)
    reserved = numbers(session, image.name) if has_claim else ()
    remember_versions(session, image.name, versions)
    return BuildSurvey(
        image=image,
        environment=session.environment,
        base=pinned(azure, image.base),
        definition_tags=dict(definition.get("tags") or {}),
        versions=versions,
        groups=groups_of(azure, image, lambda: reserved),
        run=run,
        commit=commit(session.project.root, image),
        runs_here=frozenset(path.stem for path in session.runs.glob("*")),
        young=young(session),
        has_claim=has_claim,
        numbers=reserved,
        definition=traits.reading(definition),
        runner=runner(session.environment),
        has_way=has_way(session.environment),
    )


def commit(root: Path, image: Image) -> str:
    """The commit the inputs are from; `+uncommitted` when they differ from it, or there is none."""
    folders = (str(image.folder), str(image.template.folder))
    head = _git(root, "rev-parse", "HEAD")
    if not head or not _git(root, "ls-files", "--", *folders):
        return "uncommitted"
    changed = _git(root, "status", "--porcelain", "--", *folders)
    return f"{head}+uncommitted" if changed else head


def _git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), *words]
    try:
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError:
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""


def young(session: Session) -> str:
    """The id of a run that starts now less the longest one takes: what began later may live."""
    longest = max((image.build_timeout for image in session.project.images), default=0.0)
    alive = max(MAY_BE_ALIVE, timedelta(seconds=longest) + CLEANING_AND_CHECKING)
    environment = session.environment
    alive += timedelta(hours=publishing_hours(environment) - 1 + marking_hours(environment))
    return f"{datetime.now(UTC) - alive:%Y%m%dT%H%M%SZ}"


def groups_of(
    azure: Azure, image: Image, reserved: Callable[[], Iterable[Number]]
) -> tuple[Group, ...]:
    """The resource groups of bakes and checks of the image, by their tags and names.

    And what each run has in the group that is there for all of them; `reserved` tells which runs
    took numbers of the image, and is asked where only a name can tell whose something is.
    """
    tagged = [_group(body) for body in azure.groups(Tag.IMAGE, image.name)]
    ours = [group for group in tagged if is_group_name_of_ours(group.name)]
    if shared := azure.environment.build_resource_group:
        found = [
            body for body in azure.resources_in(shared) if is_part(ResourceId.parse(body["id"]))
        ]
        made = [Group(shared, dict(body.get("tags") or {}), is_shared=True) for body in found]
        mine = [group for group in made if is_of_a_run(group.tags, azure.environment, image.name)]
        ours += {group.tags[Tag.RUN]: group for group in mine}.values()
        if bare := [ResourceId.parse(body["id"]).name for body in found if _is_bare_disk(body)]:
            known = {group.tags[Tag.RUN] for group in mine}
            runs = [number.run for number in reserved() if number.run not in known]
            ours += bare_disks(shared, bare, runs, azure.environment, image.name)
    return tuple(sorted(ours, key=lambda group: (group.name, group.tags.get(Tag.RUN, ""))))


def _is_bare_disk(body: Body) -> bool:
    """Whether it is a disk without tags that no machine has."""
    kind = ResourceId.parse(body["id"]).segments[-1][0].lower()
    return kind == DISKS and not body.get("tags") and not body.get("managedBy")


def _group(body: dict[str, Any]) -> Group:
    return Group(str(body["name"]), dict(body.get("tags") or {}))
