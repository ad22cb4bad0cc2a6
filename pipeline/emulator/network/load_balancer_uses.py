"""What Azure refuses about a load balancer because scale sets and their instances use it."""

from __future__ import annotations

from pipeline.emulator.arm.data_path import presences
from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import key
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.network import references
from pipeline.emulator.network.common import reference


def refuse_removed_pools(store: Store, record: Record, existing: Record) -> None:
    """A pool stays while a scale set's model, or an instance of an older model, is in it.

    The sentence is reported (vm-scale-sets#53); the code is not known, this one follows the one for
    inbound NAT pools.
    """
    remaining = {key(pool["id"]) for pool in record.properties["backendAddressPools"]}
    for pool in existing.properties["backendAddressPools"]:
        if key(pool["id"]) in remaining:
            continue
        refuse_pool_in_use(store, pool["id"], pool["name"])


def refuse_pool_in_use(store: Store, pool: str, name: str) -> None:
    """Raises ArmError when a scale set is in the pool."""
    users = references.pool_users(store, pool)
    if users:
        raise ArmError(
            400,
            "LoadBalancerBackendAddressPoolInUseByVirtualMachineScaleSet",
            f"Cannot remove backend address pool {name} from load balancer since it is in use by "
            f"virtual machine scale set {users[0]}.",
        )


def refuse_unused_probe(store: Store, record: Record, existing: Record) -> None:
    """A scale set's health probe keeps at least one rule (terraform-provider-azurerm#4769).

    Whether Azure also refuses to move that rule to another pool is not known; here it does not.
    """
    used = {key(probe) for _, probe in _probes(record)}
    for scale_set in references.scale_sets(store):
        for rule, probe in _probes(existing):
            if key(probe) == scale_set.probe and key(probe) not in used:
                raise ArmError(
                    400,
                    "CannotRemoveRuleUsedByProbeUsedByVMSS",
                    # (a sentence, though the linter sees SQL in "update … set")
                    f"Load balancer rule {rule} cannot be removed because the rule references the "  # noqa: S608
                    f"load balancer probe {probe} that is used as health probe by VM scale set "
                    f"{scale_set.id}. To remove this rule, please update VM scale set to remove "
                    "the reference to the probe.",
                )


def refuse_while_members_are_deleted(store: Store, record: Record) -> None:
    """429 while a member is being deleted (reported: tectonic-installer#1460)."""
    pools = {key(pool["id"]) for pool in record.properties["backendAddressPools"]}
    deleted_sets = {
        found.id
        for found in store.of_type(references.SCALE_SET)
        if found.properties.get("provisioningState") == "Deleting"
    }
    for member in presences(store):
        is_being_deleted = member.is_being_deleted or member.owner.parent in deleted_sets
        if is_being_deleted and member.endpoint.pool_keys & pools:
            detail = ArmError(
                429,
                "ReferencedResourceNotProvisioned",
                "Cannot proceed with operation because resource "
                f"{member.endpoint.ip_configuration} used by "
                f"resource {record.id} is not in Succeeded state. Resource is in Deleting state "
                "and the last operation that updated/is updating the resource is "
                "DeleteNicOperation.",
            )
            raise ArmError(
                429,
                "RetryableError",
                "A retryable error occurred.",
                details=(detail,),
                headers={"Retry-After": "1"},
            )


def refuse_delete_in_use(store: Store, record: Record) -> None:
    """A load balancer stays while a scale set is in a pool of it or uses a probe of it."""
    children = {
        key(child["id"]): child["name"]
        for array in ("backendAddressPools", "probes")
        for child in record.properties[array]
    }
    for scale_set in references.scale_sets(store):
        used = scale_set.pools | ({scale_set.probe} if scale_set.probe else set())
        names = [name for identifier, name in children.items() if identifier in used]
        if names:
            raise ArmError(
                400,
                "LoadBalancerInUseByVirtualMachineScaleSet",
                f"Cannot delete load balancer {record.id} since its child resources "
                f"{', '.join(names)} are in use by virtual machine scale set {scale_set.id}.",
            )


def _probes(record: Record) -> list[tuple[str, str]]:
    """(rule, probe) of every rule with a probe."""
    return [
        (rule["id"], probe)
        for rule in record.properties["loadBalancingRules"]
        if (probe := reference(rule["properties"], "probe"))
    ]
