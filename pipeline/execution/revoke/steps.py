"""Writing down that a version was revoked, or is so no more.

Azure has no etags for image versions: whoever wrote at the same time with what it had read before
would bring the old text back. So what was written is read again, and written anew.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import assert_never

from pipeline.errors import AzureRefused, Overtaken
from pipeline.execution.azure.requests import Body, put
from pipeline.execution.azure.versions import image_version
from pipeline.execution.claims.held import text_of
from pipeline.execution.patience import GALLERY
from pipeline.execution.run.work import Work
from pipeline.planning.build import version_body
from pipeline.planning.names import Tag, image_version_id
from pipeline.planning.revoke.steps import RestoreVersion, RevokeStep, RevokeVersion

TRIES = 5
"""How many others may write the version meanwhile."""


def carry_out(step: RevokeStep, work: Work) -> None:
    """Carry out one step of this room; may be repeated at any time."""
    match step:
        case RevokeVersion():
            when = text_of(datetime.now(UTC))
            _until_it_stays(step, work, lambda body: _revoked(step, body, when))
        case RestoreVersion():
            _until_it_stays(step, work, lambda body: _restored(step, body))
        case _:
            assert_never(step)


def _revoked(step: RevokeVersion, body: Body, when: str) -> Body | None:
    found = image_version(body)
    if found.is_revoked and found.exclude_from_latest:
        return None
    first = found.tags.get(Tag.REVOKED, when)
    return version_body.revoked(body, when=first, by=step.by, why=step.why)


def _restored(step: RestoreVersion, body: Body) -> Body | None:
    if not image_version(body).is_revoked:
        return None
    return version_body.restored(body, is_eligible=step.is_eligible)


def _until_it_stays(step: RevokeStep, work: Work, wanted: Callable[[Body], Body | None]) -> None:
    version = image_version_id(work.azure.environment, step.image, step.version)
    for _ in range(TRIES):
        body = work.azure.get(version)
        if body is None:
            raise AzureRefused(str(version), "ResourceNotFound", "it is gone")
        write = wanted(body)
        if write is None:
            return
        work.send(put(version, write), GALLERY)
    raise Overtaken(f"{version}: gave up after {TRIES} concurrent updates")
