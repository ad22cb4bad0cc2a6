"""Run command and boot diagnostics, through the real SDK and by the address it answers."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient

from tests.conftest import Emulator
from tests.emulator.compute.bodies import BASE, LINUX

GROUP = "rg-guest-access"


@pytest.fixture(scope="module")
def machine(emulator: Emulator) -> Iterator[str]:
    """The path of a running virtual machine with boot diagnostics."""
    place = f"/resourceGroups/{GROUP}"
    network = f"{place}/providers/Microsoft.Network"
    subnets = [{"name": "snet", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    whole = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
    subscription = f"/subscriptions/{emulator.subscription}"
    subnet = {"id": f"{subscription}{network}/virtualNetworks/vnet/subnets/snet"}
    nic = f"{network}/networkInterfaces/nic"
    vm = {
        "hardwareProfile": {"vmSize": "Standard_B1s"},
        "networkProfile": {"networkInterfaces": [{"id": f"{subscription}{nic}"}]},
        "osProfile": {"adminUsername": "azureuser", "computerName": "guest",
                      "linuxConfiguration": LINUX},
        "storageProfile": {"imageReference": BASE, "osDisk": {"createOption": "FromImage"}},
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
    }  # fmt: skip
    path = f"{place}/providers/Microsoft.Compute/virtualMachines/vm"
    configuration = {"name": "ip", "properties": {"subnet": subnet}}
    for where, properties in (
        (place, {}),
        (f"{network}/virtualNetworks/vnet", whole),
        (nic, {"ipConfigurations": [configuration]}),
        (path, vm),
    ):
        reply = emulator.call("PUT", where, {"location": "westeurope", "properties": properties})
        assert reply.status in {200, 201}, reply.body
        if "azure-asyncoperation" in reply.headers:
            poll = reply.headers["azure-asyncoperation"].removeprefix(emulator.base)
            assert emulator.call("GET", poll).body["status"] == "Succeeded"
    yield path
    emulator.call("DELETE", place)


@pytest.fixture
def compute(emulator: Emulator) -> ComputeManagementClient:
    """The real client."""
    return ComputeManagementClient(
        emulator.credential(), emulator.subscription, **emulator.client_options()
    )


def test_a_script_is_answered_with_what_it_printed(
    machine: str, compute: ComputeManagementClient
) -> None:
    result = compute.virtual_machines.begin_run_command(
        GROUP, "vm", {"commandId": "RunShellScript", "script": ["echo out", "missing"]}
    ).result()
    (shown,) = result["value"]
    assert shown["code"] == "ProvisioningState/succeeded"
    assert "[stdout]\nout\n" in shown["message"]
    assert "[stderr]\nsh: missing: not found" in shown["message"]


def test_an_unknown_command_is_refused(machine: str, compute: ComputeManagementClient) -> None:
    with pytest.raises(HttpResponseError, match="was not found in this Azure location"):
        compute.virtual_machines.begin_run_command(GROUP, "vm", {"commandId": "RunPython"}).result()
    assert [each["id"] for each in compute.virtual_machine_run_commands.list("westeurope")] == [
        "RunShellScript"
    ]
    one = compute.virtual_machine_run_commands.get("westeurope", "runshellscript")
    assert one["label"] == "Executes a Linux shell script"


def test_the_console_is_read_at_a_signed_address_without_a_token(
    machine: str, emulator: Emulator, compute: ComputeManagementClient
) -> None:
    found = compute.virtual_machines.retrieve_boot_diagnostics_data(GROUP, "vm")
    address = found["serialConsoleLogBlobUri"]
    context = ssl.create_default_context(cafile=emulator.ca_file)
    with urllib.request.urlopen(address, context=context) as answer:  # noqa: S310 - always https
        assert answer.read() == b"Debian GNU/Linux 12 guest ttyS0\n"
    with pytest.raises(HTTPError, match="403") as refusal:
        urllib.request.urlopen(  # noqa: S310 - always https
            f"{emulator.base}/bootdiagnostics/x/serialconsole.log", context=context
        )
    refusal.value.close()


def test_a_stopped_machine_runs_nothing(machine: str, compute: ComputeManagementClient) -> None:
    compute.virtual_machines.begin_power_off(GROUP, "vm").result()
    with pytest.raises(HttpResponseError, match="requires the VM to be running") as refusal:
        compute.virtual_machines.begin_run_command(
            GROUP, "vm", {"commandId": "RunShellScript", "script": ["true"]}
        ).result()
    assert refusal.value.status_code == 409
    compute.virtual_machines.begin_start(GROUP, "vm").result()
