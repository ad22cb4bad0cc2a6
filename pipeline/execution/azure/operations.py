"""Which of the SDK's operations serve which type, verb and action."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.execution.azure.clients import Service
from pipeline.execution.azure.requests import Action, Verb

SCALE_SETS = "Microsoft.Compute/virtualMachineScaleSets"
GALLERIES = "Microsoft.Compute/galleries"

OPERATIONS: Mapping[str, tuple[Service, str]] = {
    "microsoft.network/virtualnetworks": ("network", "virtual_networks"),
    "microsoft.network/virtualnetworks/subnets": ("network", "subnets"),
    "microsoft.network/networksecuritygroups": ("network", "network_security_groups"),
    "microsoft.network/natgateways": ("network", "nat_gateways"),
    "microsoft.network/publicipaddresses": ("network", "public_ip_addresses"),
    "microsoft.network/networkinterfaces": ("network", "network_interfaces"),
    "microsoft.network/loadbalancers": ("network", "load_balancers"),
    "microsoft.network/loadbalancers/backendaddresspools": (
        "network",
        "load_balancer_backend_address_pools",
    ),
    "microsoft.compute/virtualmachines": ("compute", "virtual_machines"),
    "microsoft.compute/virtualmachines/extensions": ("compute", "virtual_machine_extensions"),
    SCALE_SETS.lower(): ("compute", "virtual_machine_scale_sets"),
    "microsoft.compute/disks": ("compute", "disks"),
    "microsoft.compute/images": ("compute", "images"),
    GALLERIES.lower(): ("compute", "galleries"),
    "microsoft.compute/galleries/images": ("compute", "gallery_images"),
    "microsoft.compute/galleries/images/versions": ("compute", "gallery_image_versions"),
}
"""Which client and which of its operations serve a type."""

LISTS = {
    "microsoft.compute/galleries/images": "list_by_gallery",
    "microsoft.compute/galleries/images/versions": "list_by_gallery_image",
}

BEGIN: dict[Verb, str] = {
    "PUT": "begin_create_or_update",
    "PATCH": "begin_update",
    "DELETE": "begin_delete",
}
"""The SDK's method for a verb."""

ACTIONS: dict[Action, tuple[str, str]] = {
    "manualupgrade": ("virtual_machine_scale_sets", "begin_update_instances"),
    "reimage": ("virtual_machine_scale_sets", "begin_reimage"),
    "cancel": ("virtual_machine_scale_set_rolling_upgrades", "begin_cancel"),
}
"""Which of compute's operations, and their method, for what is POSTed to a scale set."""
