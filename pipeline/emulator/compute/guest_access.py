"""Run command and boot diagnostics: what can be asked of the inside of a machine.

Shapes and limits: "Run scripts in your Linux VM" of Azure's documentation, and azure-mgmt-compute.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.clock import CLOCK
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.internals import MachineInternals
from pipeline.emulator.compute.run_command import RunCommand
from pipeline.emulator.compute.wording import at, is_true, missing

_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
_MACHINE = f"{_GROUP}/virtualMachines/{{name}}"
_INSTANCE = f"{_GROUP}/virtualMachineScaleSets/{{set}}/virtualMachines/{{name}}"
_CONSOLE = "/bootdiagnostics/{signature}/serialconsole.log"
_SECONDS = 7200.0
"""For how long the address of a console is good, unless the request says otherwise."""


class GuestAccess:
    """Of virtual machines and instances alike."""

    def __init__(self, guests: Guests) -> None:
        self._guests = guests
        self._manager = guests.manager
        self._commands = RunCommand(guests)
        self._signed: dict[str, tuple[str, float]] = {}

    @property
    def routes(self) -> tuple[Route, ...]:
        """Both kinds of machines, and what run command has besides."""
        return (
            *self._commands.routes((_MACHINE, _INSTANCE), self._machine),
            *(
                Route("POST", f"{one}/retrieveBootDiagnosticsData", self._diagnostics)
                for one in (_MACHINE, _INSTANCE)
            ),
        )

    @property
    def open_routes(self) -> tuple[Route, ...]:
        """The console, for whoever has its address."""
        return (Route("GET", _CONSOLE, self._console),)

    async def close(self) -> None:
        """Wait for no script any longer."""
        await self._commands.close()

    async def _diagnostics(self, call: Call) -> Answer:
        record = self._machine(call)
        if not is_true(_boot_diagnostics(self._guests, record).get("enabled")):
            raise missing("diagnosticsProfile.bootDiagnostics")
        asked = call.query.get("sasuriexpirationtimeinminutes", "")
        seconds = 60.0 * int(asked) if asked.isdecimal() else _SECONDS
        signature = secrets.token_urlsafe(24)
        machine = record.internals(MachineInternals).machine
        self._signed[signature] = machine, CLOCK.seconds() + seconds
        path = _CONSOLE.format(signature=signature)
        return Answer(200, {"serialConsoleLogBlobUri": f"{call.base}{path}"})

    async def _console(self, call: Call) -> Answer:
        machine, until = self._signed.get(call.parameters["signature"], ("", 0.0))
        if CLOCK.seconds() > until:
            raise ArmError(
                403, "AuthenticationFailed", "Signature not valid in the specified time."
            )
        return Answer(200, self._guests.machines.console(machine))

    def _machine(self, call: Call) -> Record:
        asked = call.parameters
        self._manager.require_group(asked["subscription"], asked["group"])
        pairs: tuple[tuple[str, str], ...] = (("virtualMachines", asked["name"]),)
        if "set" in asked:
            pairs = (("virtualMachineScaleSets", asked["set"]), *pairs)
        place = asked["subscription"], asked["group"]
        return self._guests.require(ResourceId(*place, "Microsoft.Compute", pairs))


def _boot_diagnostics(guests: Guests, record: Record) -> Mapping[str, Any]:
    """The setting of a machine, or that of the model of an instance's scale set."""
    parent = record.id.parent
    owner = guests.require(parent) if parent else record
    path = ("virtualMachineProfile",) if parent else ()
    found: Mapping[str, Any] | None = at(
        owner.properties, *path, "diagnosticsProfile", "bootDiagnostics"
    )
    return found or {}
