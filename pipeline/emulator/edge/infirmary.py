"""What only simulated machines can do on request: fall ill, get well, offer a newer base."""

from __future__ import annotations

from typing import Protocol

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, invalid_parameter, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.store import Store
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.machines.seam import Marketplace


class Patients(Protocol):
    """Machines that fall ill when told to."""

    def sicken(self, who: str, sickness: str) -> None:
        """Make a machine sick; ValueError for an unknown sickness."""

    def heal(self, who: str) -> None:
        """Make it well again."""

    def offer(self, image: Marketplace) -> None:
        """Put a marketplace version on offer."""


class Infirmary:
    """`POST /emulator/machines/WHO/{sicken,heal}` and `POST /emulator/marketplace`.

    WHO is a machine's handle, `version:1.0.1`, or the resource id of a virtual machine or instance.
    """

    def __init__(self, patients: Patients, store: Store) -> None:
        self._patients = patients
        self._store = store

    def answer(self, exchange: Exchange) -> Answer:
        """Do as told; raises ArmError for what is not understood."""
        body = exchange.json()
        match exchange.words:
            case ["emulator", "marketplace"]:
                try:
                    image = Marketplace(**body)
                except TypeError as error:
                    raise invalid_parameter("marketplace", str(error)) from error
                self._patients.offer(image)
                return Answer(204)
            case ["emulator", "machines", _, *_, "sicken"]:
                try:
                    for who in self._machines(exchange.segments[2:-1]):
                        self._patients.sicken(who, str(body.get("sickness", "unhealthy")))
                except ValueError as error:
                    raise invalid_parameter("sickness", str(error)) from error
                return Answer(204)
            case ["emulator", "machines", _, *_, "heal"]:
                for who in self._machines(exchange.segments[2:-1]):
                    self._patients.heal(who)
                return Answer(204)
        raise not_served(f"{exchange.method} {exchange.path}")

    def _machines(self, who: tuple[str, ...]) -> list[str]:
        if len(who) == 1:
            return [who[0]]
        identifier = ResourceId.parse("/".join(who))
        record = self._store.get(identifier)
        handles = list(record.internal.machines) if record else []
        if not handles:
            raise ArmError(404, "NotFound", f"No machine runs for '{identifier}'.")
        return handles
