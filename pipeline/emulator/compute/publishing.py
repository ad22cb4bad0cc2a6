"""Where a gallery image version is, in how many copies, and what of that never changes."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.errors import invalid_parameter
from pipeline.emulator.arm.ids import same
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.regions import REGIONS, normal_location
from pipeline.emulator.compute.wording import change_not_allowed, is_true

_PATH = "galleryImageVersion.properties.publishingProfile"
_FIXED = {"storageAccountType": "Standard_LRS", "replicationMode": "Full"}
"""What a version has for life, of its profile and of each region, and what it has unasked."""


def publishing_profile(
    given: dict[str, Any], before: dict[str, Any], location: str
) -> dict[str, Any]:
    """The profile of a version with these properties, which had those before."""
    asked = dict(given.get("publishingProfile") or {})
    kept = before.get("publishingProfile") or {"publishedDate": now()}
    asked.pop("source", None)
    asked.pop("publishedDate", None)
    profile = {**kept, **{key: value for key, value in asked.items() if value not in (None, "")}}
    profile.setdefault("replicaCount", 1)
    profile.setdefault("storageAccountType", _FIXED["storageAccountType"])
    profile["excludeFromLatest"] = is_true(profile.get("excludeFromLatest"))
    there = kept.get("targetRegions") or []
    targets = asked.get("targetRegions") or there or [{"name": location}]
    known = {target["name"]: target for target in there}
    profile["targetRegions"] = [_target(target, profile, known) for target in targets]
    if before.get("publishingProfile"):
        _refuse_changes(kept, profile, _PATH)
    return profile


def _refuse_changes(before: dict[str, Any], after: dict[str, Any], path: str) -> None:
    for name, unasked in _FIXED.items():
        if not same(before.get(name, unasked), after.get(name, unasked)):
            raise change_not_allowed(f"{path}.{name}")


def _target(
    target: dict[str, Any], profile: dict[str, Any], known: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """A region as it comes back: by its display name, with every count filled in."""
    name = str(target.get("name") or "")
    display = REGIONS.get(normal_location(name))
    if display is None:
        raise invalid_parameter("targetRegions", f"The region '{name}' is not known.")
    kept = known.get(display, {})
    made = {
        "storageAccountType": kept.get("storageAccountType", profile["storageAccountType"]),
        "regionalReplicaCount": profile["replicaCount"],
        **{key: value for key, value in target.items() if value is not None},
        "name": display,
    }
    if kept:
        _refuse_changes(kept, made, f"{_PATH}.targetRegions")
    return made
