"""The serial console of a virtual machine, as Azure keeps it for machines with boot diagnostics."""

from __future__ import annotations

import ssl
import urllib.request

from pipeline.arm import ResourceId
from pipeline.execution.azure.refusals import refusals_about
from pipeline.execution.azure.resources import Azure

SECONDS = 30.0
LARGEST = 4 * 1024 * 1024
"""Bytes; Azure keeps less."""


def console(azure: Azure, machine: ResourceId) -> str:
    """All of it; "" where Azure has none (yet).

    It is read at an address that is a secret for a while, so that is kept nowhere. Raises OSError
    when the address does not answer, and what `Azure` raises.
    """
    machines = azure.clients.compute.virtual_machines
    with refusals_about(str(machine)):
        told = machines.retrieve_boot_diagnostics_data(machine.resource_group, machine.name)
    address = str(told.serial_console_log_blob_uri or "")
    if not address.startswith("https://"):
        return ""
    context = ssl.create_default_context(cafile=azure.environment.cloud.ca_bundle)
    with urllib.request.urlopen(address, timeout=SECONDS, context=context) as answer:  # noqa: S310 - https
        text: str = answer.read(LARGEST).decode(errors="replace")
    return text
