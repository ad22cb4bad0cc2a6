"""The versions of an image in the environment's gallery."""

from __future__ import annotations

from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.resources import Azure, provisioning_state
from pipeline.planning.names import image_definition_id
from pipeline.planning.versions import ImageVersion


def image_versions(azure: Azure, image: str) -> tuple[ImageVersion, ...]:
    """All of them; none without the definition."""
    definition = image_definition_id(azure.environment, image)
    return tuple(image_version(body) for body in azure.list_inside(definition, "versions"))


def image_version(body: Body) -> ImageVersion:
    """What a GET of a version says, as far as all commands need it."""
    profile = (body.get("properties") or {}).get("publishingProfile") or {}
    return ImageVersion(
        name=str(body["name"]),
        provisioning_state=provisioning_state(body),
        exclude_from_latest=bool(profile.get("excludeFromLatest")),
        tags=dict(body.get("tags") or {}),
        published=str(profile.get("publishedDate") or ""),
    )
