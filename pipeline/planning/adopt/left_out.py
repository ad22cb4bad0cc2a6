"""What of a scale set no definition can say, or nobody can see from outside, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipeline.arm import ResourceId
from pipeline.definition import rules, shape_rules
from pipeline.definition.model import Environment
from pipeline.planning.adopt.estate import (
    Answer,
    Estate,
    addresses,
    pools,
    profile,
    properties,
)
from pipeline.planning.adopt.shape import MANY, extensions, is_flexible, is_nameable
from pipeline.planning.names import subnet_id

_SAID = frozenset(
    {
        *("storageProfile", "osProfile", "networkProfile", "extensionProfile", "priority"),
        *("evictionPolicy", "billingProfile", "scheduledEventsProfile", "timeCreated"),
        "userData",
    }
)
"""Of a model: what is looked at by itself."""
_OF_AN_ADDRESS = (
    *("publicIPAddressConfiguration", "applicationGatewayBackendAddressPools"),
    *("applicationSecurityGroups", "loadBalancerInboundNatPools"),
)
_CARRIED = 'no key says it; properties does, and like = "serving" carries it'
_POLICIES = (
    "scaleInPolicy",
    "priorityMixPolicy",
    "spotRestorePolicy",
    "resiliencyPolicy",
    "additionalCapabilities",
)


def of_scale_set(estate: Estate, found: Answer, environment: Environment) -> tuple[str, ...]:
    """Everything that a scale set made after its blocks would not have."""
    name = str(found["name"])
    return tuple(
        f"{name}: {what}"
        for part in (_model, _network, _extensions, _policies)
        for what in part(estate, found, environment)
    )


def _model(_: Estate, found: Answer, environment: Environment) -> Iterator[str]:
    model, sku = profile(found), found.get("sku") or {}
    storage, system = model.get("storageProfile") or {}, model.get("osProfile") or {}
    image = storage.get("imageReference") or {}
    named = image.get("id") or ":".join(
        str(image.get(key)) for key in ("publisher", "offer", "sku")
    )
    yield f"it runs {named}: what a base and scripts of an image make of that is yours to say"
    if not rules.CAPACITY.accepts(int(sku.get("capacity") or 0)):
        yield f"capacity {sku.get('capacity')}: a first scale set has one instance at least"
    if not rules.VM_SIZE.accepts(str(sku.get("name") or "")):
        yield f"size {sku.get('name')}: no name of a size"
    user = system.get("adminUsername")
    if user and user != environment.ssh_username:
        yield f"administrator {user}: the environment's ssh_username is {environment.ssh_username}"
    if system.get("windowsConfiguration"):
        yield "Windows: its image needs a template and a base of it (docs/windows.md)"
    yield "custom data and passwords: Azure does not tell them"
    if model.get("userData"):
        yield "user data: put it into a file of the image, and name it in user_data"
    for key in sorted(model.keys() - _SAID):
        yield f"virtualMachineProfile.{key}: {_CARRIED}"
    for disk in storage.get("dataDisks") or ():
        if str(disk.get("createOption") or "Empty").lower() != "empty":
            yield f"data disk {disk.get('lun')}: it is made from something"


def _network(estate: Estate, found: Answer, environment: Environment) -> Iterator[str]:
    network = profile(found).get("networkProfile") or {}
    interfaces = network.get("networkInterfaceConfigurations") or ()
    if len(interfaces) >= MANY:
        yield f"{len(interfaces)} network interfaces: bakeswap's have one"
    for interface in interfaces:
        for key in ("networkSecurityGroup", "enableIPForwarding", "dnsSettings"):
            if properties(interface).get(key):
                yield f"{key} of {interface['name']}: no key says it"
    own = str(subnet_id(environment)).lower()
    for address in addresses(found):
        given, name = properties(address), address["name"]
        subnet = str((given.get("subnet") or {}).get("id") or "")
        if subnet and subnet.lower() != own:
            yield f"subnet {subnet}: the environment's is {own}"
        if str(given.get("privateIPAddressVersion") or "IPv4") != "IPv4":
            yield f"{name} is of IPv6: bakeswap's instances have IPv4 addresses"
        for key in _OF_AN_ADDRESS:
            if given.get(key):
                yield f"{key} of {name}: no key says it"
    others = {_balancer(pool) for pool in pools(found)} - {estate.resource}
    for other in sorted(str(one) for one in others):
        yield f"it is behind {other}, too: bakeswap's have one load balancer"


def _balancer(pool: ResourceId) -> ResourceId:
    return replace(pool, segments=pool.segments[:-1])


def _extensions(_: Estate, found: Answer, __: Environment) -> Iterator[str]:
    for extension in extensions(found):
        name = extension["name"]
        if not is_nameable(extension):
            yield f"extension {name}: its names are none that a definition takes"
        elif properties(extension).get("protectedSettingsFromKeyVault"):
            yield f"extension {name}: its protected settings are in a key vault: name the secret"
        else:
            yield f"extension {name}: protected settings, if it has any: Azure does not tell them"


def _policies(estate: Estate, found: Answer, _: Environment) -> Iterator[str]:
    given, identity = properties(found), found.get("identity") or {}
    mode = (given.get("upgradePolicy") or {}).get("mode") or "Manual"
    if mode != "Manual":
        yield f"upgrade policy {mode}: each scale set of bakeswap has one version for life"
    if is_flexible(found) and "systemassigned" in str(identity.get("type")).lower():
        yield "an identity of its own: a Flexible scale set of bakeswap has user-assigned ones"
    if "systemassigned" in str(identity.get("type")).lower():
        yield "the rights of its own identity: each scale set has another; use a user-assigned one"
    for key in _POLICIES:
        if given.get(key):
            yield f"{key}: {_CARRIED}"
    if found.get("plan"):
        yield "a purchase plan: that of the image's base is yours to say"
    for name in sorted(found.get("tags") or {}):
        if not shape_rules.TAG_NAME.accepts(name) or name.lower() in shape_rules.RESERVED_TAGS:
            yield f"tag {name}: bakeswap writes a tag of that name itself"
    for setting in estate.autoscale:
        target = str(properties(setting).get("targetResourceUri") or "").lower()
        if target == str(found["id"]).lower():
            yield f"autoscale setting {setting['name']}: it follows promotions, and needs no key"
