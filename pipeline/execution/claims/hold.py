"""Holds: an image that is not promoted in an environment until somebody releases it."""

from __future__ import annotations

from pipeline.advice import Advice, create_environment, release, status
from pipeline.errors import AzureRefused, Refused, Unreachable
from pipeline.execution.claims.held import text_of
from pipeline.execution.claims.store import Kept, Records, is_without_zone
from pipeline.execution.run.session import Session
from pipeline.planning.claims.claim import Hold
from pipeline.planning.record_names import hold as hold_record

TRIES = 5
"""How many others may write the same hold meanwhile."""


def put_on_hold(session: Session, image: str, why: str) -> Hold:
    """Put an image on hold, in place of an earlier hold; by Azure's clock."""
    records, name = Records(session.azure, session.clock), hold_record(session.environment, image)
    for _ in range(TRIES):
        there = _read(session, records, name)
        made = Hold(why, session.actor, text_of(there.now))
        if records.write(name, made.metadata, there.etag) or _has(records, name, made):
            return made
    raise _gave_up(session, image)


def take_off_hold(session: Session, image: str) -> Hold | None:
    """Release an image; the hold there was, None for none."""
    records, name = Records(session.azure, session.clock), hold_record(session.environment, image)
    for _ in range(TRIES):
        there = _read(session, records, name)
        if there.metadata is None:
            return None
        if records.delete(name, there.etag):
            return Hold.read(there.metadata)
    raise _gave_up(session, image)


def refuse_on_hold(session: Session, image: str) -> None:
    """Refused where an image is on hold: by whom, since when and why.

    Where that cannot be asked, it is said and nothing is refused.
    """
    records = Records(session.azure, session.clock)
    try:
        there = records.read(hold_record(session.environment, image))
    except (AzureRefused, Unreachable) as error:
        if not (isinstance(error, AzureRefused) and is_without_zone(error)):
            session.output.say(f"{error}: could not ask whether {image} is on hold: continuing")
        return
    if there.metadata is not None:
        raise Refused(
            f"{image} in {session.environment.name}: {Hold.read(there.metadata)}",
            advice=(Advice("when the reason is gone", release(image)),),
        )


def _read(session: Session, records: Records, name: str) -> Kept:
    try:
        return records.read(name)
    except AzureRefused as refusal:
        if is_without_zone(refusal):
            raise without_zone(session) from refusal
        raise


def without_zone(session: Session) -> Refused:
    """There is no zone to keep anything in."""
    return Refused(
        f"the environment {session.environment.name} has no private DNS zone for claims and holds",
        advice=(Advice("create it", create_environment()),),
    )


def _has(records: Records, name: str, made: Hold) -> bool:
    """Whether the write succeeded whose answer was lost."""
    return Hold.read(records.read(name).metadata or {}) == made


def _gave_up(session: Session, image: str) -> Refused:
    return Refused(
        f"{image} in {session.environment.name}: gave up after {TRIES} concurrent updates",
        advice=(Advice("show the state", status()),),
    )
