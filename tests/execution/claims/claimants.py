"""Claimants of one thing in one zone: each a run with a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.execution.azure.requests import put, put_group
from pipeline.execution.claims.acquire import Wish, acquire
from pipeline.execution.claims.held import TIMES, Held
from pipeline.execution.claims.store import Records
from pipeline.execution.patience import CLAIM, CLAIM_MEANWHILE, NETWORK
from pipeline.execution.run.session import Session
from pipeline.execution.wait import nothing, wait
from pipeline.planning.claims.claim import Actor, Claim
from pipeline.planning.landing_zone import bodies
from pipeline.planning.record_names import claims_zone_id, swap_claim
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.execution.offline import Time

ACTOR = Actor("ann", "runner-7", "https://ci.example/7")


def nobody_is_dead(run: str) -> bool:
    """No run is known to be dead."""
    return False


@dataclass
class Claimant:
    """A run that claims `web in test`."""

    zone: LandingZone
    run: str
    command: str = "promote"
    force: bool = False
    is_dead: Callable[[str], bool] = nobody_is_dead
    time: Time = field(default_factory=Time)
    told: list[str] = field(default_factory=list)

    @property
    def session(self) -> Session:
        """The session, whose clock is this run's own."""
        return self.zone.session(clock=self.time.clock)

    @property
    def name(self) -> str:
        """The record set's name."""
        return swap_claim(self.zone.environment, "web")

    @property
    def records(self) -> Records:
        """The store."""
        return Records(self.session.azure, self.time.clock, CLAIM)

    def acquire(self) -> Held:
        """Take the claim, or be refused."""
        claim = Claim(self.run, self.command, ACTOR)
        wish = Wish(self.name, "web in test", claim, self.is_dead, force=self.force)
        records = self.records
        stores = (records, records.with_patience(CLAIM_MEANWHILE))
        return acquire(wish, stores, self.time.clock, TIMES, self.told.append)

    def holder(self) -> str:
        """The run that has it, "" for none."""
        kept = self.records.read(self.name)
        return Claim.read(kept.metadata).run if kept.metadata is not None else ""


def zone_of_claims(root: Path, emulator: Emulator) -> LandingZone:
    """A resource group with nothing but a zone of claims."""
    made = landing_zone(root, emulator)
    session = made.session()
    session.azure.begin(put_group(made.environment.resource_group, "westeurope", {}))
    zone = claims_zone_id(made.environment)
    operation = session.azure.begin(put(zone, bodies.claims_zone(made.environment)))
    wait(operation, "zone", patience=NETWORK, clock=session.clock, still_waiting=nothing)
    return made
