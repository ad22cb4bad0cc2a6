"""Carrying out the steps of `create-environment`. Each may be repeated at any time."""

from __future__ import annotations

from http import HTTPStatus
from typing import assert_never

from pipeline.errors import AzureRefused, Overtaken, Refused
from pipeline.execution.azure.requests import ResourceGroup, delete, put, put_group
from pipeline.execution.landing_zone.survey import survey_group
from pipeline.execution.patience import GALLERY, NETWORK, RESOURCE_GROUP
from pipeline.execution.run.create import create_unless_there
from pipeline.execution.run.work import Work
from pipeline.planning.landing_zone import bodies
from pipeline.planning.landing_zone.destruction import refuse_foreign
from pipeline.planning.landing_zone.steps import (
    Complete,
    Create,
    CreateGroup,
    DestroyGroup,
    LandingZoneStep,
)
from pipeline.planning.names import Tag, environment_tags
from pipeline.planning.record_names import CLAIMS_ZONE

_PATIENCE = {"Microsoft.Network": NETWORK, "Microsoft.Compute": GALLERY}


def carry_out(step: LandingZoneStep, work: Work) -> None:
    """Carry out one step of this room; may be repeated at any time."""
    match step:
        case CreateGroup():
            create_group(step, work)
        case Create():
            create(step, work)
        case Complete():
            complete(step, work)
        case DestroyGroup():
            destroy_group(step, work)
        case _:
            assert_never(step)


def create_group(step: CreateGroup, work: Work) -> None:
    """The environment's resource group."""
    tags = environment_tags(work.azure.environment)
    request = put_group(step.name, step.location, {**tags, Tag.RUN: work.run.id})
    work.send(request, RESOURCE_GROUP)


def create(step: Create, work: Work) -> None:
    """A resource, tagged with the run that made it."""
    tagged = bodies.made_by(work.run.id, step.body)
    patience = _PATIENCE[step.resource.namespace]
    try:
        create_unless_there(work, step.resource, lambda: tagged, patience, step.api_version)
    except AzureRefused as refusal:
        if step.resource.name != CLAIMS_ZONE or refusal.status != HTTPStatus.FORBIDDEN:
            raise
        work.seen = f"{refusal}: commands of two machines will not exclude each other"


def complete(step: Complete, work: Work) -> None:
    """A resource again with what it lacked, unless someone wrote it since the plan was made."""
    request = put(step.resource, step.body, step.etag)
    work.send(request, _PATIENCE[step.resource.namespace])


def destroy_group(step: DestroyGroup, work: Work) -> None:
    """The environment's group; Overtaken when somebody put something of theirs into it."""

    def look() -> None:
        group, found = survey_group(work.session)
        try:
            if group is not None:
                refuse_foreign(work.session.project, work.azure.environment, group, found)
        except Refused as refusal:
            raise Overtaken(f"not deleted: {refusal}") from refusal

    work.send(delete(ResourceGroup(step.name)), RESOURCE_GROUP, look)
