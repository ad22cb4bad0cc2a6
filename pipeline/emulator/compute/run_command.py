"""Run command: scripts that a machine's agent is asked to run.

Shapes and limits: "Run scripts in your Linux VM" of Azure's documentation, and azure-mgmt-compute.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, not_served
from pipeline.emulator.arm.providers import Call, Route
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute.guests import Guests, host_failures
from pipeline.emulator.compute.internals import MachineInternals
from pipeline.emulator.compute.views import printed
from pipeline.emulator.compute.wording import not_allowed
from pipeline.emulator.machines.seam import Ran

_COMMANDS = "/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}"
_RESULT = f"{_COMMANDS}/runCommandResults/{{run}}"
_LONGEST = 5400.0
"""Seconds that a script may take: 90 minutes."""
_AT_ONCE = 2.0
"""A script that ends in so many seconds is answered with its result; a longer one with 202."""
_ASK_AGAIN = 5
_KNOWN = {"RunShellScript": "Executes a Linux shell script"}


class RunCommand:
    """Of virtual machines and instances alike, one script at a time each.

    Neither scripts nor results are kept: they may hold secrets. After a restart they are unknown.
    """

    def __init__(self, guests: Guests) -> None:
        self._guests = guests
        self._manager = guests.manager
        self._runs: dict[str, asyncio.Task[Answer]] = {}
        self._under_way: set[str] = set()

    def routes(
        self, paths: tuple[str, ...], machine: Callable[[Call], Record]
    ) -> tuple[Route, ...]:
        """The machines at `paths`, results, and the commands that there are."""

        async def run(call: Call) -> Answer:
            return await self._accept(call, machine(call))

        return (
            *(Route("POST", f"{path}/runCommand", run) for path in paths),
            Route("GET", _RESULT, self._result),
            Route("GET", f"{_COMMANDS}/runCommands", _listing),
            Route("GET", f"{_COMMANDS}/runCommands/{{command}}", _one),
        )

    async def close(self) -> None:
        """Wait for no script any longer."""
        tasks = list(self._runs.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, call: Call, record: Record) -> Answer:
        self._manager.locks.check(str(record.id), "write")
        if str(call.body.get("commandId")).lower() not in {name.lower() for name in _KNOWN}:
            raise _not_found()
        if call.body.get("parameters"):
            raise not_served("'parameters' of run command")
        made = record.internals(MachineInternals)
        if not self._guests.machines.is_running(made.machine):
            raise not_allowed("The operation requires the VM to be running (or set to run).")
        if record.id.key in self._under_way:
            raise ArmError(
                409,
                "Conflict",
                "Run command extension execution is in progress. Please wait for completion before "
                "invoking a run command.",
            )
        script = "\n".join(str(line) for line in call.body.get("script") or [])
        run = secrets.token_hex(16)
        self._under_way.add(record.id.key)
        task = asyncio.create_task(self._run(record, made.machine, script), name=f"run {record.id}")
        self._runs[run] = task
        await asyncio.wait({task}, timeout=_AT_ONCE)
        if task.done():
            return self._ended(run)
        place = _COMMANDS.format(
            subscription=record.id.subscription, location=self._manager.location_of(record.id)
        )
        version = call.query.get("api-version", "")
        address = f"{call.base}{place}/runCommandResults/{run}?api-version={version}"
        return Answer(202, headers={"Location": address, "Retry-After": str(_ASK_AGAIN)})

    async def _run(self, record: Record, machine: str, script: str) -> Answer:
        try:
            with host_failures(record.id):
                ran = await self._guests.machines.run_script(machine, f"{script}\n", _LONGEST)
            return Answer(200, _shown(ran))
        finally:
            self._under_way.remove(record.id.key)

    async def _result(self, call: Call) -> Answer:
        run = call.parameters["run"]
        if run not in self._runs:
            raise _not_found()
        if not self._runs[run].done():
            again = f"{call.base}{call.path}?api-version={call.query.get('api-version', '')}"
            return Answer(202, headers={"Location": again, "Retry-After": str(_ASK_AGAIN)})
        return self._ended(run)

    def _ended(self, run: str) -> Answer:
        """Its answer, once: raises the ArmError that it ended with."""
        return self._runs.pop(run).result()


def _shown(ran: Ran) -> dict[str, Any]:
    """An exit code is no failure of the operation, and is not told."""
    return {
        "value": [
            {
                "code": "ProvisioningState/succeeded",
                "level": "Info",
                "displayStatus": "Provisioning succeeded",
                "message": f"Enable succeeded: \n{printed(ran)}",
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
