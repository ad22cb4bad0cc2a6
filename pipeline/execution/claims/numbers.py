"""Numbers of versions, reserved before a bake: two machines that choose at once get two of them."""

from __future__ import annotations

from pipeline.advice import Advice, build_image
from pipeline.errors import AzureRefused, Refused, Unreachable
from pipeline.execution.claims.store import Records, is_without_zone
from pipeline.execution.run.session import Session
from pipeline.planning import record_names
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.claims.numbers import Number, taken

TRIES = 8
"""How many others may be quicker, one after another, before it is given up."""


def numbers(session: Session, image: str) -> tuple[Number, ...]:
    """All that runs took; none without the zone."""
    try:
        found = Records(session.azure, session.clock).ending(record_names.numbers(image))
    except AzureRefused as refusal:
        if is_without_zone(refusal):
            return ()
        raise
    return tuple(
        Number(
            record_names.version_of_number(name), kept.get("run", "?"), kept.get("used") == "yes"
        )
        for name, kept in found.items()
    )


def reserve(session: Session, image: str, version: str, now: BuildSurvey) -> bool:
    """Take a number for the run of this survey; False where another run has it.

    Azure decides: the record set is created where nothing is (`If-None-Match: *`), and taken over
    from a run that died only as it was seen (`If-Match`).
    """
    records = Records(session.azure, session.clock)
    name, wanted = record_names.number(image, version), Number(version, now.run)
    if records.write(name, wanted.metadata, ""):
        return True
    there = records.read(name)
    metadata = there.metadata or {}
    found = Number(version, metadata.get("run", "?"), metadata.get("used") == "yes")
    if found == wanted:
        return True  # the answer was lost
    if there.metadata is None or taken([found], run=now.run, dead=now.runs_here, young=now.young):
        return False
    return records.write(name, wanted.metadata, there.etag) is not None


def use(session: Session, image: str, version: str, run: str) -> None:
    """A version of this number can be staged from now on: nobody takes it ever again.

    The tag `last-<series>` of the image definition remembers it as well, so that what keeps this
    from being written down is only said.
    """
    if not session.claims:
        return
    records = Records(session.azure, session.clock)
    name, used = record_names.number(image, version), Number(version, run, is_used=True)
    try:
        there = records.read(name)
        if (there.metadata or {}).get("used") != "yes":
            records.write(name, used.metadata, there.etag)
    except (AzureRefused, Unreachable) as error:
        if not (isinstance(error, AzureRefused) and is_without_zone(error)):
            session.output.say(f"{error}: the number {version} is not written down as used")


def taken_by_others(image: str) -> Refused:
    """Every number that was chosen had been taken by the time."""
    return Refused(
        f"{image}: others took {TRIES} numbers one after another",
        advice=(Advice("build it again", build_image(image)),),
    )
