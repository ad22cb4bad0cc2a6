"""A claim that a run holds: renewed while it waits, looked at before each write, given back.

Every renewal is a conditional write with the etag of the one before, so that it proves that nobody
took the claim meanwhile, however long that was. Times are Azure's (`Date` of its answers); between
two answers the run's own monotonic clock goes on from there. Recommendation and facts:
docs/operating.md, "When a run dies, or two meet".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.advice import Advice, status
from pipeline.errors import AzureRefused, Overtaken, Unreachable
from pipeline.execution.claims.store import Kept, Records
from pipeline.execution.wait import Clock
from pipeline.planning.claims.claim import Claim


@dataclass(frozen=True, slots=True)
class Times:
    """How long a claim lasts without a renewal, and what follows from that; all in seconds."""

    lasts: float = 120.0
    grace: float = 30.0
    """After its end, before others take it over: the clocks of Azure's front ends may differ."""

    @property
    def renewed_every(self) -> float:
        """A sixth, so that several renewals may fail."""
        return self.lasts / 6

    @property
    def trusted_for(self) -> float:
        """Two thirds: after that without a renewal the holder writes nothing more."""
        return self.lasts * 2 / 3


TIMES = Times()


def text_of(moment: datetime) -> str:
    """As claims say it: `2026-11-23T18:15:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Held:
    """A claim of this run. `meanwhile` is the same store with the patience of one attempt."""

    def __init__(
        self,
        name: str,
        words: str,
        claim: Claim,
        store: Records,
        meanwhile: Records,
        clock: Clock,
        times: Times = TIMES,
    ) -> None:
        self.name = name
        self.words = words
        self.claim = claim
        self._store = store
        self._meanwhile = meanwhile
        self._clock = clock
        self._times = times
        self._etag = ""
        self._azure_time = (datetime.now(UTC), clock.now())
        self._confirmed = 0.0
        self._try_after = 0.0
        self._lost = ""

    def until(self, now: datetime) -> Claim:
        """The claim from Azure's `now` on; taking it resets nothing else."""
        expires = now + timedelta(seconds=self._times.lasts)
        return self.claim.renewed(text_of(now), text_of(expires))

    def took(self, kept: Kept, claim: Claim, sent: float) -> None:
        """A write of the claim succeeded, sent at that time of the run's own clock."""
        self.claim = claim
        self._etag = kept.etag
        self._azure_time = (kept.now, self._clock.now())
        self._confirmed = sent
        self._try_after = sent + self._times.renewed_every

    def keep(self) -> None:
        """While waiting: renew when it is due; failing that, try again later. Raises Overtaken."""
        if self._clock.now() < self._try_after:
            return
        self._try_after = self._clock.now() + self._times.renewed_every / 2
        self._unless_out_of_reach(lambda: self._renew(self._meanwhile), patient=True)

    def check(self) -> None:
        """Before a write: renew, or look whether it is still ours; raises Overtaken.

        Where Azure cannot be asked, the claim is trusted for two thirds of its time, and then what
        Azure or the network say is raised.
        """
        due = self._clock.now() >= self._try_after
        self._unless_out_of_reach(lambda: self._renew(self._store) if due else self._look())

    def release(self) -> None:
        """Give it back, if it is still ours. Raises what Azure and the network say."""
        if self._lost or self._store.delete(self.name, self._etag):
            return
        there = self._store.read(self.name)  # the answer to our last renewal may have been lost
        if self._is_mine(there):
            self._store.delete(self.name, there.etag)

    def _unless_out_of_reach(self, ask: Callable[[], None], *, patient: bool = False) -> None:
        if self._lost:
            raise self._overtaken()
        try:
            ask()
        except (AzureRefused, Unreachable) as error:
            unconfirmed = self._clock.now() - self._confirmed
            if patient or unconfirmed < self._times.trusted_for:
                return
            error.add_note(
                f"{self.words}: the claim of this run was not renewed for {unconfirmed:.0f} s, so"
                " that it writes nothing more."
            )
            raise

    def _renew(self, store: Records) -> None:
        sent = self._clock.now()
        since, at = self._azure_time
        claim = self.until(since + timedelta(seconds=sent - at))
        written = store.write(self.name, claim.metadata, self._etag)
        if written is not None:
            self.took(written, claim, sent)
        else:
            self._look()

    def _look(self) -> None:
        """Raises Overtaken where it is not ours; the etag is that of a renewal we heard nothing of.

        Nothing is renewed by a look: others count from what is written.
        """
        there = self._store.read(self.name)
        if not self._is_mine(there):
            self._lost = self._by_whom(there)
            raise self._overtaken()
        self._etag = there.etag

    def _is_mine(self, there: Kept) -> bool:
        return there.metadata is not None and Claim.read(there.metadata).run == self.claim.run

    def _by_whom(self, there: Kept) -> str:
        if there.metadata is None:
            return "the claim of this run is gone: another took it over and ended, or deleted it"
        other = Claim.read(there.metadata)
        return f"taken over by {other} at {other.acquired}"

    def _overtaken(self) -> Overtaken:
        return Overtaken(
            f"{self.words}: {self._lost}; this run writes nothing more",
            advice=(Advice("show the state", status()),),
        )
