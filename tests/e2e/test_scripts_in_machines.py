"""A custom script with a protected setting, and run command, in a real machine."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient

from pipeline.emulator.machines.disks import CONTENTS, OVERLAY
from tests.conftest import Emulator, free_addresses, running_emulator

pytestmark = pytest.mark.vm

Compute: TypeAlias = Any
"""The real client; its overloads take no plain mappings."""

GROUP, PLACE = "rg-scripts", "westeurope"
SECRET = f"correct-horse-{os.getpid()}"
FAILS = "echo no such package >&2; exit 100"
HOST = "10.0.2.2"
"""This machine, from a guest."""
INSTALL = b"""#!/bin/sh\r
printf %s "$TOKEN" | sha256sum >/srv/proof\r
cat /proc/[0-9]*/cmdline >/srv/processes\r
echo installed\r
"""


@contextmanager
def served(content: bytes) -> Iterator[str]:
    """The address, for guests, of a file that is served as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}/install.sh?sig={SECRET}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator with real machines."""
    state = tmp_path_factory.mktemp("scripts") / "state"
    with (
        free_addresses() as block,
        running_emulator(state, block, "--machines", "qemu") as made,
    ):
        yield made


@pytest.fixture(scope="module")
def compute(emulator: Emulator) -> Compute:
    """The real client."""
    return ComputeManagementClient(
        emulator.credential(), emulator.subscription, **emulator.client_options()
    )


@pytest.fixture(scope="module")
def machine(emulator: Emulator, compute: Compute) -> str:
    """The name of a running machine."""
    emulator.call("PUT", f"/resourceGroups/{GROUP}", {"location": PLACE})
    network: Any = NetworkManagementClient(
        emulator.credential(), emulator.subscription, **emulator.client_options()
    )
    subnet = {"name": "machines", "properties": {"addressPrefix": "10.0.0.0/24"}}
    whole = network.virtual_networks.begin_create_or_update(
        GROUP,
        "net",
        body(addressSpace={"addressPrefixes": ["10.0.0.0/16"]}, subnets=[subnet]),
    ).result()
    address = {"subnet": {"id": whole["properties"]["subnets"][0]["id"]}}
    nic = network.network_interfaces.begin_create_or_update(
        GROUP, "nic", body(ipConfigurations=[{"name": "ip", "properties": address}])
    ).result()
    image = {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2", "version": "latest"}
    login = {"adminUsername": "azureuser", "adminPassword": "Correct-horse-9", "computerName": "vm"}
    wanted = body(
        hardwareProfile={"vmSize": "Standard_B1s"},
        networkProfile={"networkInterfaces": [{"id": nic["id"]}]},
        osProfile=login,
        storageProfile={"imageReference": image, "osDisk": {"createOption": "FromImage"}},
    )
    compute.virtual_machines.begin_create_or_update(GROUP, "vm", wanted).result()
    return "vm"


def body(**properties: Any) -> dict[str, Any]:
    """A resource with these properties."""
    return {"location": PLACE, "properties": properties}


def run(compute: Compute, machine: str, *lines: str) -> str:
    """What a script prints that run command runs in a machine."""
    asked: dict[str, Any] = {"commandId": "RunShellScript", "script": list(lines)}
    result = compute.virtual_machines.begin_run_command(GROUP, machine, asked).result()
    message: str = result["value"][0]["message"]
    return message.split("[stdout]\n")[1].split("\n[stderr]\n", maxsplit=1)[0]


def put(compute: Compute, machine: str, **properties: Any) -> None:
    """Write a custom script extension, and wait until it has run."""
    common = {
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "typeHandlerVersion": "2.1",
    }
    compute.virtual_machine_extensions.begin_create_or_update(
        GROUP, machine, "install", body(**common, **properties)
    ).result()


def test_run_command_runs_a_script_that_takes_longer_than_an_answer(
    compute: Compute, machine: str
) -> None:
    assert run(compute, machine, "sleep 3", "id -un") == "root\n"


def test_a_custom_script_runs_with_a_secret_that_is_nowhere(
    emulator: Emulator, compute: Compute, machine: str
) -> None:
    with served(INSTALL) as address:
        command = f"export TOKEN={SECRET}\n./install.sh"
        put(
            compute,
            machine,
            settings={"timestamp": 1},
            protectedSettings={"commandToExecute": command, "fileUris": [address]},
        )
    proof, processes = run(compute, machine, "cat /srv/proof; tr '\\0' ' ' </srv/processes").split(
        "\n", 1
    )
    assert proof.split()[0] == hashlib.sha256(SECRET.encode()).hexdigest()
    assert "/sbin/init" in processes
    left = run(compute, machine, f"grep -rl '{SECRET[:-1]}[{SECRET[-1]}]' /var /srv /tmp; true")
    view = compute.virtual_machines.instance_view(GROUP, machine)
    assert "[stdout]\ninstalled\n" in view["extensions"][0]["statuses"][0]["message"]
    shown = [compute.virtual_machine_extensions.get(GROUP, machine, "install"), view]
    seen = [left, processes, str(shown), *host_processes(), *host_files(emulator)]
    assert [each[:100] for each in seen if SECRET in each] == []


def test_a_custom_script_that_fails_says_what_it_printed(compute: Compute, machine: str) -> None:
    with pytest.raises(HttpResponseError) as error:
        put(compute, machine, protectedSettings={"commandToExecute": FAILS})
    assert error.value.error is not None
    assert error.value.error.code == "VMExtensionProvisioningError"
    assert "exit status=100" in str(error.value)
    assert "no such package" in str(error.value)


def host_processes() -> Iterator[str]:
    """The command lines of this machine's processes."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield process.read_bytes().decode(errors="replace")
        except OSError:
            continue  # it ended


def host_files(emulator: Emulator) -> Iterator[str]:
    """The emulator's files; not the machine's disk, which is its own."""
    state = Path(emulator.facts["state"])
    for path in (*state.rglob("*"), *state.parent.glob("*.log")):
        if path.is_file() and path.name not in {OVERLAY, CONTENTS}:
            yield path.read_bytes().decode(errors="replace")
