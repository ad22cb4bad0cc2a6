"""What Azure answers where the client said nothing, each default with its source."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Any

from pipeline.emulator.models.table import Shape, model_of, type_of

_UPDATE = "azure-cli's recording test_vmss_scale_in_policy (2021-10)"
_SET_2024 = "azure-cli's recording test_vmss_create_and_modify (2024-08)"
_SET_2026 = "azure-service-operator's recording Test_Compute_VMSS_20201201_CRUD (2026-07)"
_ADDRESS = "azure-powershell's TestSetLoadBalancerCRUDPublicStandardSkuAsDefault (2023-05)"
_BALANCER = "azure-cli's recording test_vmss_update_automatic_repairs_with_health_probe (2022-03)"
_GALLERY = "azure-cli's recording test_shared_gallery (2021-09)"

DEFAULTS: Mapping[str, Mapping[str, tuple[Any, str]]] = {
    "GalleryProperties": {
        "sharingProfile": ({"permissions": "Private"}, _GALLERY),
        "softDeletePolicy": ({"isSoftDeleteEnabled": False}, _GALLERY),
    },
    "LinuxConfiguration": {"provisionVMAgent": (True, _UPDATE)},
    "LoadBalancingRulePropertiesFormat": {
        "allowBackendPortConflict": (False, _BALANCER),
        "enableDestinationServiceEndpoint": (False, _BALANCER),
    },
    "PublicIPAddressPropertiesFormat": {
        "ddosSettings": ({"protectionMode": "VirtualNetworkInherited"}, _ADDRESS),
    },
    "VirtualMachineScaleSetIPConfigurationProperties": {
        "privateIPAddressVersion": ("IPv4", _UPDATE),
    },
    "VirtualMachineScaleSetNetworkConfigurationProperties": {
        "disableTcpStateTracking": (False, _SET_2024),
        "dnsSettings": ({"dnsServers": []}, _UPDATE),
        "enableAcceleratedNetworking": (False, _UPDATE),
        "enableIPForwarding": (False, _UPDATE),
    },
    "VirtualMachineScaleSetOSDisk": {"osType": ("Linux", _UPDATE)},  # no other is served
    "VirtualMachineScaleSetOSProfile": {
        "allowExtensionOperations": (True, _UPDATE),
        "requireGuestProvisionSignal": (True, _UPDATE),
        "secrets": ([], _UPDATE),
    },
    "VirtualMachineScaleSetProperties": {
        "doNotRunExtensionsOnOverprovisionedVMs": (False, _SET_2026),
    },
}
"""By model and property."""


def fill(type_name: str, document: dict[str, Any]) -> None:
    """Write into a resource's document the defaults of what it does not have."""
    known = type_of(type_name)
    operation = known.operations.get("PUT") if known else None
    if known is not None and operation is not None and operation.body:
        fill_model(known.package, operation.body, document)


def fill_model(package: str, name: str, value: Any) -> None:
    """The same for an object of one model, such as `VirtualMachineScaleSetProperties`."""
    if not isinstance(value, dict):
        return
    for each, (default, _) in DEFAULTS.get(name, {}).items():
        if value.get(each) is None:
            value[each] = copy.deepcopy(default)
    for each, inner in _leading(package, name):
        found = value.get(each)
        for item in found if isinstance(found, list) else [found]:
            fill_model(package, inner, item)


@functools.cache
def _leading(package: str, name: str) -> tuple[tuple[str, str], ...]:
    """The properties of a model in which there are defaults, with the names of their models."""
    return tuple(
        (each, inner)
        for each, known in model_of(package, name).properties.items()
        if (inner := _model_in(known.shape)) and not known.read_only
        if _has_defaults(package, inner, frozenset())
    )


def _has_defaults(package: str, name: str, above: frozenset[str]) -> bool:
    """Whether a model, or one that it leads to, has a default."""
    if name in DEFAULTS:
        return True
    return name not in above and any(
        _has_defaults(package, inner, above | {name})
        for known in model_of(package, name).properties.values()
        if (inner := _model_in(known.shape)) and not known.read_only
    )


def _model_in(shape: Shape) -> str:
    inner = shape.of if shape.word == "array" and shape.of else shape
    return inner.name if inner.word == "model" else ""
