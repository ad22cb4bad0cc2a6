"""Instance views: what a VM or scale set instance says about itself right now."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute.internals import (
    ExtensionRun,
    InstanceInternals,
    MachineInternals,
    VirtualMachineInternals,
)
from pipeline.emulator.machines.seam import Ran

_DISPLAY = {
    "ProvisioningState/succeeded": "Provisioning succeeded",
    "ProvisioningState/creating": "Creating",
    "ProvisioningState/updating": "Updating",
    "ProvisioningState/deleting": "Deleting",
    "ProvisioningState/failed": "Provisioning failed",
    "PowerState/starting": "VM starting",
    "PowerState/running": "VM running",
    "PowerState/stopping": "VM stopping",
    "PowerState/stopped": "VM stopped",
    "PowerState/deallocating": "VM deallocating",
    "PowerState/deallocated": "VM deallocated",
    "OSState/generalized": "VM generalized",
}


DOMAINS = 5
"""Update domains of a placement group, and by default as many fault domains
(Azure's "Manage fault domains in Virtual Machine Scale Sets"); instances fill them in turn."""
_MOST_OUTPUT = 4096
"""Bytes of each output of a script that Azure shows: the last ones."""


def printed(ran: Ran) -> str:
    """What a script printed, as its agent reports it."""
    output, errors = (
        text.encode()[-_MOST_OUTPUT:].decode(errors="ignore") for text in (ran.output, ran.errors)
    )
    return f"[stdout]\n{output}\n[stderr]\n{errors}"


def status(code: str, time: str | None = None) -> dict[str, Any]:
    """One entry of `statuses`, with the sentence that people are shown."""
    level = "Error" if code.startswith("ProvisioningState/failed") else "Info"
    shown = {"code": code, "level": level, "displayStatus": _DISPLAY.get(code, code)}
    return shown | ({"time": time} if time else {})


def instance_view(record: Record, power: str | None, health: str | None) -> dict[str, Any]:
    """The view of one machine.

    `power` is the word after `PowerState/`, None before the first start. `health` is a state such
    as `healthy`, None when it is not probed.
    """
    made = record.internals(MachineInternals)
    time = made.provisioned_at
    provisioning = str(record.properties.get("provisioningState", "Succeeded")).lower()
    view: dict[str, Any] = {
        "hyperVGeneration": "V2",
        "disks": [
            {
                "name": record.properties["storageProfile"]["osDisk"]["name"],
                "statuses": [status("ProvisioningState/succeeded", time)],
            }
        ],
        "statuses": [status(f"ProvisioningState/{provisioning}", time)],
    }
    if isinstance(made, InstanceInternals):
        domain = int(record.id.name) % DOMAINS
        view |= {"platformUpdateDomain": domain, "platformFaultDomain": domain}
    if isinstance(made, VirtualMachineInternals) and made.is_generalized:
        view["statuses"].append(status("OSState/generalized"))
    if power is not None:
        view["statuses"].append(status(f"PowerState/{power}"))
    if power == "running":
        view |= _guest(record, time)
    if made.extensions:
        view["extensions"] = [_extension(name, run) for name, run in made.extensions.items()]
    if health is not None:
        view["vmHealth"] = {"status": {"code": f"HealthState/{health}", "level": "Info"}}
    return view


def _extension(name: str, run: ExtensionRun) -> dict[str, Any]:
    word = "succeeded" if run.is_successful else "failed"
    told = {**status(f"ProvisioningState/{word}", run.time), "message": run.message}
    return {
        "name": name,
        "type": run.type,
        "typeHandlerVersion": run.version,
        "statuses": [told],
    }


def _guest(record: Record, time: str | None) -> dict[str, Any]:
    name = (record.properties.get("osProfile") or {}).get("computerName")
    ready = {
        **status("ProvisioningState/succeeded", time),
        "displayStatus": "Ready",
        "message": "Guest Agent is running",
    }
    agent = {"vmAgentVersion": "2.2.40", "statuses": [ready], "extensionHandlers": []}
    return {"vmAgent": agent} | ({"computerName": name} if name else {})
