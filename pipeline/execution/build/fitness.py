"""Whether the base of an image goes with all that is made of it, asked of Azure before a bake."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.definition.model import Image
from pipeline.errors import AzureRefused
from pipeline.execution.azure import lists
from pipeline.execution.azure.bases import traits_of
from pipeline.execution.azure.resources import Azure
from pipeline.planning.build.build import BuildSurvey
from pipeline.planning.build.publishable import refuse_unfit
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
