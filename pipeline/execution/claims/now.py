"""What is running and what is on hold, of all images of an environment, in two requests."""

from __future__ import annotations

from pipeline.errors import AzureRefused, Unreachable
from pipeline.execution.claims.store import Records, is_without_zone
from pipeline.execution.run.session import Session
from pipeline.planning import record_names
from pipeline.planning.claims.claim import Claim, Hold
from pipeline.planning.claims.underway import Underway


def underway(session: Session) -> Underway:
    """Claims and holds by image; where they cannot be asked, why not."""
    records = Records(session.azure, session.clock)
    environment = session.environment
    try:
        claims = records.ending(record_names.claims(environment))
        holds = records.ending(record_names.holds(environment))
    except (AzureRefused, Unreachable) as error:
        without = isinstance(error, AzureRefused) and is_without_zone(error)
        return Underway(problem="" if without else str(error))
    return Underway(
        {_image(name): Claim.read(kept) for name, kept in claims.items()},
        {_image(name): Hold.read(kept) for name, kept in holds.items()},
    )


def _image(name: str) -> str:
    return name.partition(".")[0]
