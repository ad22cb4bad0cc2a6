"""Request bodies that write the verdicts of Packer and of a check down on an image version."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.planning.hardware import region
from pipeline.planning.names import Check, Tag
from pipeline.planning.versions import Bake

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


def baked(body: Mapping[str, Any], tags: Mapping[str, str], *, succeeded: bool) -> dict[str, Any]:
    """`PUT …/galleries/…/images/…/versions/{version}`: a GET's body with how its bake ended.

    A template that takes no tags published it without ours: `tags` are those. It stays excluded
    from `latest`, whatever the template said, until its check has passed.
    """
    verdict = Bake.SUCCEEDED if succeeded else Bake.FAILED
    wanted = retagged(body, {**(body.get("tags") or {}), **tags, Tag.BAKE: verdict})
    return _excluded(wanted, excluded=True)


def marked(
    body: Mapping[str, Any],
    *,
    passed: bool,
    replicas: Iterable[tuple[str, int]] = (),
    evidence: str = "",
    end_of_life: str = "",
    history: str = "",
) -> dict[str, Any]:
    """`PUT …/galleries/…/images/…/versions/{version}`: a GET's body with the verdict in it.

    A tag says whether the check passed, `excludeFromLatest` follows it unless the version was
    revoked, the regions have so many `replicas`, its life ends then, `history` tells of its checks;
    all else passes through. Another tag is the digest of its `evidence`; "" keeps what an earlier
    check recorded.
    """
    verdict = Check.PASSED if passed else Check.FAILED
    tags = body.get("tags") or {}
    said = {Tag.CHECK: verdict, Tag.CHECK_HISTORY: history, Tag.EVIDENCE: evidence}
    wanted = retagged(body, {**tags, **{name: text for name, text in said.items() if text}})
    wanted = _excluded(wanted, excluded=not passed or Tag.REVOKED in tags)
    if end_of_life:
        wanted["properties"]["publishingProfile"]["endOfLifeDate"] = end_of_life
    return _copied(wanted, replicas)


def revoked(body: Mapping[str, Any], *, when: str, by: str, why: str) -> dict[str, Any]:
    """`PUT …/versions/{version}`: a GET's body, out of `latest`, with who took it back and why."""
    told = {Tag.REVOKED: when, Tag.REVOKED_BY: by, Tag.REVOKED_WHY: why}
    return _excluded(retagged(body, {**(body.get("tags") or {}), **told}), excluded=True)


def restored(body: Mapping[str, Any], *, is_eligible: bool) -> dict[str, Any]:
    """`PUT …/versions/{version}`: a GET's body without that; in `latest` again if it passed."""
    gone = {Tag.REVOKED, Tag.REVOKED_BY, Tag.REVOKED_WHY}
    kept = {name: text for name, text in (body.get("tags") or {}).items() if name not in gone}
    return _excluded(retagged(body, kept), excluded=not is_eligible)


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


def _excluded(wanted: dict[str, Any], *, excluded: bool) -> dict[str, Any]:
    published = wanted["properties"].get("publishingProfile") or {}
    wanted["properties"]["publishingProfile"] = {**published, "excludeFromLatest": excluded}
    return wanted


def _copied(wanted: dict[str, Any], replicas: Iterable[tuple[str, int]]) -> dict[str, Any]:
    """With so many copies in these regions, also where the version is not in one of them yet."""
    published = wanted["properties"]["publishingProfile"]
    there = {region(target["name"]): target for target in published.get("targetRegions") or ()}
    counted = {
        name: {**there.get(name, {"name": name}), "regionalReplicaCount": count}
        for name, count in replicas
    }
    if counted:
        published["targetRegions"] = list({**there, **counted}.values())
    return wanted


def _drop(mapping: dict[str, Any] | None, names: tuple[str, ...]) -> None:
    for name in names:
        (mapping or {}).pop(name, None)
