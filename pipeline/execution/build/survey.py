"""What a build has to know first: the newest base, the versions there are, what dead runs left."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.advice import Advice, create_environment
from pipeline.definition.model import Base, Environment, Image
from pipeline.errors import Refused, UsageError
from pipeline.execution.azure.refusals import refusals_about
from pipeline.execution.azure.resources import Azure
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.build.way import has_way, runner
from pipeline.execution.claims.numbers import numbers
from pipeline.execution.run.session import Session, remember_versions
from pipeline.planning import security
from pipeline.planning.build.build import BuildSurvey
from pipeline.planning.build.leftovers import Group
from pipeline.planning.build.packer_variables import publishing_hours
from pipeline.planning.names import (
    Tag,
    image_definition_id,
    is_group_name_of_ours,
    version_key,
)

MAY_BE_ALIVE = timedelta(hours=2)
"""How long a run of another machine is left alone: longer than any bake and check take, but for
what copies of the version to further regions take."""


def survey_build(
    session: Session, image: Image, run: str, *, has_claim: bool = False
) -> BuildSurvey:
    """Ask Azure, and this checkout's runs; `has_claim`: this run holds that on builds of the image.

    Raises Refused when the environment has no place for versions of the image.
    """
    azure = session.azure
    definition = azure.get(image_definition_id(session.environment, image.name))
    if definition is None:
        raise Refused(
            f"the gallery {session.environment.gallery} has no image definition {image.name}",
            advice=(Advice("create it", create_environment()),),
        )
    versions = image_versions(azure, image.name)
    remember_versions(session, image.name, versions)
    return BuildSurvey(
        image=image,
        environment=session.environment,
        base=pinned(azure, image.base),
        definition_tags=dict(definition.get("tags") or {}),
        versions=versions,
        groups=groups_of(azure, image),
        run=run,
        commit=commit(session.project.root, image),
        runs_here=frozenset(path.stem for path in session.runs.glob("*")),
        young=young(session.environment),
        has_claim=has_claim,
        numbers=numbers(session, image.name) if has_claim else (),
        security_type=security.named_by(definition),
        runner=runner(session.environment),
        has_way=has_way(session.environment),
    )


def pinned(azure: Azure, base: Base) -> Base:
    """The base with `latest` resolved: the highest version number in the environment's region."""
    if base.version != "latest":
        return base
    place = (azure.environment.location, base.publisher, base.offer, base.sku)
    with refusals_about(str(base)):
        found = list(azure.clients.compute.virtual_machine_images.list(*place))
    names = [str(image.name) for image in found]
    if not names:
        raise UsageError(f"{base}: there is no version of it in {azure.environment.location}")
    return replace(base, version=max(names, key=version_key))


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


def young(environment: Environment) -> str:
    """The id of a run that starts now less MAY_BE_ALIVE: what began later may be alive."""
    alive = MAY_BE_ALIVE + timedelta(hours=publishing_hours(environment) - 1)
    return f"{datetime.now(UTC) - alive:%Y%m%dT%H%M%SZ}"


def groups_of(azure: Azure, image: Image) -> tuple[Group, ...]:
    """The resource groups of bakes and checks of the image, by their tags and names."""
    tagged = [_group(body) for body in azure.groups(Tag.IMAGE, image.name)]
    ours = (group for group in tagged if is_group_name_of_ours(group.name))
    return tuple(sorted(ours, key=lambda group: group.name))


def _group(body: dict[str, Any]) -> Group:
    return Group(str(body["name"]), dict(body.get("tags") or {}))
