"""An estate that raw ARM calls made is adopted, released on and rolled back, under traffic."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.advice import Shell
from pipeline.definition.project import read
from pipeline.errors import Refused
from pipeline.execution.commands import adopt as command
from pipeline.execution.watch.prober import Load, Prober
from pipeline.planning.names import scale_set_name
from pipeline.planning.watch.targets import targets_of
from tests.conftest import ROOT, Emulator
from tests.execution.landing_zone import AT_ONCE, LandingZone, landing_zone, until

Body = dict[str, Any]
REGION = "westeurope"
MARKETPLACE = {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2", "version": "latest"}
PORTS = {"lbrule-80": (8080, 8080), "lbrule-metrics": (9100, 9100), "LBRule_admin": (9200, 9200)}


@dataclass
class Estate:
    """What another hand made: a network and a load balancer here, a scale set there."""

    emulator: Emulator
    platform: str
    apps: str

    def put(self, group: str, path: str, body: Body, version: str = "2024-05-01") -> Body:
        """A raw PUT, and what is there once it has ended."""
        resource = f"/resourceGroups/{group}/providers/{path}"
        asked = f"{resource}?api-version={version}"
        made = self.emulator.call("PUT", asked, {"location": REGION, **body})
        assert made.status in {200, 201}, made.body
        until(lambda: self._state(asked) == "Succeeded")
        found: Body = self.emulator.call("GET", asked).body
        return found

    def _state(self, asked: str) -> str:
        body = self.emulator.call("GET", asked).body
        return str((body.get("properties") or {}).get("provisioningState", "Succeeded"))

    @property
    def balancer(self) -> Body:
        """The load balancer now."""
        path = f"/resourceGroups/{self.platform}/providers/Microsoft.Network/loadBalancers/lb-shop"
        found: Body = self.emulator.call("GET", f"{path}?api-version=2024-05-01").body
        return found

    def edit(self, change: Callable[[Body], None]) -> None:
        """What the owner of the load balancer does to it."""
        body = self.balancer
        change(body["properties"])
        sent: Body = {key: body[key] for key in ("sku", "properties", "tags") if key in body}
        self.put(self.platform, "Microsoft.Network/loadBalancers/lb-shop", sent)

    @property
    def scale_set(self) -> Body:
        """The foreign scale set now."""
        path = f"Microsoft.Compute/virtualMachineScaleSets/app?api-version={COMPUTE}"
        found: Body = self.emulator.call(
            "GET", f"/resourceGroups/{self.apps}/providers/{path}"
        ).body
        return found

    def writes(self) -> list[tuple[str, str]]:
        """Every request so far that changed something of either group."""
        seen = self.emulator.call("GET", "/emulator/requests").body["value"]
        return [
            (str(one["method"]), str(one["path"]).lower())
            for one in seen
            if one["method"] not in {"GET", "POST"}
            and any(group.lower() in one["path"].lower() for group in (self.platform, self.apps))
        ]


COMPUTE = "2024-07-01"


def _estate(emulator: Emulator, name: str) -> Estate:
    made = Estate(emulator, f"platform-{name}", f"apps-{name}")
    for group in (made.platform, made.apps):
        assert emulator.call("PUT", f"/resourceGroups/{group}", {"location": REGION}).status == 201
    subnet = {"name": "shop", "properties": {"addressPrefix": "10.9.1.0/24"}}
    network = {"addressSpace": {"addressPrefixes": ["10.9.0.0/16"]}, "subnets": [subnet]}
    path = "Microsoft.Network/virtualNetworks/shared"
    shared = made.put(made.platform, path, {"properties": network})
    address = made.put(
        made.platform,
        "Microsoft.Network/publicIPAddresses/pip",
        {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}},
    )
    balancer = made.put(
        made.platform,
        "Microsoft.Network/loadBalancers/lb-shop",
        _balancer(
            f"{shared['id'].rpartition('/virtualNetworks')[0]}/loadBalancers/lb-shop", address
        ),
    )
    _scale_set(made, balancer, shared["properties"]["subnets"][0]["id"])
    return made


def _balancer(own: str, address: Body) -> Body:
    def rule(name: str, probe: str) -> Body:
        port, backend = PORTS[name]
        properties = {
            "protocol": "Tcp",
            "frontendPort": port,
            "backendPort": backend,
            "frontendIPConfiguration": {"id": f"{own}/frontendIPConfigurations/PublicIPAddress"},
            "backendAddressPool": {"id": f"{own}/backendAddressPools/bepool"},
            "probe": {"id": f"{own}/probes/{probe}"},
            "idleTimeoutInMinutes": 15,
            "loadDistribution": "Default",
            "disableOutboundSnat": True,
        }
        return {"name": name, "properties": properties}

    front = {"publicIPAddress": {"id": address["id"]}}
    alive = {"protocol": "Http", "port": 8080, "requestPath": "/alive", "intervalInSeconds": 5}
    return {
        "sku": {"name": "Standard"},
        "tags": {"managed-by": "terraform"},
        "properties": {
            "frontendIPConfigurations": [{"name": "PublicIPAddress", "properties": front}],
            "backendAddressPools": [{"name": "bepool"}],
            "probes": [
                {"name": "probe-alive", "properties": alive},
                {"name": "tcp9100", "properties": {"protocol": "Tcp", "port": 9100}},
            ],
            "loadBalancingRules": [
                rule("lbrule-80", "probe-alive"),
                rule("lbrule-metrics", "tcp9100"),
                rule("LBRule_admin", "tcp9100"),
            ],
        },
    }


def _scale_set(made: Estate, balancer: Body, subnet: str) -> None:
    address = {
        "name": "ipconfig",
        "properties": {
            "primary": True,
            "subnet": {"id": subnet},
            "loadBalancerBackendAddressPools": [
                {"id": balancer["properties"]["backendAddressPools"][0]["id"]}
            ],
        },
    }
    health = {
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "typeHandlerVersion": "1.0",
        "settings": {"protocol": "http", "port": 8080, "requestPath": "/alive"},
    }
    script = {
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "typeHandlerVersion": "2.1",
        "settings": {"commandToExecute": "true"},
    }
    model = {
        "storageProfile": {
            "imageReference": MARKETPLACE,
            "osDisk": {"createOption": "FromImage", "caching": "ReadWrite"},
        },
        "osProfile": {
            "computerNamePrefix": "app",
            "adminUsername": "azureuser",
            "adminPassword": "Long-enough-1",
        },
        "networkProfile": {
            "networkInterfaceConfigurations": [
                {"name": "nic", "properties": {"primary": True, "ipConfigurations": [address]}}
            ]
        },
        "extensionProfile": {
            "extensions": [
                {"name": "AppHealth", "properties": health},
                {"name": "setup", "properties": script},
            ]
        },
    }
    found = made.put(
        made.apps,
        "Microsoft.Compute/virtualMachineScaleSets/app",
        {
            "sku": {"name": "Standard_D2s_v5", "tier": "Standard", "capacity": 2},
            "zones": ["1", "2"],
            "identity": {"type": "SystemAssigned"},
            "tags": {"team": "shop"},
            "properties": {
                "orchestrationMode": "Uniform",
                "singlePlacementGroup": False,
                "upgradePolicy": {"mode": "Manual"},
                "virtualMachineProfile": model,
            },
        },
        COMPUTE,
    )
    profile = {
        "name": "default",
        "capacity": {"minimum": "2", "maximum": "5", "default": "2"},
        "rules": [],
    }
    made.put(
        made.apps,
        "Microsoft.Insights/autoscaleSettings/app-cpu",
        {
            "properties": {
                "enabled": True,
                "targetResourceUri": found["id"],
                "profiles": [profile],
            }
        },
        "2022-10-01",
    )


def _zone(root: Path, emulator: Emulator, estate: Estate, block: str = "") -> LandingZone:
    """The landing zone that the definitions in a folder say, with an adopted block or none."""
    base, facts = landing_zone(root, emulator), emulator.facts
    text = f'''
environment "test" {{
  subscription   = "{emulator.subscription}"
  tenant         = "{facts["tenant"]}"
  location       = "{REGION}"
  resource_group = "ours-{root.name}"
  ssh_port       = 2222
  cloud {{
    name             = "BakeswapEmulator"
    resource_manager = "{facts["resource_manager"]}"
    authority        = "{facts["authority"]}"
    ca_bundle        = "{facts["ca_file"]}"
    credential       = "{facts["credentials_file"]}"
  }}
  gallery {{
    name = "{base.environment.gallery.name}_of_adopted"
  }}
  network {{
    name           = "shared"
    resource_group = "{estate.platform}"
    managed        = false
    subnet         = "shop"
  }}
{block}
}}
'''
    (root / "environments.hcl").write_text(text)
    project = read(root)
    project.refuse_mistakes()
    image = replace(project.images[0], promotion=replace(AT_ONCE, drain=1.0))
    return replace(base, root=root, environment=project.environments[0], image=image)


def _take_over(root: Path, document: dict[str, Any]) -> None:
    """What a team does with the blocks of its image: the page tells its version, so it says so."""
    image = root / "images" / "web" / "image.hcl"
    text = image.read_text()
    scale_set, health = text.index("  scale_set {"), text.index("  health {")
    between = text[text.index("  promote {") : health]
    tells = document["health"].replace('version  = "none"', 'version  = "json"')
    image.write_text(f"{text[:scale_set]}{document['scale_set']}\n{between}{tells}\n}}\n")


def _add(estate: Estate, advised: str) -> None:
    """Carry out an advised command of the Azure CLI, exactly."""
    az, network, lb, kind, verb, *rest = shlex.split(advised)
    assert (az, network, lb, verb) == ("az", "network", "lb", "create")
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    own = estate.balancer["id"]
    assert own.split("/")[4] == options["--resource-group"]

    def change(properties: Body) -> None:
        if kind == "address-pool":
            names = [pool["name"] for pool in properties["backendAddressPools"]]
            if options["--name"] not in names:
                properties["backendAddressPools"].append({"name": options["--name"]})
            return
        pool = {"id": f"{own}/backendAddressPools/{options['--backend-pool-name']}"}
        front = f"{own}/frontendIPConfigurations/{options['--frontend-ip']}"
        rule = {
            "protocol": options["--protocol"],
            "frontendIPConfiguration": {"id": front},
            "frontendPort": int(options["--frontend-port"]),
            "backendPort": int(options["--backend-port"]),
            "backendAddressPool": pool,
            "probe": {"id": f"{own}/probes/{options['--probe-name']}"},
            "idleTimeoutInMinutes": int(options["--idle-timeout"]),
            "enableTcpReset": options["--enable-tcp-reset"] == "true",
            "disableOutboundSnat": options["--disable-outbound-snat"] == "true",
        }
        properties["loadBalancingRules"].append({"name": options["--name"], "properties": rule})

    estate.edit(change)


@pytest.mark.slow
def test_an_estate_of_raw_calls_is_adopted_released_on_and_the_way_back(
    tmp_path: Path, emulator: Emulator
) -> None:
    for folder in ("images/web", "packer"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    estate = _estate(emulator, tmp_path.name)
    written = len(estate.writes())

    zone = _zone(tmp_path, emulator, estate)
    command.adopt(zone.session(), "lb-shop", group=estate.platform)
    text = zone.output
    assert 'load_balancer "web" {' in text
    assert "autoscale setting app-cpu" in text
    assert len(estate.writes()) == written
    block = text[text.index("load_balancer") : text.index("# images/web")]
    _take_over(tmp_path, _blocks(text))
    zone = _zone(tmp_path, emulator, estate, block)
    assert zone.image.scale_set.zones == ("1", "2")

    with pytest.raises(Refused) as lacking:
        zone.create()
    assert len(estate.writes()) == written
    assert str(lacking.value).count("no rule ") == len(PORTS)
    for one in lacking.value.advice:
        assert isinstance(one.command, Shell)
        _add(estate, one.command.text)
    zone.create()
    assert zone.status().serving == "app"
    zone.add_versions("1.0.0", "1.0.1")
    before = estate.balancer["properties"]

    now = zone.survey().load_balancer
    targets = targets_of(now.body, now.addresses, PORTS)
    assert len(targets) == len(PORTS)
    with Prober(targets, Load(rate=50 / len(targets), kept_alive=2, late=60.0)) as prober:
        zone.stage("1.0.0")
        zone.promote()
        told = zone.status()
        assert (told.serving, told.idle, told.idle_role, told.way_back) == (
            *("1.0.0", "app", "previous"),
            "ready",
        )
        zone.rollback()
        assert zone.status().serving == "app"
        zone.promote(again=True)
        zone.roll("1.0.1")
    assert zone.status().serving == "1.0.1"
    watched = prober.watched.total
    assert watched.fresh.lost == 0, str(watched)
    assert {"1.0.0", "1.0.1"} <= dict(watched.versions).keys()

    zone.prune()
    assert zone.status().serving == "1.0.1"
    assert (estate.scale_set["sku"]["capacity"], estate.scale_set["zones"]) == (2, ["1", "2"])
    assert not [path for method, path in estate.writes() if method == "DELETE"]
    assert not [path for _, path in estate.writes()[written:] if "virtualmachinescalesets" in path]
    _is_as_it_was(estate.balancer["properties"], before)


def _blocks(text: str) -> dict[str, Any]:
    """The blocks of the image, out of the text that was printed."""
    part = text[text.index("scale_set {") :]
    scale_set, rest = part.split("\nhealth {", 1)
    return {"scale_set": scale_set, "health": "health {" + rest[: rest.index("\n}")] + "\n}"}


def _is_as_it_was(after: Body, before: Body) -> None:
    """All that the load balancer's owner wrote, but where the rules lead."""
    for kind in ("frontendIPConfigurations", "probes"):
        assert [one["name"] for one in after[kind]] == [one["name"] for one in before[kind]]
    moved = ("backendAddressPool", "backendAddressPools")
    for now, then in zip(after["loadBalancingRules"], before["loadBalancingRules"], strict=True):
        for rule in (now, then):
            for key in moved:
                rule["properties"].pop(key)
        assert (now["name"], now["properties"]) == (then["name"], then["properties"])
    names = {pool["name"] for pool in after["backendAddressPools"]}
    assert {"bepool", scale_set_name("web", "1.0.0")} <= names
