"""The log of moves: one record set each, written once and never changed."""

from __future__ import annotations

from pipeline.errors import AzureRefused, Unreachable
from pipeline.execution.claims.hold import without_zone
from pipeline.execution.claims.store import Records, is_without_zone
from pipeline.execution.run.session import Session
from pipeline.planning import record_names
from pipeline.planning.claims.history import Move, in_order


def append(session: Session, move: Move) -> None:
    """Write a move down; one of the same run and direction is there already when this is repeated.

    Raises what Azure and the network say.
    """
    name = record_names.move(session.environment, move.image, move.run, move.direction)
    Records(session.azure, session.clock).write(name, move.metadata, "")


def remember(session: Session, move: Move) -> None:
    """`append`, where production comes first: what keeps it from being written is only said."""
    try:
        append(session, move)
    except (AzureRefused, Unreachable) as error:
        if not (isinstance(error, AzureRefused) and is_without_zone(error)):
            session.output.say(f"{error}: this move is missing in the history")


def all_moves(session: Session) -> tuple[Move, ...]:
    """All moves of all images in the environment, the oldest first, in one request.

    Raises what Azure and the network say, without the zone too.
    """
    environment = session.environment
    records = Records(session.azure, session.clock)
    found = records.ending(record_names.all_moves(environment))
    return in_order(
        Move.read(record_names.image_of_move(environment, name), environment.name, kept)
        for name, kept in found.items()
    )


def moves(session: Session, image: str) -> tuple[Move, ...]:
    """All moves of an image in the environment, the oldest first; Refused without the zone."""
    environment = session.environment
    records = Records(session.azure, session.clock)
    try:
        found = records.ending(record_names.moves(environment, image))
    except AzureRefused as refusal:
        if is_without_zone(refusal):
            raise without_zone(session) from refusal
        raise
    return in_order(Move.read(image, environment.name, kept) for kept in found.values())
