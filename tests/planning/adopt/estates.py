"""Estates of other hands, as Azure answers them: their parts, and any that chance makes."""

from __future__ import annotations

from random import Random
from typing import Any

from pipeline.arm import ResourceId
from pipeline.planning.adopt.estate import Estate
from pipeline.planning.names import load_balancer_id, network_id, scale_set_id
from tests.planning.swap.examples import ENVIRONMENT

Body = dict[str, Any]
GROUP = "platform"
OWN = load_balancer_id(ENVIRONMENT, "lb-shop", GROUP)
_PROTOCOLS = ("Tcp", "Tcp", "Tcp", "Udp", "Quic", "All")


def child(kind: str, name: str) -> Body:
    """A reference to a child of the load balancer."""
    return {"id": str(OWN.child(kind, name))}


def rule(
    name: str, port: int, backend: int, pool: str, *, front: str = "Public", **more: Any
) -> Body:
    """A load balancing rule."""
    led = child("backendAddressPools", pool)
    properties = {
        "protocol": "Tcp",
        "frontendIPConfiguration": child("frontendIPConfigurations", front),
        "frontendPort": port,
        "backendPort": backend,
        "backendAddressPool": led,
        "backendAddressPools": [led],
        "enableFloatingIP": False,
        "provisioningState": "Succeeded",
    }
    return {"name": name, "properties": {**properties, **more}}


def probe(name: str, port: int, path: str = "") -> Body:
    """A health probe."""
    asked = {"protocol": "Http", "requestPath": path} if path else {"protocol": "Tcp"}
    return {"name": name, "properties": {**asked, "port": port}}


def scale_set(name: str, *pools: str, group: str = "apps", **model: Any) -> Body:
    """A scale set whose model puts instances into pools."""
    address = {
        "name": "ip",
        "properties": {
            "loadBalancerBackendAddressPools": [child("backendAddressPools", one) for one in pools]
        },
    }
    given = {"ipConfigurations": [address], "enableAcceleratedNetworking": name.endswith("0")}
    interface = {"name": "nic", "properties": given}
    network = {"networkInterfaceConfigurations": [interface]}
    resource = set_id(name, group)
    return {
        "id": str(resource),
        "name": name,
        "sku": {"name": "Standard_D4s_v5", "capacity": 3},
        "properties": {"virtualMachineProfile": {"networkProfile": network, **model}},
    }


def set_id(name: str, group: str = "apps") -> ResourceId:
    """A scale set of another resource group."""
    own = scale_set_id(ENVIRONMENT, name)
    return ResourceId(own.subscription, group, own.namespace, own.segments)


def balancer(
    rules: list[Body],
    pools: dict[str, list[str]],
    probes: list[Body] | None = None,
    fronts: dict[str, bool] | None = None,
    **more: Any,
) -> Body:
    """A load balancer; `pools` have ids of members, `fronts` say whether they are public."""
    address = {"publicIPAddress": {"id": str(network_id(ENVIRONMENT, "publicIPAddresses", "a"))}}
    private = {"subnet": {"id": "/a/subnet"}, "privateIPAddress": "10.0.0.4"}
    return {
        "id": str(OWN),
        "name": OWN.name,
        "properties": {
            "provisioningState": "Succeeded",
            "frontendIPConfigurations": [
                {"name": name, "properties": address if is_public else private}
                for name, is_public in (fronts or {"Public": True}).items()
            ],
            "backendAddressPools": [
                {
                    "name": name,
                    **child("backendAddressPools", name),
                    "properties": {"backendIPConfigurations": [{"id": one} for one in members]},
                }
                for name, members in pools.items()
            ],
            "probes": probes or [],
            "loadBalancingRules": rules,
            **more,
        },
    }


def members_of(name: str, count: int = 2) -> list[str]:
    """The IP configurations of the instances of a scale set."""
    return [
        f"{set_id(name)}/virtualMachines/{number}/networkInterfaces/nic/ipConfigurations/ip"
        for number in range(count)
    ]


