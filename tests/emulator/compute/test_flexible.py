"""Flexible scale sets: members that are machines of their own."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from tests.emulator.compute.bodies import HEALTH, NETWORK, SET, flexible, sku
from tests.emulator.compute.emulated_compute import EmulatedCompute


async def made(arm: EmulatedCompute, capacity: int, **profile: Any) -> list[str]:
    """The ids of the machines of a new set."""
    await arm.landing_zone()
    await arm.put(SET, flexible(**profile), sku=sku(capacity))
    return machines(arm)


def machines(arm: EmulatedCompute) -> list[str]:
    """The ids of all machines."""
    return [str(record.id) for record in arm.store.of_type("Microsoft.Compute/virtualMachines")]


async def test_members_are_running_machines_with_interfaces_of_their_own(
    arm: EmulatedCompute,
) -> None:
    found = await made(arm, 2, health=HEALTH)
    assert len(found) == 2
    for path in found:
        vm = arm.get(path)
        assert vm["properties"]["virtualMachineScaleSet"] == {"id": SET}
        assert vm["properties"]["osProfile"]["computerName"].startswith("web")
        assert arm.states(path)[-1] == "PowerState/running"
        assert arm.exists(f"{path}/extensions/health")
    names = arm.numbers(SET)
    assert names == [path.rsplit("/", 1)[1] for path in found]
    assert len(list(arm.store.of_type("Microsoft.Network/networkInterfaces"))) == 2


async def test_scaling_and_deleting_takes_machine_and_interface_along(arm: EmulatedCompute) -> None:
    found = await made(arm, 3)
    await arm.put(SET, {}, sku=sku(2))
    assert machines(arm) == found[:2]
    await arm.act(SET, "delete", instanceIds=[found[0].rsplit("/", 1)[1]])
    assert machines(arm) == [found[1]]
    assert arm.get(SET)["sku"]["capacity"] == 1
    await arm.put(SET, {}, sku=sku(2))
    assert len(set(machines(arm)) | set(found)) == 4  # a name is never used again
    await arm.delete(machines(arm)[0])
    assert arm.get(SET)["sku"]["capacity"] == 1
    await arm.delete(SET)
    assert machines(arm) == []
    assert list(arm.store.of_type("Microsoft.Network/networkInterfaces")) == []


async def test_a_flexible_set_says_how_many_fault_domains_it_has(arm: EmulatedCompute) -> None:
    await arm.landing_zone()
    for changes, words in (
        ({"platformFaultDomainCount": None}, "'platformFaultDomainCount' is missing"),
        ({"orchestrationMode": "Mixed"}, "Mixed"),
    ):
        with pytest.raises(ArmError, match=words):
            await arm.put(SET, flexible() | changes, sku=sku(0))


async def test_a_flexible_set_names_its_network_api_version(arm: EmulatedCompute) -> None:
    await arm.landing_zone()
    properties = flexible()
    del properties["virtualMachineProfile"]["networkProfile"]["networkApiVersion"]
    with pytest.raises(ArmError, match="Network api version in network profile"):
        await arm.put(SET, properties, sku=sku(0))
    with pytest.raises(ArmError, match="user-assigned identities only"):
        identity = {"type": "SystemAssigned"}
        await arm.put(SET, flexible(), sku=sku(0), identity=identity)
    probe = {"id": f"{NETWORK}/loadBalancers/lb/probes/used"}
    properties = flexible()
    properties["virtualMachineProfile"]["networkProfile"]["healthProbe"] = probe
    with pytest.raises(ArmError, match="Parameter 'healthProbe' is not allowed"):
        await arm.put(SET, properties, sku=sku(0))


async def test_what_only_uniform_sets_have_is_refused(arm: EmulatedCompute) -> None:
    await made(arm, 0)
    with pytest.raises(ArmError, match=r"instanceView\.GET' is not allowed"):
        arm.manager.view(ResourceId.parse(SET), "instanceView")
    with pytest.raises(ArmError, match="this action of a Flexible scale set"):
        await arm.act(SET, "restart")
    uniform = await arm.scale_set("uniform", capacity=0)
    with pytest.raises(ArmError, match="but a Flexible one's"):
        await arm.vm(virtualMachineScaleSet={"id": uniform})
