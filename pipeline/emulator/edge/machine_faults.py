"""Faults of simulated machines on request, and newer marketplace versions on offer."""

from __future__ import annotations

from typing import Any, Protocol

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, invalid_parameter, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.store import Store
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.machines.seam import Marketplace


class FaultyMachines(Protocol):
    """Machines that fail on request."""

    def set_fault(self, who: str, sickness: str, share: float, after: float) -> None:
        """Give a machine a fault; ValueError for an unknown one, or a number out of range."""

    def clear_fault(self, who: str) -> None:
        """Take its fault back."""

    def offer(self, image: Marketplace) -> None:
        """Put a marketplace version on offer."""


class MachineFaults:
    """`POST /emulator/machines/WHO/{sicken,heal}` and `POST /emulator/marketplace`.

    WHO is a machine's handle, `version:1.0.1`, or the resource id of a virtual machine or instance.
    """

    def __init__(self, machines: FaultyMachines, store: Store) -> None:
        self._faulty = machines
        self._store = store

    def answer(self, exchange: Exchange) -> Answer:
        """Carry out one request; raises ArmError for what is not understood."""
        body = exchange.json()
        match exchange.words:
            case ["emulator", "marketplace"]:
                try:
                    image = Marketplace(**body)
                except TypeError as error:
                    raise invalid_parameter("marketplace", str(error)) from error
                self._faulty.offer(image)
                return Answer(204)
            case ["emulator", "machines", _, *_, "sicken"]:
                self._sicken(self._machines(exchange.segments[2:-1]), body)
                return Answer(204)
            case ["emulator", "machines", _, *_, "heal"]:
                for who in self._machines(exchange.segments[2:-1]):
                    self._faulty.clear_fault(who)
                return Answer(204)
        raise not_served(f"{exchange.method} {exchange.path}")

    def _sicken(self, machines: list[str], body: dict[str, Any]) -> None:
        """`sickness`, and if wanted `share` (of the requests) and `after` (seconds from now)."""
        try:
            share, after = float(body.get("share", 1)), float(body.get("after", 0))
            for who in machines:
                self._faulty.set_fault(who, str(body.get("sickness", "unhealthy")), share, after)
        except (TypeError, ValueError) as error:
            raise invalid_parameter("sickness", str(error)) from error

    def _machines(self, who: tuple[str, ...]) -> list[str]:
        if len(who) == 1:
            return [who[0]]
        identifier = ResourceId.parse("/".join(who))
        record = self._store.get(identifier)
        handles = list(record.internal.machines) if record else []
        if not handles:
            raise ArmError(404, "NotFound", f"No machine runs for '{identifier}'.")
        return handles
