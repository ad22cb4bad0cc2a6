"""Shapes of a body's well-known properties: which are objects, arrays or text, by their names.

A kind reads its body without looking at each type: what is checked here cannot surprise it. Names
that are not listed are kept as they were sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.emulator.arm.errors import invalid_content

# Five word lists, that the formatter would give seventy lines.
# fmt: off
_OBJECTS = frozenset({
    "addressSpace", "backendAddressPool", "extensionProfile", "frontendIPConfiguration",
    "hardwareProfile", "healthProbe", "identifier", "imageReference", "linuxConfiguration",
    "managedDisk", "natGateway", "networkInterfaceIPConfiguration", "networkProfile",
    "networkSecurityGroup", "osDisk", "osProfile", "probe", "properties", "protectionPolicy",
    "publicIPAddress", "publishingProfile", "safetyProfile", "settings", "source",
    "sourceVirtualMachine", "ssh", "storageProfile", "subnet", "tags", "upgradePolicy",
    "virtualMachineProfile",
})
_ARRAYS = frozenset({
    "backendAddressPools", "dataDisks", "extensions", "frontendIPConfigurations", "inboundNatPools",
    "inboundNatRules", "ipConfigurations", "loadBalancerBackendAddressPools",
    "loadBalancerBackendAddresses", "loadBalancingRules", "networkInterfaceConfigurations",
    "networkInterfaces", "outboundRules", "probes", "publicIpAddresses", "publicKeys",
    "securityRules", "subnets", "targetRegions",
})
_TEXT = frozenset({
    "adminPassword", "adminUsername", "computerName", "computerNamePrefix", "createOption",
    "customData", "endOfLifeDate", "id", "keyData", "location", "mode", "name", "offer",
    "orchestrationMode", "osState", "osType", "publisher", "requestPath", "storageAccountType",
    "typeHandlerVersion", "userData", "version", "vmSize",
})
_TEXTS = frozenset({"addressPrefixes", "zones"})
_OPAQUE = frozenset({"parameters", "protectedSettings", "settings", "tags", "template"})
# fmt: on


def check_shapes(body: Mapping[str, Any], where: str = "") -> None:
    """Raises ArmError for the first property that is something else than its name says."""
    for name, value in body.items():
        path = f"{where}.{name}".lstrip(".")
        if value is None:
            continue
        is_object = name in _OBJECTS or path == "sku"  # an image's `sku` is text
        if is_object and not isinstance(value, dict):
            raise invalid_content(f"'{path}' is no object")
        if name in _TEXT and not _is_text(value):
            raise invalid_content(f"'{path}' is no text")
        if name in _TEXTS and not (isinstance(value, list) and all(map(_is_text, value))):
            raise invalid_content(f"'{path}' is no array of text")
        if name in _ARRAYS:
            _check_array(value, path)
        elif isinstance(value, dict) and name not in _OPAQUE:
            check_shapes(value, path)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _check_array(value: Any, path: str) -> None:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise invalid_content(f"'{path}' is no array of objects")
    for number, each in enumerate(value):
        check_shapes(each, f"{path}[{number}]")
