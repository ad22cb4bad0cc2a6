"""Removing what dead runs of bakes and checks left, before anything new is made."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.advice import Advice, build_image
from pipeline.errors import Refused
from pipeline.planning.build.leftovers import deletion, is_of_a_run
from pipeline.planning.build.steps import BuildStep, DeleteVersion
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.names import Tag
from pipeline.planning.versions import ImageVersion

HALF_MADE = frozenset({"Creating", "Failed", "Canceled"})
"""Provisioning states of a version that nobody finished, as long as it carries no `check` tag."""


def cleaning(survey: BuildSurvey) -> tuple[BuildStep, ...]:
    """Steps that remove what dead runs left; Refused when one of those runs may be alive."""
    image = survey.image.name
    groups = [group for group in survey.groups if _is_ours(survey, group.tags)]
    halves = [version for version in survey.versions if _is_half_made(survey, version)]
    for group in groups:
        _refuse_living(survey, str(group), group.tags[Tag.RUN])
    for version in halves:
        _refuse_living(survey, f"the image version {image} {version.name}", version.tags[Tag.RUN])
    return (
        *map(deletion, groups),
        *(DeleteVersion(image, v.name, v.provisioning_state) for v in halves),
    )


def _is_half_made(survey: BuildSurvey, version: ImageVersion) -> bool:
    """A version with a `check` was whole once: a later update of it failed. That one stays."""
    return (
        version.provisioning_state in HALF_MADE
        and not version.check
        and _is_ours(survey, version.tags)
    )


def _is_ours(survey: BuildSurvey, tags: Mapping[str, str]) -> bool:
    return is_of_a_run(tags, survey.environment, survey.image.name)


def _refuse_living(survey: BuildSurvey, thing: str, run: str) -> None:
    if not survey.is_dead(run):
        raise Refused(
            f"{thing} belongs to run {run}, which another machine or checkout started so short a"
            " time ago that it may still be running",
            advice=(Advice("when that run has ended", build_image(survey.image.name)),),
        )
