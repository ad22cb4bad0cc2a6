"""Scale sets as definitions shape them: every key once, in sets that Azure would make."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from pipeline.definition.shape import (
    FLEXIBLE,
    Attached,
    DataDisk,
    Extension,
    Identity,
    OsDisk,
    Protected,
    Repairs,
    ScaleSetShape,
    Spot,
)

_IDENTITIES = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
)
_VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/shop"


def attached(name: str, content: bytes) -> Attached:
    """A file as reading finds it."""
    return Attached(name, hashlib.sha256(content).hexdigest(), content)


SETUP = Extension(
    "setup",
    "Microsoft.Azure.Extensions",
    "CustomScript",
    "2.1",
    settings='{"fileUris": ["https://example.com/setup.sh"], "timestamp": 3}',
    protected=Protected(environment="WEB_SETUP"),
    force_update_tag="2",
)
VAULT = Extension(
    "vault",
    "Microsoft.Azure.KeyVault",
    "KeyVaultForLinux",
    "3.0",
    protected=Protected(secret_url="https://shop.vault.azure.net/secrets/web", vault=_VAULT),
    after=("setup",),
)
UNIFORM_SET = ScaleSetShape(
    sku="Standard_D4s_v5",
    capacity=2,
    zones=("1", "2"),
    zone_balance=True,
    fault_domains=1,
    single_placement_group=False,
    tags=(("team", "shop"),),
    identity=Identity(system=True, user=(f"{_IDENTITIES}/web",)),
    ssh_keys=("ssh-ed25519 AAAA ops",),
    user_data=attached("images/web/user-data.sh", b"#!/bin/sh\n"),
    custom_data=attached("images/web/cloud-init.yaml", b"#cloud-config\n"),
    os_disk=OsDisk(size=64, type="Premium_LRS", caching="ReadOnly"),
    data_disks=(DataDisk(0, 128, "Premium_LRS", "ReadOnly"), DataDisk(3, 32)),
    accelerated_networking=True,
    termination_notice=600,
    automatic_repairs=Repairs(1200, "Restart"),
    extensions=(SETUP, VAULT),
)
SPOT_SET = replace(
    UNIFORM_SET,
    zones=("1",),
    zone_balance=None,
    fault_domains=0,
    single_placement_group=True,
    proximity_placement_group="/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute"
    "/proximityPlacementGroups/near",
    identity=Identity(system=True),
    os_disk=OsDisk(ephemeral="CacheDisk"),
    data_disks=(),
    spot=Spot("Delete", 0.05),
    extensions=(),
)
FLEXIBLE_SET = ScaleSetShape(
    "Standard_D2s_v5",
    2,
    orchestration=FLEXIBLE,
    identity=Identity(user=(f"{_IDENTITIES}/web",)),
    os_disk=OsDisk(caching="None"),
    accelerated_networking=False,
)
