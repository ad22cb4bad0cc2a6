"""One look at all images of all environments: shared lists, and few reads at once.

What cannot be asked is a row that says why; it hides no other row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from pipeline.errors import AzureRefused, PipelineError, Unreachable
from pipeline.execution.ages import age
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.claims.history import all_moves
from pipeline.execution.claims.now import underway
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_swap
from pipeline.planning.claims.history import Move
from pipeline.planning.claims.underway import Underway
from pipeline.planning.fleet.fleet import Fleet, Row
from pipeline.planning.swap.status import status_of

REMEMBERED = 10
"""Moves of an image that are shown."""


@dataclass(frozen=True, slots=True)
class _Meanwhile:
    """What is known of an environment beside its images."""

    underway: Underway
    moves: tuple[Move, ...]


_Found = Row | _Meanwhile


def look_at(sessions: Sequence[Session]) -> Fleet:
    """All rows now; each read is sent once."""
    looks = side_by_side([partial(_looking, session) for session in sessions])
    named: list[tuple[Session, Session | str, str]] = [
        (session, look, image)
        for session, look in zip(sessions, looks, strict=True)
        for image in images_of(session)
    ]
    reads = [partial(_read, session, look, image) for session, look, image in named]
    beside = [partial(_meanwhile, look) for look in looks]
    found: list[_Found] = side_by_side([*beside, *reads])
    known = {
        session.environment.name: one
        for session, one in zip(sessions, found[: len(sessions)], strict=True)
        if isinstance(one, _Meanwhile)
    }
    rows = [one for one in found if isinstance(one, Row)]
    return Fleet.of(_with(known[row.environment], row) for row in rows)


def images_of(session: Session) -> list[str]:
    """The images that its environment serves."""
    return [balancer.image for balancer in session.environment.load_balancers]


def _looking(session: Session) -> Session | str:
    """A session for one look; why there is none, where nobody can sign in."""
    try:
        return session.looking()
    except PipelineError as error:
        return str(error)


def _read(session: Session, look: Session | str, image: str) -> _Found:
    environment = session.environment
    row = Row(environment.name, environment.location, image)
    if isinstance(look, str):
        return replace(row, problem=look)
    try:
        now = survey_swap(look, image)
        status = status_of(now)
    except PipelineError as error:
        return replace(row, problem=str(error))
    served = now.version(now.serving_version)
    published = served.published if served else ""
    old = age(published)
    return replace(row, status=status, published=published, age=old, max_age=now.image.max_age)


def _meanwhile(look: Session | str) -> _Found:
    if isinstance(look, str):
        return _Meanwhile(Underway(), ())
    try:
        moves = all_moves(look)
    except (AzureRefused, Unreachable):
        moves = ()
    return _Meanwhile(underway(look), moves)


def _with(beside: _Meanwhile, row: Row) -> Row:
    moves = [move for move in beside.moves if move.image == row.image]
    return replace(
        row,
        claim=beside.underway.claims.get(row.image),
        hold=beside.underway.holds.get(row.image),
        moves=tuple(reversed(moves))[:REMEMBERED],
    )