def any_estate(seed: int) -> Estate:
    """An estate that chance made, as odd as Azure lets it be."""
    chance = Random(seed)  # noqa: S311 - a test that can be run again
    public = chance.random() < 0.7
    fronts = dict.fromkeys(["Public", *(["Other_2"] if chance.random() < 0.3 else [])], public)
    names = ["bepool", *(["pool.two"] if chance.random() < 0.3 else [])]
    pools = {name: members_of(f"app_{number}") for number, name in enumerate(names)}
    pools["unused"] = []
    if chance.random() < 0.3:
        pools["bepool"].append(
            "/subscriptions/s/resourceGroups/o/providers/Microsoft.Network/networkInterfaces/n"
            "/ipConfigurations/ip"
        )
    probes = [probe("alive", 8080), probe("deep_page", 9000, "/up?deep=1"), probe("p", 1, "/a/b")]
    rules: list[Body] = []
    for number in range(chance.randint(1, 5)):
        pool, front = chance.choice(names), chance.choice(list(fronts))
        kind = chance.choice(_PROTOCOLS if not public else _PROTOCOLS[:-1])
        ports = (0, 0) if kind == "All" else (chance.randint(1, 65534), 8000 + number)
        name = chance.choice(["lbrule", "Rule.x_", "r" * 70]) + f"-{number}"
        used = chance.choice([None, "alive", "deep_page", "p"])
        more: Body = {"probe": child("probes", used)} if used else {}
        floating = kind == "Tcp" and chance.random() < 0.2
        more |= {"protocol": kind, "enableFloatingIP": floating}
        rules.append(rule(name, *ports, pool, front=front, **more))
        if kind == "Tcp" and chance.random() < 0.2:
            rules.append(rule(f"{name}-staging", 65000 + number, 8000 + number, "unused", **more))
    nat = [
        {
            "name": "ssh",
            "properties": {
                "protocol": "Tcp",
                "frontendPortRangeStart": 8081,
                "frontendPortRangeEnd": 8099,
                "frontendIPConfiguration": child("frontendIPConfigurations", "Public"),
            },
        }
    ]
    sets = tuple(any_scale_set(chance, f"app_{n}", pool) for n, pool in enumerate(names))
    return Estate(balancer(rules, pools, probes, fronts, inboundNatRules=nat), sets)


def any_scale_set(chance: Random, name: str, pool: str) -> Body:
    """A scale set with some of what scale sets can have."""

    def maybe(**keys: Any) -> Body:
        return {key: value for key, value in keys.items() if chance.random() < 0.5}

    extensions = [
        {
            "name": "health",
            "properties": {
                "publisher": "Microsoft.ManagedServices",
                "type": "ApplicationHealthLinux",
                "typeHandlerVersion": chance.choice(["1.0", "2.0"]),
                "settings": {
                    "protocol": chance.choice(["tcp", "http"]),
                    "port": 8080,
                    "requestPath": chance.choice(["up", "/a b", "/healthz"]),
                },
            },
        },
        {
            "name": "setup",
            "properties": {
                "publisher": "Microsoft.Azure.Extensions",
                "type": "CustomScript",
                "typeHandlerVersion": "2.1",
                "settings": {
                    "fileUris": ["https://a/${b}%{c}"],
                    "say": 'a "quoted" \\ line\n',
                    "n": 1,
                },
            },
        },
    ]
    found = scale_set(
        name,
        pool,
        **maybe(
            extensionProfile={"extensions": extensions[chance.randint(0, 1):]},
            storageProfile={
                "imageReference": {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2"},
                "osDisk": maybe(
                    diskSizeGB=64, caching="ReadOnly", diffDiskSettings={"option": "Local"},
                    managedDisk={"storageAccountType": "Premium_LRS"},
                ),
                "dataDisks": [
                    {"lun": 0, "diskSizeGB": 128, **maybe(caching="None", createOption="Copy")},
                    {"lun": 2, "diskSizeGB": 8, "managedDisk": {
                        "storageAccountType": "PremiumV2_LRS"}, "caching": "ReadOnly"},
                ],
            },
            osProfile={
                "adminUsername": "admin", "computerNamePrefix": "x",
                "linuxConfiguration": {"ssh": {"publicKeys": [{"keyData": "ssh-rsa AAAAB3 me"}]}},
            },
            priority="Spot", evictionPolicy="Delete", billingProfile={"maxPrice": 0.25},
            scheduledEventsProfile={"terminateNotificationProfile": {
                "enable": True, "notBeforeTimeout": "PT7M"}},
            licenseType="SLES_BYOS", userData="aGk=",
        ),
    )  # fmt: skip
    user = (
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity"
        "/userAssignedIdentities/web"
    )
    kind = "SystemAssigned, UserAssigned"
    found |= maybe(
        zones=["1", "2"], tags={"team": "shop", "run": "theirs"}, plan={"name": "plan"},
        identity={"type": kind, "userAssignedIdentities": {user: {}}},
    )  # fmt: skip
    found["properties"] |= maybe(
        singlePlacementGroup=True, zoneBalance=True, orchestrationMode="Flexible",
        upgradePolicy={"mode": "Automatic"}, scaleInPolicy={"rules": ["Default"]},
        automaticRepairsPolicy={"enabled": True, "gracePeriod": "PT45M"},
        proximityPlacementGroup={"id": str(set_id("x")).replace(
            "virtualMachineScaleSets", "proximityPlacementGroups")},
    )  # fmt: skip
    return found
