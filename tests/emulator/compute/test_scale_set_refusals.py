"""What Azure refuses about a scale set, and what the emulator does not serve."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from tests.emulator.compute.bodies import (
    BALANCER,
    BASE,
    COMPUTE,
    HEALTH,
    NETWORK,
    SUBNET,
    balancer_properties,
    rule,
    scale_set_properties,
    sku,
)
from tests.emulator.compute.emulated_compute import EmulatedCompute

GALLERY_IMAGE = {"id": f"{COMPUTE}/galleries/gallery/images/web"}


def extension(name: str, kind: str, *after: str) -> dict[str, Any]:
    """An extension of a model."""
    properties: dict[str, Any] = {
        "publisher": "M",
        "type": kind,
        "typeHandlerVersion": "1.0",
        "settings": {"of": name},
        "protectedSettings": {"secret": "word"},
    }
    if after:
        properties["provisionAfterExtensions"] = list(after)
    return {"name": name, "properties": properties}


REFUSED = [
    pytest.param(
        {"mode": "Rolling"},
        "InvalidParameter",
        "because a health probe or health extension was not provided",
        id="rolling",
    ),
    pytest.param(
        {"image": BASE | {"sku": "x"}}, "PlatformImageNotFound", "debian-12:x", id="image"
    ),
    pytest.param(
        {"image": GALLERY_IMAGE}, "GalleryImageNotFound", "galleries/gallery", id="gallery image"
    ),
    pytest.param(
        {"pools": ("none",)}, "InvalidResourceReference", "backendAddressPools/none", id="pool"
    ),
    pytest.param(
        {"health": HEALTH | {"protocol": "udp"}}, "InvalidParameter", "http, https", id="protocol"
    ),
    *(
        pytest.param({"extensionProfile": {"extensions": given}}, "InvalidParameter", why, id=why)
        for given, why in (
            ([{"name": "s", "properties": {"publisher": "M", "type": "S"}}], "typeHandlerVersion"),
            ([extension("a", "S"), extension("b", "s")], "'b' is there twice"),
            ([extension("a", "S"), extension("A", "T")], "'A' is there twice"),
            ([extension("a", "S", "b"), extension("b", "T", "a")], "extensions a, b cannot"),
            ([extension("a", "S", "c")], "extensions a cannot|extensions c cannot"),
            ([{"properties": {}}], "extensionProfile.extensions.name"),
        )
    ),
    pytest.param(
        {"networkProfile": {"networkInterfaceConfigurations": []}},
        "InvalidParameter",
        "networkInterfaceConfigurations",
        id="no network",
    ),
    pytest.param(
        {"osProfile": None}, "InvalidParameter", "'osProfile' is missing", id="no profile"
    ),
]


@pytest.mark.parametrize(("changes", "code", "words"), REFUSED)
async def test_a_scale_set_is_refused(
    arm: EmulatedCompute, changes: dict[str, Any], code: str, words: str
) -> None:
    with pytest.raises(ArmError, match=words) as refusal:
        await arm.scale_set(**changes)
    assert refusal.value.code == code
    assert not arm.exists(f"{COMPUTE}/virtualMachineScaleSets/web")


@pytest.mark.parametrize("name", ["web-1.0.0", "-web", "web_1"])
async def test_a_scale_set_has_letters_digits_and_hyphens_in_its_name(
    arm: EmulatedCompute, name: str
) -> None:
    with pytest.raises(ArmError, match="vmScaleSetName"):
        await arm.scale_set(name)


async def test_the_kind_of_image_cannot_change(arm: EmulatedCompute) -> None:
    await arm.version("1.0.0")
    scale_set = await arm.scale_set(capacity=0)
    with pytest.raises(ArmError, match="The Image type for a Virtual Machine Scale Set may not"):
        await arm.put(scale_set, scale_set_properties(image=GALLERY_IMAGE), sku=sku(0))


async def test_a_capacity_beyond_a_placement_group_is_refused(arm: EmulatedCompute) -> None:
    await arm.landing_zone()
    path = f"{COMPUTE}/virtualMachineScaleSets/web"
    for said in (True, None):
        properties = scale_set_properties() | {"singlePlacementGroup": said}
        with pytest.raises(ArmError, match="exceeds the total limit of '100' Virtual") as refusal:
            await arm.put(path, properties, sku=sku(101))
        assert (refusal.value.status, refusal.value.code) == (409, "OperationNotAllowed")


async def test_several_placement_groups_never_become_one(arm: EmulatedCompute) -> None:
    await arm.landing_zone()
    path = f"{COMPUTE}/virtualMachineScaleSets/web"
    several = scale_set_properties() | {"singlePlacementGroup": False}
    await arm.put(path, several, sku=sku(0))
    with pytest.raises(ArmError, match="'singlePlacementGroup' is not allowed"):
        await arm.put(path, several | {"singlePlacementGroup": True}, sku=sku(0))


async def test_two_pools_whose_rules_share_a_backend_port_are_refused_together(
    arm: EmulatedCompute,
) -> None:
    await arm.landing_zone()
    await arm.scale_set("both", capacity=0, pools=("blue", "green"))
    rules = (rule("http", "blue", 8080), rule("http-staging", "green", 8080))
    await arm.put(BALANCER, balancer_properties(*rules))
    with pytest.raises(ArmError) as refusal:
        await arm.scale_set("again", capacity=0, pools=("blue", "green"))
    assert refusal.value.code == (
        "RulesOfSameLoadBalancerTypeUseSameBackendPortProtocolAndVmssIPConfig"
    )


@pytest.mark.parametrize(
    ("probe", "pools", "code"),
    [
        ("idle", ("blue",), "CannotUseInactiveHealthProbe"),
        ("used", (), "CannotUseHealthProbeWithoutLoadBalancing"),
    ],
)
async def test_a_health_probe_must_be_in_use_and_reachable(
    arm: EmulatedCompute, probe: str, pools: tuple[str, ...], code: str
) -> None:
    await arm.landing_zone()
    for name in ("idle", "used"):
        settings = {"protocol": "Http", "port": 8080, "requestPath": "/"}
        await arm.put(f"{BALANCER}/probes/{name}", settings)
    properties = scale_set_properties(pools=pools)
    network = properties["virtualMachineProfile"]["networkProfile"]
    network["healthProbe"] = {"id": f"{BALANCER}/probes/{probe}"}
    with pytest.raises(ArmError) as refusal:
        path = f"{COMPUTE}/virtualMachineScaleSets/web"
        await arm.put(path, properties, sku=sku(0))
    assert refusal.value.code == code


async def test_what_a_scale_set_refers_to_is_checked_in_its_network(arm: EmulatedCompute) -> None:
    await arm.landing_zone()
    await arm.delete(SUBNET)
    with pytest.raises(ArmError) as refusal:
        path = f"{COMPUTE}/virtualMachineScaleSets/web"
        await arm.put(path, scale_set_properties(), sku=sku(1))
    assert refusal.value.code == "InvalidResourceReference"
    assert f"{NETWORK}/virtualNetworks/vnet/subnets/snet" in refusal.value.message
