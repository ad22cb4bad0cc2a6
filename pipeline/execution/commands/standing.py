"""What serves although it was revoked, or is past its end, and what is made of it: for nightly."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pipeline.errors import PipelineError
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_swap
from pipeline.planning.lineage import lineage
from pipeline.planning.names import Tag
from pipeline.planning.swap import leaving
from pipeline.planning.swap.survey import Survey
from pipeline.planning.versions import ImageVersion, newest


def told_of_versions(session: Session, sound: Sequence[str]) -> tuple[list[str], list[str]]:
    """What serves and should not, with the command that leaves it; and what comes of it.

    `sound` are images without mistakes. What Azure does not answer is told, and left out.
    """
    look, served = session.looking(), session.environment.load_balancer_of
    parents = {parent for name in sound if (parent := session.image(name).parent)}
    wanted = [*sound, *sorted(parents - set(sound))]
    found = dict(
        zip(wanted, side_by_side([partial(_versions, look, one) for one in wanted]), strict=True)
    )
    ended = [name for name in sound if served(name) and _concerns(found[name])]
    surveys = [now for now in side_by_side([partial(_survey, look, n) for n in ended]) if now]
    urgent = [f"{now.image.name} {line}" for now in surveys for line in leaving.urgent(now)]
    notes = [f"{now.image.name}: {line}" for now in surveys for line in leaving.foreseen(now)]
    for name in sound:
        last = newest(one for one in found[name] if one.is_eligible)
        if last and (parent := session.image(name).parent):
            base = last.tags.get(Tag.BASE, "")
            made = lineage(name, last.name, base, parent, found[parent])
            notes += [str(made)] if made.revocation else []
    return urgent, notes


def _concerns(versions: tuple[ImageVersion, ...]) -> bool:
    return any(one.ended or one.is_ending() or one.flaky for one in versions)


def _versions(look: Session, name: str) -> tuple[ImageVersion, ...]:
    try:
        return image_versions(look.azure, name)
    except PipelineError:
        return ()  # it was told when the image had its turn


def _survey(look: Session, name: str) -> Survey | None:
    try:
        return survey_swap(look, name)
    except PipelineError as error:
        look.output.say(f"what serves of {name} is not known: {error}")
        return None
