"""What Azure must allow for each command: the least that bakeswap and Packer ask for.

Names of operations: Microsoft's permission reference of each resource provider. Which are asked
for: requests recorded of the SDK and of Packer 1.4.5 and 2.6.3; `join` and `read` on what a body
refers to are documented with each type.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Purpose:
    """What some operations are for: commands, or `read` for all of them."""

    what: str
    operations: tuple[str, ...]


def _of(prefix: str, **kinds: str) -> tuple[str, ...]:
    """`virtualMachines="read write"` → `Microsoft.Compute/virtualMachines/read`, …"""
    return tuple(
        f"{prefix}/{kind.replace('__', '/')}/{verb}"
        for kind, verbs in kinds.items()
        for verb in verbs.split()
    )


_COMPUTE, _NETWORK, _RESOURCES = "Microsoft.Compute", "Microsoft.Network", "Microsoft.Resources"
_JOIN = "join/action"
_LOAD_BALANCERS = f"{_NETWORK}/loadBalancers/"
_GALLERIES = f"{_COMPUTE}/galleries"
_ZONES = f"{_NETWORK}/privateDnsZones"

BUILDS = "build-image, check-image, nightly"
_OWN_GROUPS = _of(_RESOURCES, subscriptions__resourceGroups="write delete")

PURPOSES = (
    Purpose(
        "read",
        (
            *_of(_RESOURCES, subscriptions__resourceGroups="read", deployments="read"),
            *_of(_RESOURCES, subscriptions__providers="read"),
            *_of(_RESOURCES, subscriptions__operationresults="read"),
            *_of(_COMPUTE, locations__operations="read", locations__capsOperations="read"),
            *_of(_COMPUTE, locations__publishers__artifacttypes__offers__skus__versions="read"),
            *_of(_COMPUTE, locations__usages="read", skus="read", galleries="read"),
            *_of(_COMPUTE, galleries__images="read", galleries__images__versions="read"),
            *_of(_COMPUTE, virtualMachineScaleSets="read virtualMachines/read"),
            *_of(_COMPUTE, virtualMachines="read"),
            *_of(_COMPUTE, virtualMachineScaleSets__virtualMachines__instanceView="read"),
            *_of(_NETWORK, locations__operations="read", locations__operationResults="read"),
            *_of(_NETWORK, loadBalancers="read", virtualNetworks="read usages/read"),
            *_of(_NETWORK, virtualNetworks__subnets="read", networkSecurityGroups="read"),
            *_of(_NETWORK, natGateways="read", publicIPAddresses="read"),
            *_of(_NETWORK, privateDnsZones="read TXT/read"),
            "Microsoft.Authorization/locks/read",
            "Microsoft.Authorization/permissions/read",
            "Microsoft.Insights/autoscaleSettings/read",
            "Microsoft.PolicyInsights/checkPolicyRestrictions/read",
        ),
    ),
    Purpose(
        BUILDS,
        (
            *_OWN_GROUPS,
            *_of(_RESOURCES, deployments="write delete validate/action operations/read"),
            *_of(_RESOURCES, deployments__operationStatuses="read"),
            *_of(_COMPUTE, virtualMachines="write delete"),
            *_of(_COMPUTE, virtualMachines="deallocate/action generalize/action"),
            *_of(_COMPUTE, virtualMachines="retrieveBootDiagnosticsData/action"),
            *_of(_COMPUTE, disks="read write delete", galleries__images="write"),
            *_of(_COMPUTE, galleries__images__versions="write delete"),
            *_of(_NETWORK, networkInterfaces=f"read write delete {_JOIN}"),
            *_of(_NETWORK, virtualNetworks__subnets=_JOIN),
            *_of(_NETWORK, privateDnsZones__TXT="write delete"),
        ),
    ),
    Purpose(
        'the same with access = "public"',
        (
            *_of(_NETWORK, virtualNetworks="write delete", publicIPAddresses="write delete"),
            *_of(_NETWORK, publicIPAddresses=_JOIN),
            *_of(_NETWORK, networkSecurityGroups=f"write delete {_JOIN}"),
        ),
    ),
    Purpose(
        "stage, promote, rollback, roll, unstage, prune",
        (
            *_of(_COMPUTE, virtualMachineScaleSets="write delete manualupgrade/action"),
            *_of(_COMPUTE, virtualMachineScaleSets="reimage/action rollingUpgrades/action"),
            *_of(_NETWORK, loadBalancers="write backendAddressPools/join/action"),
            *_of(_NETWORK, loadBalancers__backendAddressPools="write"),
            *_of(_NETWORK, loadBalancers__probes=_JOIN),
            *_of(_NETWORK, loadBalancers__loadBalancingRules__health="action"),
            *_of(_NETWORK, loadBalancers__frontendIPConfigurations=_JOIN),
            *_of("Microsoft.Insights", autoscaleSettings="write delete"),
        ),
    ),
    Purpose(
        "create-environment",
        (
            *_of(_COMPUTE, galleries="write"),
            *_of(_NETWORK, virtualNetworks="write", virtualNetworks__subnets="write"),
            *_of(_NETWORK, networkSecurityGroups=f"write {_JOIN}"),
            *_of(_NETWORK, natGateways=f"write {_JOIN}"),
            *_of(_NETWORK, publicIPAddresses=f"write {_JOIN}", privateDnsZones="write"),
        ),
    ),
)
WINDOWS = Purpose(
    "bakes and checks of Windows",
    (
        *_of(_COMPUTE, virtualMachines__extensions="read write"),
        *_of("Microsoft.KeyVault", vaults="read write delete deploy/action secrets/write"),
    ),
)
"""Besides, where an image is of Windows: Packer's certificate for WinRM, and the check's listener.

