"""By whom the versions of a gallery are needed, in every environment that shares it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment
from pipeline.planning.names import (
    SwapTag,
    image_version_id,
    load_balancer_tag,
    scale_set_name,
)
from pipeline.planning.versions import ImageVersion


@dataclass(frozen=True, slots=True)
class Uses:
    """Ids of the scale sets and load balancers that need a version, by the version's id.

    `unknown` are sentences: which environment could not be asked, and why. Then no version is known
    to be without use.
    """

    by_version: Mapping[ResourceId, frozenset[ResourceId]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def needs(self, version: ResourceId, removed: frozenset[ResourceId] = frozenset()) -> bool:
        """Whether anything needs it besides what is about to be removed."""
        return bool(self.by_version.get(version, frozenset()) - removed)


NOBODY: Final = Uses()
"""Needs any version."""


def versions_led_to(
    environment: Environment,
    image: str,
    versions: tuple[ImageVersion, ...],
    load_balancer: Mapping[str, Any],
) -> Iterator[ResourceId]:
    """The versions that an environment's load balancer names as serving or as the way back.

    A way back may be without its scale set: it is made again from the version.
    """
    tags = load_balancer.get("tags") or {}
    named = {
        tags.get(load_balancer_tag(image, what)) for what in (SwapTag.SERVES, SwapTag.PREVIOUS)
    }
    for version in versions:
        if scale_set_name(image, version.name) in named:
            yield image_version_id(environment, image, version.name)
