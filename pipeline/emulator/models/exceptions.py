"""Where Azure differs from its own models: the one list, each with its source.

Keys are `Model.property` (a model of the table), or names of enums.
"""

from __future__ import annotations

from collections.abc import Mapping

_RULES = "azure-cli's recording test_network_lb_rules (2022-10) answers it; clients write it back"
_MEMBERS = (
    "azure-cli's recording test_network_lb_address_pool_addresses (2020-07) answers it, and Azure "
    "PowerShell writes the answer back (azure-rest-api-specs#10104)"
)

UNDOCUMENTED: Mapping[str, str] = {
    "LoadBalancingRulePropertiesFormat.allowBackendPortConflict": _RULES,
    "LoadBalancingRulePropertiesFormat.enableDestinationServiceEndpoint": _RULES,
    "GalleryImageVersionPublishingProfile.source": "the place of `storageProfile.source` in "
    "api-version 2018-06-01 (azure-sdk-for-go services/compute/mgmt/2018-06-01)",
}
"""Properties that Azure takes, and that no model has."""

ANSWERED: Mapping[str, str] = {
    "LoadBalancerBackendAddress.etag": _MEMBERS,
    "LoadBalancerBackendAddress.id": _MEMBERS,
    "LoadBalancerBackendAddress.type": _MEMBERS,
    "LoadBalancerBackendAddressPropertiesFormat.provisioningState": _MEMBERS,
    "Usage.isAdjustable": "azure-cli's recording test_network_usage_list (2022) answers it",
}
"""Properties that only Azure writes, and that no model has."""

LOOKED_AT: Mapping[str, str] = {
    "LoadBalancerBackendAddressPropertiesFormat.networkInterfaceIPConfiguration": "a member of an "
    "interface, which an echo may name, is told by it from one by address "
    "(terraform-provider-azurerm#10496)",
}
"""Properties that only Azure writes, and that it looks at all the same."""

OPEN_ENUMS: Mapping[str, str] = {
    "VirtualMachineSizeTypes": "deprecated, without sizes after 2017: its docstring in "
    "azure-mgmt-compute names the API that lists them",
}
"""Enums whose list of values is not whole."""

_DEFINITION = (
    "a member of the resource manager's own ResourceDefinition (GenericResource of "
    "azure-mgmt-resource): read on every type, and ignored by most providers"
)
# fmt: off
ENVELOPE: Mapping[str, str] = dict.fromkeys(
    (
        "extendedLocation", "etag", "id", "identity", "kind", "location", "managedBy", "name",
        "plan", "scale", "sku", "tags", "type", "zones",
    ),
    _DEFINITION,
)
# fmt: on
"""What may stand beside `properties` of any type."""
