"""The calls of the recordings, made again at an emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Emulator, Reply
from tests.emulator.compute.bodies import BASE, KEY

Body = dict[str, Any]
API = "api-version=2026-01-01"
SIZE = {"name": "Standard_D2s_v5", "tier": "Standard"}


@dataclass(slots=True)
class Replay:
    """Answers by the names of the recorded cases; `play` makes all calls, in order."""

    emulator: Emulator
    group: str
    answers: dict[str, Reply] = field(default_factory=dict)

    def play(self) -> dict[str, Reply]:
        """Make every call; answers what was answered, by case."""
        self._network()
        self._galleries()
        self._scale_sets()
        self._deployment()
        return self.answers

    # -- calls -----------------------------------------------------------------------------------

    def _path(self, kind: str) -> str:
        return f"/resourceGroups/{self.group}/providers/Microsoft.{kind}"

    def _id(self, kind: str) -> str:
        return f"/subscriptions/{self.emulator.subscription}{self._path(kind)}"

    def _call(self, method: str, kind: str, body: Body | None = None, *cases: str) -> Reply:
        """One call; its answer is that of these cases."""
        reply = self.emulator.call(method, f"{self._path(kind)}?{API}", body)
        self.answers |= dict.fromkeys(cases, reply)
        return reply

    def _put(self, kind: str, properties: Body, *cases: str, poll: str = "", **more: Any) -> Reply:
        """A PUT of a resource in westeurope, waited for."""
        body = {"location": "westeurope", "tags": {}, **more, "properties": properties}
        reply = self._call("PUT", kind, body, *cases)
        self._wait(reply, poll)
        return reply

    def _wait(self, reply: Reply, poll: str = "") -> None:
        """Wait for the operation of an answer; its last status is the answer of the case `poll`."""
        address = reply.headers.get("azure-asyncoperation", "")
        while address:
            polled = self.emulator.call("GET", address.removeprefix(self.emulator.base))
            if polled.body["status"] not in {"InProgress", "Running"}:
                assert polled.body["status"] == "Succeeded", polled.body
                self.answers |= {poll: polled} if poll else {}
                return

    # -- what is called --------------------------------------------------------------------------

    def _network(self) -> None:
        address = "Network/publicIPAddresses/address"
        self._call("GET", address, None, "public address missing")
        given = {"publicIPAllocationMethod": "Static"}
        standard = {"name": "Standard"}
        named = ("public address put", "public address put 2026")
        self._put(address, given, *named, sku=standard)
        self._call("GET", address, None, "public address get")
        space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
        subnet = {"name": "apps", "properties": {"addressPrefix": "10.0.0.0/24"}}
        self._put("Network/virtualNetworks/vnet", {**space, "subnets": [subnet]})
        balancer = "Network/loadBalancers/lb"
        named = ("load balancer put without members", "load balancer put 2026")
        self._put(balancer, self._balancer(), *named, poll="load balancer poll", sku=standard)
        self._call("GET", balancer, None, "load balancer get", "load balancer get 2026")
        member = {"name": "a", "properties": {"ipAddress": "10.0.0.4"}}
        pool = {"properties": {"loadBalancerBackendAddresses": [member]}}
        self._call("PUT", f"{balancer}/backendAddressPools/new", pool, "pool put by address")

    def _balancer(self) -> Body:
        own = self._id("Network/loadBalancers/lb")
        rule = {
            "frontendIPConfiguration": {"id": f"{own}/frontendIPConfigurations/front"},
            "backendAddressPool": {"id": f"{own}/backendAddressPools/pool"},
            "probe": {"id": f"{own}/probes/health"},
            "protocol": "Tcp",
            "frontendPort": 80,
            "backendPort": 8080,
        }
        probe = {"protocol": "Http", "port": 8080, "requestPath": "/healthz"}
        public = {"id": self._id("Network/publicIPAddresses/address")}
        return {
            "frontendIPConfigurations": [
                {"name": "front", "properties": {"publicIPAddress": public}}
            ],
            "backendAddressPools": [{"name": "pool"}],
            "loadBalancingRules": [{"name": "rule", "properties": rule}],
            "probes": [{"name": "health", "properties": probe}],
        }

    def _galleries(self) -> None:
        self._put("Compute/galleries/gallery", {})
        self._call("GET", "Compute/galleries/gallery", None, "gallery get")
        definition = "Compute/galleries/gallery/images/web"
        identity = {"publisher": "us", "offer": "images", "sku": "web"}
        kind = {"osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2"}
        self._put(definition, {**kind, "identifier": identity})
        self._machine()
        image = "Compute/images/image"
        machine = {"id": self._id("Compute/virtualMachines/vm")}
        self._put(image, {"sourceVirtualMachine": machine, "hyperVGeneration": "V2"}, "image put")
        self._call("GET", image, None, "image get")
        publishing = {"targetRegions": [{"name": "westeurope"}], "replicaCount": 1}
        version = {
            "publishingProfile": publishing,
            "storageProfile": {"source": {"id": self._id(image)}},
        }
        published = f"{definition}/versions/1.0.0"
        self._put(published, version, "version put", poll="version poll")
        self._call("GET", published, None, "version get")
        self._wait(self._call("DELETE", published, None, "version delete"))

    def _machine(self) -> None:
        subnet = {"id": self._id("Network/virtualNetworks/vnet/subnets/apps")}
        ip = {"name": "ip", "properties": {"subnet": subnet}}
        self._put("Network/networkInterfaces/nic", {"ipConfigurations": [ip]})
        nic = {"id": self._id("Network/networkInterfaces/nic")}
        machine = "Compute/virtualMachines/vm"
        properties = {
            "hardwareProfile": {"vmSize": SIZE["name"]},
            "networkProfile": {"networkInterfaces": [nic]},
            "osProfile": {"computerName": "vm", **_profile()},
            "storageProfile": _storage(),
        }
        self._put(machine, properties)
        self._wait(self._call("POST", f"{machine}/deallocate", {}, "machine deallocate"))
        self._call("POST", f"{machine}/generalize", {}, "machine generalize")

    def _scale_sets(self) -> None:
        own = "Compute/virtualMachineScaleSets/web"
        self._call("GET", own, None, "scale set missing")
        named = {"sku": {**SIZE, "capacity": 2}}
        given = self._scale_set()
        self._put(own, given, "scale set put 2026", poll="scale set poll 2026", **named)
        balancer = "Network/loadBalancers/lb"
        standard = {"name": "Standard"}
        self._put(balancer, self._balancer(), "load balancer put with members", sku=standard)
        self._put(own, given, "scale set update", sku={**SIZE, "capacity": 1})
        self._call("GET", own, None, "scale set get 2024", "scale set get after scale-in")
        listed = f"{own}/virtualMachines"
        reply = self._call("GET", listed, None, "instances", "instances after scale-in")
        instance = f"{listed}/{reply.body['value'][0]['instanceId']}"
        self._call("GET", f"{instance}/instanceView", None, "instance view")
        self._wait(self._call("POST", f"{own}/poweroff", {}, "instances power off"))
        self._wait(self._call("POST", f"{own}/deallocate", {}))
        self._call("GET", f"{instance}/instanceView", None, "instance view, deallocated")
        self._call("GET", f"{own}/rollingUpgrades/latest", None, "rolling upgrade")
        deleted = self._call("DELETE", own, None, "scale set delete 2024")
        self._wait(deleted, "scale set delete poll 2024")
        self._wait(self._call("DELETE", balancer, None, "load balancer delete"))

    def _scale_set(self) -> Body:
        subnet = {"id": self._id("Network/virtualNetworks/vnet/subnets/apps")}
        pool = {"id": self._id("Network/loadBalancers/lb/backendAddressPools/pool")}
        joined = {"subnet": subnet, "loadBalancerBackendAddressPools": [pool]}
        ips = [{"name": "ip", "properties": joined}]
        interface = {"name": "nic", "properties": {"primary": True, "ipConfigurations": ips}}
        return {
            "singlePlacementGroup": False,
            "upgradePolicy": {"mode": "Manual"},
            "scaleInPolicy": {"rules": ["OldestVM"]},
            "virtualMachineProfile": {
                "osProfile": {"computerNamePrefix": "web", **_profile()},
                "storageProfile": _storage(),
                "networkProfile": {"networkInterfaceConfigurations": [interface]},
            },
        }

    def _deployment(self) -> None:
        address = {
            "type": "Microsoft.Network/publicIPAddresses",
            "apiVersion": "2026-03-01",
            "name": "templated",
            "location": "westeurope",
            "sku": {"name": "Standard"},
            "properties": {"publicIPAllocationMethod": "Static"},
        }
        template = {"contentVersion": "1.0.0.0", "resources": [address]}
        deployment = {"properties": {"mode": "Incremental", "template": template}}
        own = "Resources/deployments/d"
        self._wait(self._call("PUT", own, deployment, "deployment put"), "deployment poll")
        self._call("GET", own, None, "deployment get")


def _profile() -> Body:
    keys = [{"path": "/home/azureuser/.ssh/authorized_keys", "keyData": KEY}]
    linux = {"disablePasswordAuthentication": True, "ssh": {"publicKeys": keys}}
    return {"adminUsername": "azureuser", "linuxConfiguration": linux}


def _storage() -> Body:
    disk = {"createOption": "FromImage", "caching": "ReadWrite"}
    return {"imageReference": dict(BASE), "osDisk": disk}
