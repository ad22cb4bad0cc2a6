"""Conditional writes: `If-Match` and `If-None-Match`."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.store import Record


def check_preconditions(
    kind: Kind, identifier: ResourceId, existing: Record | None, headers: Mapping[str, str]
) -> None:
    """Refuse a write whose condition does not hold; names of `headers` are in lower case.

    Kinds without etags (galleries, images, disks, groups) have no such parameters in the SDK.

    Raises the kind's ArmError 412.
    """
    if kind.etag(None) is None:  # without etags Azure has no conditions, and ignores them
        return
    wanted, unwanted = headers.get("if-match"), headers.get("if-none-match")
    current = existing.document.get("etag") if existing else None
    if unwanted == "*" and existing is not None:
        raise kind.exists_already(existing.id)
    if wanted is None or (wanted == "*" and existing is not None):
        return
    if current is None or wanted.strip() != current:
        raise kind.etag_mismatch(identifier, wanted, current)
