"""A build as plugin 2.6.3 of Packer asks for it, call by call, and what it reads of each answer.

The calls are those of a recorded build from a marketplace image into a gallery, with a temporary
resource group. The plugin's SDK deletes by asking for the resource until it is gone, whatever the
answer's headers say, and takes 200, 201 and 202 apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.conftest import Emulator, Reply

TEMPLATE = Path(__file__).parent / "cases" / "packer_2.6.3.json"
POLLS = 100
RESOURCES, COMPUTE, NETWORK = "2022-09-01", "2022-03-01", "2023-09-01"
GALLERY, DISKS = "2023-07-03", "2022-03-02"
"""The api-versions of its clients."""
KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7 packer"


@dataclass(frozen=True, slots=True)
class Plugin:
    """What the plugin does with an answer."""

    emulator: Emulator

    def ask(
        self, method: str, path: str, version: str, body: Any = None, *, expect: set[int]
    ) -> Reply:
        """A call, with one of the statuses that it accepts."""
        mark = "&" if "?" in path else "?"
        answer = self.emulator.call(method, f"{path}{mark}api-version={version}", body)
        assert answer.status in expect, (method, path, answer)
        if answer.body is not None:
            assert answer.headers["content-type"].startswith("application/json")
        return answer

    def follow(self, accepted: Reply) -> None:
        """Poll the address in the header until it says how it ended."""
        address = urlsplit(
            accepted.headers.get("azure-asyncoperation") or accepted.headers["location"]
        )
        for _ in range(POLLS):
            assert int(accepted.headers["retry-after"]) >= 0  # it reads no fractions
            answer = self.emulator.call("GET", f"{address.path}?{address.query}")
            if answer.status == 200 and answer.body["status"] == "Succeeded":
                return
            assert answer.status == 202 or answer.body["status"] in {"InProgress", "Running"}
            accepted = answer
        raise AssertionError(f"{address.path} does not end")

    def delete(self, path: str, version: str) -> None:
        """DELETE, then GET until it is gone."""
        self.ask("DELETE", path, version, expect={200, 202, 204})
        for _ in range(POLLS):
            if self.ask("GET", path, version, expect={200, 404}).status == 404:
                return
        raise AssertionError(f"{path} stays")


@pytest.fixture
def gallery(emulator: Emulator, resources: ResourceManagementClient) -> Iterator[str]:
    """The id of an image definition, in a resource group of its own."""
    group = "/resourceGroups/packer-gallery"
    images = f"{group}/providers/Microsoft.Compute/galleries/lab"
    body: Any = {"location": "westeurope"}
    for path in (group, images):
        assert emulator.call("PUT", path, body).status in {200, 201}
    properties = {
        "osType": "Linux",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "identifier": {"publisher": "p", "offer": "o", "sku": "s"},
    }
    definition = f"{images}/images/web"
    made = emulator.call("PUT", definition, {**body, "properties": properties})
    assert made.status in {200, 201}
    yield definition
    resources.resource_groups.begin_delete("packer-gallery").result()


def deployment() -> tuple[dict[str, Any], dict[str, str]]:
    """The body that it sends, with an image that is on offer here, and its names of resources."""
    body = json.loads(TEMPLATE.read_text())
    (machine,) = (
        one
        for one in body["properties"]["template"]["resources"]
        if one["type"].endswith("/virtualMachines")
    )
    machine["properties"]["storageProfile"]["imageReference"] = {
        "publisher": "Debian",
        "offer": "debian-12",
        "sku": "12-gen2",
        "version": "latest",
    }
    (key,) = machine["properties"]["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"]
    key["keyData"] = KEY
    given = body["properties"]["parameters"]
    given["vmSize"] = {"value": "Standard_D2s_v5"}
    return body, {name: value["value"] for name, value in given.items()}


def test_a_build_of_plugin_2_6_3_is_served_call_by_call(emulator: Emulator, gallery: str) -> None:
    plugin = Plugin(emulator)
    body, names = deployment()
    group = "/resourceGroups/pkr-Resource-Group-replay"
    made = f"{group}/providers/Microsoft.Resources/deployments/pkrdpreplay"
    machine = f"{group}/providers/Microsoft.Compute/virtualMachines/{names['vmName']}"
    network = f"{group}/providers/Microsoft.Network"
    address = f"{network}/publicIPAddresses/{names['publicIPAddressName']}"
    version = f"{gallery}/versions/1.2.3"

    found = plugin.ask("GET", gallery, GALLERY, expect={200})
    assert found.body["id"]
    plugin.ask("GET", version, GALLERY, expect={404})
    plugin.ask("GET", group, RESOURCES, expect={404})
    there = plugin.ask("PUT", group, RESOURCES, {"location": "westeurope"}, expect={200, 201})
    assert there.body["properties"]["provisioningState"] == "Succeeded"
    plugin.ask("POST", f"{made}/validate", RESOURCES, body, expect={200, 202})
    plugin.follow(plugin.ask("PUT", made, RESOURCES, body, expect={200, 201}))

    reached = plugin.ask("GET", address, NETWORK, expect={200})
    assert reached.body["properties"]["ipAddress"].startswith("127.")
    for _ in range(2):
        running = plugin.ask("GET", machine, COMPUTE, expect={200})
        disk = running.body["properties"]["storageProfile"]["osDisk"]["managedDisk"]["id"]
        assert "vhd" not in running.body["properties"]["storageProfile"]["osDisk"]

    stop = f"{machine}/deallocate?hibernate=false"
    plugin.follow(plugin.ask("POST", stop, COMPUTE, expect={200, 202}))
    plugin.ask("POST", f"{machine}/generalize", COMPUTE, expect={200})
    publishing = {
        "endOfLifeDate": "",
        "excludeFromLatest": True,
        "replicaCount": 1,
        "replicationMode": "Full",
        "storageAccountType": "Standard_LRS",
        "targetRegions": [{"name": "westeurope", "regionalReplicaCount": 1}],
    }
    published = {
        "location": "westeurope",
        "tags": None,
        "properties": {
            "publishingProfile": publishing,
            "storageProfile": {"source": {"virtualMachineId": running.body["id"]}},
        },
    }
    plugin.follow(plugin.ask("PUT", version, GALLERY, published, expect={200, 201, 202}))
    artifact = plugin.ask("GET", version, GALLERY, expect={200})
    assert artifact.body["id"].endswith("/versions/1.2.3")
    assert artifact.body["properties"]["publishingProfile"]["excludeFromLatest"] is True

    plugin.ask("GET", machine, COMPUTE, expect={200})
    listed = f"{group}/deployments/pkrdpreplay/operations?%24top=50"
    operations = plugin.ask("GET", listed, RESOURCES, expect={200}).body["value"]
    kinds = [
        one["properties"]["targetResource"]["resourceType"]
        for one in operations
        if one["properties"].get("targetResource")
    ]
    assert "Microsoft.Compute/virtualMachines" in kinds
    plugin.delete(machine, COMPUTE)
    plugin.delete(f"{network}/networkInterfaces/{names['nicName']}", NETWORK)
    plugin.delete(f"{network}/virtualNetworks/{names['virtualNetworkName']}", NETWORK)
    plugin.delete(address, NETWORK)
    plugin.delete(f"{network}/networkSecurityGroups/{names['nsgName']}", NETWORK)
    plugin.delete(disk[disk.index("/resourceGroups") :], DISKS)
    plugin.ask("DELETE", made, RESOURCES, expect={202, 204})  # of 200 it prints an error
    plugin.ask("GET", group, RESOURCES, expect={200})
    plugin.delete(group, RESOURCES)
    assert plugin.ask("GET", version, GALLERY, expect={200}).body["id"] == artifact.body["id"]