The plugin makes the vault with a policy for its own identity, that lets it read the secret.
"""
PUBLIC_ONLY = PURPOSES[2].what
"""What an environment with private machines does not need."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What one role of the caller allows: operations with `*`, less those that it leaves out."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, operation: str) -> bool:
        """Whether the role allows it; roles add up, and without regard to case."""
        return _any(self.actions, operation) and not _any(self.not_actions, operation)


def missing(
    permissions: Iterable[Permission],
    *,
    with_public: bool,
    with_groups: bool = True,
    with_windows: bool = False,
) -> Iterator[tuple[Purpose, tuple[str, ...]]]:
    """For each purpose, the operations that no role allows.

    `with_groups`: bakes and checks make resource groups for themselves.
    """
    roles = tuple(permissions)
    for purpose in (*PURPOSES, *((WINDOWS,) if with_windows else ())):
        if purpose.what == PUBLIC_ONLY and not with_public:
            continue
        unneeded = () if with_groups else _OWN_GROUPS
        asked = (one for one in purpose.operations if one not in unneeded)
        if not_allowed := lacking(roles, asked):
            yield purpose, not_allowed


def lacking(permissions: Iterable[Permission], asked: Iterable[str]) -> tuple[str, ...]:
    """Of these operations, those that no role allows."""
    roles = tuple(permissions)
    return tuple(one for one in asked if not any(role.allows(one) for role in roles))


def on_load_balancers() -> tuple[str, ...]:
    """What a load balancer in a resource group of somebody else needs there, sorted."""
    return tuple(one for one in operations() if one.startswith(_LOAD_BALANCERS))


def on_galleries() -> tuple[str, ...]:
    """What a gallery elsewhere needs there, with the claims on builds beside it; sorted."""
    made = f"{_GALLERIES}/write"
    return tuple(
        one for one in operations() if one.startswith((_GALLERIES, _ZONES)) and one != made
    )


def on_builds() -> tuple[str, ...]:
    """What a group that is there needs for machines of bakes and checks; sorted."""
    (builds,) = (purpose for purpose in PURPOSES if purpose.what == BUILDS)
    elsewhere = (_GALLERIES, _ZONES, f"{_NETWORK}/virtualNetworks")
    return tuple(
        sorted(
            one
            for one in builds.operations
            if one not in _OWN_GROUPS and not one.startswith(elsewhere)
        )
    )


def operations() -> tuple[str, ...]:
    """All of them but those for Windows, each once, sorted."""
    return tuple(sorted({one for purpose in PURPOSES for one in purpose.operations}))


def _any(patterns: Iterable[str], operation: str) -> bool:
    wanted = operation.lower()
    return any(fnmatch.fnmatchcase(wanted, pattern.lower()) for pattern in patterns)
