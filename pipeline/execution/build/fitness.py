"""What would end a bake or a check, asked of Azure before: an unfit base, a policy that denies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from pipeline.definition.model import Image
from pipeline.errors import AzureRefused
from pipeline.execution.azure import lists
from pipeline.execution.azure.bases import traits_of
from pipeline.execution.azure.resources import Azure
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.run.session import Session
from pipeline.planning.build import governed
from pipeline.planning.build.publishable import refuse_unfit
from pipeline.planning.build.steps import BuildStep
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.denials import Denial, denials
from pipeline.planning.hardware import Size, size


def refuse_unfit_base(azure: Azure, image: Image, now: BuildSurvey) -> None:
    """Raises Refused where the base does not go with the definition, the template or a size.

    It asks for more than a survey: the list of a region's sizes is long, and only bakes need it.
    """
    base = traits_of(azure, now.base)
    refuse_unfit(image, azure.environment, base, now.definition, _sizes(azure, image))


def _sizes(azure: Azure, image: Image) -> Mapping[str, Size | None]:
    """The sizes of the bake and of the instances; none where they may not be listed."""
    location = azure.environment.location
    try:
        found = lists.sizes(azure, location)
    except AzureRefused:
        return {}
    return {name: size(found, name, location) for name in (image.build_size, image.scale_set.sku)}


def refuse_denied_by_policy(session: Session, image: Image, steps: Iterable[BuildStep]) -> None:
    """Raises Refused where a policy would deny something that the steps make.

    Who may not ask policies is told so, and finds out when they are met.
    """
    azure = session.azure
    things = governed.made(steps, image, azure.environment)
    try:
        found = side_by_side([partial(_denials, azure, one) for one in things])
    except AzureRefused as refusal:
        session.output.say(f"Azure Policy could not be asked about what is made: {refusal}")
        return
    governed.refuse_denied(list(zip(things, found, strict=True)))


def _denials(azure: Azure, one: governed.Made) -> tuple[Denial, ...]:
    return denials(lists.policy_restrictions(azure, one.scope, dict(one.content)))
