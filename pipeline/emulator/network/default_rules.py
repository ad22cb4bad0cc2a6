"""The rules that every network security group has, as recorded (cloud-provider-azure)."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.store import Record

_ANY, _NETWORK = "*", "VirtualNetwork"
_RULES = (
    # name, what it does, access, priority, direction, source, destination
    ("AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", "Allow", 65000, "Inbound",
     _NETWORK, _NETWORK),
    ("AllowAzureLoadBalancerInBound", "Allow inbound traffic from azure load balancer", "Allow",
     65001, "Inbound", "AzureLoadBalancer", _ANY),
    ("DenyAllInBound", "Deny all inbound traffic", "Deny", 65500, "Inbound", _ANY, _ANY),
    ("AllowVnetOutBound", "Allow outbound traffic from all VMs to all VMs in VNET", "Allow", 65000,
     "Outbound", _NETWORK, _NETWORK),
    ("AllowInternetOutBound", "Allow outbound traffic from all VMs to Internet", "Allow", 65001,
     "Outbound", _ANY, "Internet"),
    ("DenyAllOutBound", "Deny all outbound traffic", "Deny", 65500, "Outbound", _ANY, _ANY),
)  # fmt: skip


def default_rules(group: Record) -> list[dict[str, Any]]:
    """All six, as a GET of the group shows them."""
    return [
        {
            "name": name,
            "id": str(group.id.child("defaultSecurityRules", name)),
            "etag": group.document.get("etag"),
            "type": f"{group.id.type}/defaultSecurityRules",
            "properties": {
                "provisioningState": "Succeeded",
                "description": description,
                "protocol": "*",
                "sourcePortRange": "*",
                "destinationPortRange": "*",
                "sourceAddressPrefix": source,
                "destinationAddressPrefix": destination,
                "access": access,
                "priority": priority,
                "direction": direction,
                "sourcePortRanges": [],
                "destinationPortRanges": [],
                "sourceAddressPrefixes": [],
                "destinationAddressPrefixes": [],
            },
        }
        for name, description, access, priority, direction, source, destination in _RULES
    ]
