"""Run command and boot diagnostics: what can be asked of the inside of a machine.

Shapes and limits: "Run scripts in your Linux VM" of Azure's documentation, and azure-mgmt-compute.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.clock import CLOCK
from pipeline.emulator.arm.errors import ArmError, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute.guests import Guests, host_failures
from pipeline.emulator.compute.internals import MachineInternals
from pipeline.emulator.compute.wording import at, is_true, missing, not_allowed

_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute"
_MACHINE = f"{_GROUP}/virtualMachines/{{name}}"
_INSTANCE = f"{_GROUP}/virtualMachineScaleSets/{{set}}/virtualMachines/{{name}}"
_COMMANDS = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
_CONSOLE = "/bootdiagnostics/{signature}/serialconsole.log"
_MOST_OUTPUT = 4096
"""Bytes of output that Azure answers: the last ones."""
_SECONDS = 7200.0
"""For how long the address of a console is good, unless the request says otherwise."""
_KNOWN = {"RunShellScript": "Executes a Linux shell script"}


class GuestAccess:
    """Of virtual machines and instances alike. Simulated machines answer what they know."""

    def __init__(self, guests: Guests) -> None:
        self._guests = guests
        self._manager = guests.manager
        self._signed: dict[str, tuple[str, float]] = {}

    @property
    def routes(self) -> tuple[Route, ...]:
        """Both kinds of machines, and the commands that there are."""
        return (
            *(Route("POST", f"{one}/runCommand", self._run) for one in (_MACHINE, _INSTANCE)),
            *(
                Route("POST", f"{one}/retrieveBootDiagnosticsData", self._diagnostics)
                for one in (_MACHINE, _INSTANCE)
            ),
            Route("GET", f"{_COMMANDS}/runCommands", _listing),
            Route("GET", f"{_COMMANDS}/runCommands/{{command}}", _one),
        )

    @property
    def open_routes(self) -> tuple[Route, ...]:
        """The console, for whoever has its address."""
        return (Route("GET", _CONSOLE, self._console),)

    async def _run(self, call: Call) -> Answer:
        record = self._machine(call)
        self._manager.locks.check(str(record.id), "write")
        if str(call.body.get("commandId")).lower() not in {name.lower() for name in _KNOWN}:
            raise _not_found()
        made = record.internals(MachineInternals)
        if not self._guests.machines.is_running(made.machine):
            raise not_allowed("The operation requires the VM to be running (or set to run).")
        if not self._guests.machines.runs_scripts:
            raise not_served("run command on real machines, which have no agent")
        script = "\n".join(str(line) for line in call.body.get("script") or [])
        with host_failures(record.id):
            output, errors = await self._guests.machines.run_script(made.machine, script)
        return Answer(200, _ran(output, errors))

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


def _ran(output: str, errors: str) -> dict[str, Any]:
    """An exit code is no failure of the operation, and is not told."""
    shown = [text.encode()[-_MOST_OUTPUT:].decode(errors="ignore") for text in (output, errors)]
    return {
        "value": [
            {
                "code": "ProvisioningState/succeeded",
                "level": "Info",
                "displayStatus": "Provisioning succeeded",
                "message": f"Enable succeeded: \n[stdout]\n{shown[0]}\n[stderr]\n{shown[1]}",
            }
        ]
    }


def _command(name: str) -> dict[str, Any]:
    """Shape: azure-mgmt-compute, RunCommandDocumentBase."""
    return {
        "$schema": "http://schema.management.azure.com/schemas/2016-11-17/runcommands.json",
        "id": name,
        "osType": "Linux",
        "label": _KNOWN[name],
        "description": _KNOWN[name],
    }


async def _listing(_: Call) -> Answer:
    return Answer(200, {"value": [_command(name) for name in _KNOWN]})


async def _one(call: Call) -> Answer:
    for name in _KNOWN:
        if name.lower() == call.parameters["command"].lower():
            return Answer(200, {**_command(name), "script": [], "parameters": []})
    raise _not_found()


def _not_found() -> ArmError:
    """Documented for a wrong `commandId`."""
    return ArmError(404, "NotFound", "The entity was not found in this Azure location.")
