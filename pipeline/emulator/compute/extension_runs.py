"""Extensions that run in a machine: once each, until something of theirs changes.

Codes and sentences: Azure/custom-script-extension-linux#107 and #127; the one of a time that is
over is not verified.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.operations import now
from pipeline.emulator.compute import extension_model
from pipeline.emulator.compute.custom_script import SettingsError, custom_script
from pipeline.emulator.compute.extension_model import Extension
from pipeline.emulator.compute.guests import Guests
from pipeline.emulator.compute.internals import ExtensionRun, MachineInternals
from pipeline.emulator.compute.views import printed
from pipeline.emulator.machines.seam import MachineError, MachineTimeout

_BUDGET = 5400.0
"""Seconds that each may take: `extensionsTimeBudget`, whose default is 90 minutes."""


async def bring(guests: Guests, machine: ResourceId, extensions: Iterable[Extension]) -> None:
    """Run in a machine what has not run there yet, one behind the other. Raises ArmError.

    A repeated request runs again what had failed, and nothing else.
    """
    for extension in extension_model.scripts(extensions):
        kept = guests.internals(machine).extensions.get(extension.name)
        if kept and kept.digest == extension.digest and kept.is_successful:
            continue
        run = await _run(guests, machine, extension)
        _keep(guests, machine, extension.name, run)
        if not run.is_successful and not extension.may_fail:
            raise ArmError(409, run.code, run.message)


def forget(guests: Guests, machine: ResourceId, name: str) -> None:
    """Show an extension no longer; what it did stays."""
    _keep(guests, machine, name, None)


def _keep(guests: Guests, machine: ResourceId, name: str, run: ExtensionRun | None) -> None:
    def changed(made: MachineInternals) -> MachineInternals:
        others = {key: value for key, value in made.extensions.items() if key != name}
        return replace(made, extensions=others | ({name: run} if run else {}))

    guests.change(machine, changed)


async def _run(guests: Guests, machine: ResourceId, extension: Extension) -> ExtensionRun:
    def ended(message: str, code: str = "") -> ExtensionRun:
        version = str(extension.properties["typeHandlerVersion"])
        kind = f"{extension.properties['publisher']}.{extension.properties['type']}"
        return ExtensionRun(extension.digest, kind, version, code, message, now())

    try:
        wanted = custom_script(extension.settings, extension.protected)
        handle = guests.internals(machine).machine
        ran = await guests.machines.run_custom_script(handle, wanted, _BUDGET)
    except MachineTimeout as error:
        return ended(
            f"Provisioning of VM extension {extension.name} has timed out: {error}",
            "VMExtensionProvisioningTimeout",
        )
    except (SettingsError, MachineError) as error:
        return ended(_failure(extension, str(error)), "VMExtensionProvisioningError")
    if ran.status == 0:
        return ended(f"Enable succeeded: \n{printed(ran)}")
    reason = f"failed to execute command: command terminated with exit status={ran.status}"
    return ended(_failure(extension, f"{reason}\n{printed(ran)}"), "VMExtensionProvisioningError")


def _failure(extension: Extension, reason: str) -> str:
    publisher, kind = (extension.properties[name] for name in ("publisher", "type"))
    return (
        f"VM has reported a failure when processing extension '{extension.name}' (publisher "
        f"'{publisher}' and type '{kind}'). Error message: \"Enable failed: {reason}\""
    )
