"""Asking Azure what is in use, and how old things are."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.arm import ResourceId
from pipeline.execution.azure.resources import SCALE_SETS
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import image_version_of


def age(time: str) -> float | None:
    """Seconds since a time of a tag, by this machine's clock; None where it is no time."""
    try:
        then = datetime.fromisoformat(time)
    except ValueError:
        return None
    return (datetime.now(UTC) - (then if then.tzinfo else then.replace(tzinfo=UTC))).total_seconds()


def used_versions(session: Session) -> frozenset[ResourceId]:
    """The image versions that scale sets of the subscription were made from.

    In any resource group: several environments may share a gallery.
    """
    found = session.azure.list_in_subscription(SCALE_SETS)
    versions = (image_version_of(body["properties"]) for body in found)
    return frozenset(version for version in versions if version)
