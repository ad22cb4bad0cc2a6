"""`hold`, `release` and `history`."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.advice import Advice, release, status
from pipeline.errors import UsageError
from pipeline.execution.claims.held import text_of
from pipeline.execution.claims.history import moves
from pipeline.execution.claims.hold import put_on_hold, take_off_hold
from pipeline.execution.run.session import Session
from pipeline.planning.claims.history import Move, serving_at, table


def hold(session: Session, image: str, why: str) -> None:
    """Refuse promotions of an image in the environment until it is released."""
    session.load_balancer(image)
    if not why.strip():
        raise UsageError(f"why is {image} put on hold? --why tells whoever finds it")
    made = put_on_hold(session, image, why)
    advice = (Advice("when the reason is gone", release(image)),)
    session.output.truth(f"{image} in {session.environment.name} is {made}", advice)


def release_image(session: Session, image: str) -> None:
    """Let an image be promoted again."""
    session.load_balancer(image)
    was = take_off_hold(session, image)
    text = f"{image} in {session.environment.name} is released" if was else "nothing to release"
    told = f"{text}; it was {was}" if was else f"{text}: {image} is not on hold"
    session.output.truth(told, (Advice("show the state", status()),))


def history(session: Session, image: str, at: str = "") -> None:
    """Print the log of moves of an image, or what served at a time."""
    session.load_balancer(image)
    moment = _moment(at) if at else ""
    logged = moves(session, image)
    if not moment:
        document: object = {"image": image, "moves": [move.document for move in logged]}
        session.output.report(table(logged), document)
        return
    found = serving_at(logged, moment)
    document = {"image": image, "at": moment, "move": found.document if found else None}
    session.output.report(_in_words(image, moment, found), document)


def _in_words(image: str, moment: str, found: Move | None) -> str:
    if found is None:
        return f"{image} at {moment}: no move is logged before"
    why = f": {found.why}" if found.why else ""
    return (
        f"{image} at {moment}: {found.after or 'nothing of ours'} served, since {found.at},"
        f" by {found.direction} {found.run}, {found.actor}{why}"
    )


def _moment(text: str) -> str:
    """A time as records say it; one without a zone is UTC."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no time; ISO 8601 is expected: 2026-11-23T18:15:00Z"
        ) from None
    return text_of(parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC))
