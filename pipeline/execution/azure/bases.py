"""What Azure says of the base of an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeline.advice import Advice, build_image
from pipeline.definition.model import LATEST, AnyBase, Base, GalleryBase
from pipeline.errors import UsageError
from pipeline.execution.azure.refusals import refusals_about
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.resources import Azure
from pipeline.execution.azure.versions import image_version
from pipeline.planning.hardware import region
from pipeline.planning.names import version_key
from pipeline.planning.traits import Traits, definition_of, reading
from pipeline.planning.versions import ImageVersion


def pinned(azure: Azure, base: AnyBase) -> AnyBase:
    """The base with `latest` resolved, as Azure does: the highest number in the region.

    Of a gallery, versions that are excluded from `latest` are passed over, so that an image of this
    project has passed its check. Raises UsageError where there is none.
    """
    if isinstance(base, GalleryBase):
        return _pinned_in_gallery(azure, base)
    if base.version != LATEST:
        return base
    names = offered(azure, base)
    if not names:
        raise UsageError(
            f"{_written(base)}: there is no version of it in {azure.environment.location}"
        )
    return replace(base, version=max(names, key=version_key))


def offered(azure: Azure, base: Base) -> tuple[str, ...]:
    """The versions of a marketplace image in the region of the environment."""
    place = (azure.environment.location, base.publisher, base.offer, base.sku)
    with refusals_about(_written(base)):
        found = list(azure.clients.compute.virtual_machine_images.list(*place))
    return tuple(str(image.name) for image in found)


def traits_of(azure: Azure, base: AnyBase) -> Traits:
    """Of a base that is pinned. One that is not there is told with file and line."""
    if isinstance(base, GalleryBase):
        definition = definition_of(azure.environment, base)
        body = azure.get(definition)
        if body is None:
            raise UsageError(f"{_written(base)}: {definition} does not exist")
        return reading(body)
    place = (azure.environment.location, base.publisher, base.offer, base.sku, base.version)
    with refusals_about(_written(base)):
        return reading(azure.clients.compute.virtual_machine_images.get(*place).as_dict())


def _pinned_in_gallery(azure: Azure, base: GalleryBase) -> GalleryBase:
    environment = azure.environment
    definition = definition_of(environment, base)
    bodies = azure.list_inside(definition, "versions")
    there = {one.name: one for one in _usable(bodies, environment.location)}
    names = [name for name, one in there.items() if not one.exclude_from_latest]
    if base.version != LATEST:
        names = [name for name in there if name == base.version]
    if not names:
        what = "version" if base.version == LATEST else f"version {base.version}"
        tail = " that is not excluded from latest" if base.version == LATEST else ""
        raise UsageError(
            f"{_written(base)}: {definition} has no {what} in {environment.location}{tail}",
            advice=() if base.gallery else (Advice("build one", build_image(base.image)),),
        )
    own, version = environment.gallery, max(names, key=version_key)
    if base.gallery:
        return replace(base, version=version)
    return replace(
        base,
        gallery=own.name,
        resource_group=own.resource_group,
        subscription=own.subscription,
        version=version,
    )


def _usable(bodies: list[Body], location: str) -> Iterator[ImageVersion]:
    """The versions that are made, and have a copy in a region."""
    for body in bodies:
        profile: Mapping[str, Any] = body["properties"].get("publishingProfile") or {}
        regions = {region(str(one["name"])) for one in profile.get("targetRegions") or ()}
        version = image_version(body)
        if version.is_made and location in regions:
            yield version


def _written(base: AnyBase) -> str:
    """The base and where it is written: `images/web/image.hcl:6: Debian:debian-12:…`."""
    return f"{base.at}: {base}" if base.at else str(base)
