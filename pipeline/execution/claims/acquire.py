"""Taking a claim: created where nothing is, taken over where its holder is dead or gives way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from pipeline.advice import Advice, Shell, status
from pipeline.errors import Refused
from pipeline.execution.claims.held import Held, Times, text_of
from pipeline.execution.claims.store import Kept, Records
from pipeline.execution.wait import Clock
from pipeline.planning.claims.claim import Claim
from pipeline.planning.record_names import CLAIMS_ZONE

TRIES = 8
"""How many others may be quicker, one after another, before it is given up."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is claimed: the record set's name, the thing in words (`web in local`), by whom.

    `over` says of a holder whether it is dead; a wish with `force` takes over from a living one.
    """

    name: str
    words: str
    claim: Claim
    is_dead: Callable[[str], bool]
    force: bool = False


def acquire(
    wish: Wish,
    stores: tuple[Records, Records],
    clock: Clock,
    times: Times,
    tell: Callable[[str], None],
) -> Held:
    """The claim, held; `tell` hears from whom it was taken over.

    Refused, in one line that names the holder, where somebody else has it.
    """
    held = Held(wish.name, wish.words, wish.claim, *stores, clock, times)
    for _ in range(TRIES):
        there = stores[0].read(wish.name)
        other = Claim.read(there.metadata) if there.metadata is not None else None
        if other and other.run != wish.claim.run and not _gives_way(other, there, wish, times):
            raise _refused(wish, other)
        if _take(held, there, stores[0], clock):
            if other and other.run != wish.claim.run:
                tell(f"{wish.words}: taken over from {other}")
            return held
    raise Refused(
        f"{wish.words}: {TRIES} others were quicker to claim it",
        advice=(Advice("show the state", status()),),
    )


def _take(held: Held, there: Kept, store: Records, clock: Clock) -> bool:
    sent = clock.now()
    claim = held.until(there.now)
    written = store.write(held.name, claim.metadata, there.etag)
    if written is None:
        return False
    held.took(written, claim, sent)
    return True


def _gives_way(other: Claim, there: Kept, wish: Wish, times: Times) -> bool:
    over = other.is_over(text_of(there.now - timedelta(seconds=times.grace)))
    return over or wish.force or wish.is_dead(other.run)


def _refused(wish: Wish, other: Claim) -> Refused:
    advice = Advice("show the state", status())
    if other.expires == "?":
        delete = f"az network private-dns record-set txt delete -z {CLAIMS_ZONE} -n {wish.name}"
        advice = Advice("if nobody works at it, delete the record set", Shell(delete))
    return Refused(f"{wish.words}: {other.words}", advice=(advice,))
