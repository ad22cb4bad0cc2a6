"""The request body that writes the verdict of a check down on an image version."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pipeline.planning.names import Check, Tag

_READ_ONLY = ("id", "name", "type", "etag", "systemData")
_READ_ONLY_IN = {
    "": (
        "provisioningState",
        "replicationStatus",
        "validationsProfile",
        "imageMetadataProfiles",
    ),
    "publishingProfile": ("publishedDate",),
    "safetyProfile": ("policyViolations", "reportedForPolicyViolation"),
}
"""What only Azure writes: of the properties, and of the profiles among them."""


def marked(body: Mapping[str, Any], *, passed: bool) -> dict[str, Any]:
    """`PUT …/galleries/…/images/…/versions/{version}`: a GET's body with the verdict in it.

    A tag says whether the check passed, `excludeFromLatest` follows it, all else passes through.
    """
    verdict = Check.PASSED if passed else Check.FAILED
    wanted = retagged(body, {**(body.get("tags") or {}), Tag.CHECK: verdict})
    published = wanted["properties"].get("publishingProfile") or {}
    wanted["properties"]["publishingProfile"] = {**published, "excludeFromLatest": not passed}
    return wanted


def retagged(body: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """A GET's body with other tags, without what only Azure writes and where it came from.

    The machine it was made of is gone, and Azure asks for the right to read a source that is sent
    again; an absent one is kept (azure-cli sends `storageProfile: {}`, which the model requires).
    """
    wanted = copy.deepcopy(dict(body))
    properties = wanted["properties"]
    _drop(wanted, _READ_ONLY)
    for profile, names in _READ_ONLY_IN.items():
        _drop(properties.get(profile) if profile else properties, names)
    properties["storageProfile"] = {}
    wanted["tags"] = dict(tags)
    return wanted


def _drop(mapping: dict[str, Any] | None, names: tuple[str, ...]) -> None:
    for name in names:
        (mapping or {}).pop(name, None)
