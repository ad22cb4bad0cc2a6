"""Security type, generation and architecture: which source makes which image and machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.emulator.compute.bodies import BASE
from tests.emulator.compute.sdk_zone import HERE, Zone

UEFI = {"secureBootEnabled": True, "vTpmEnabled": True}
GUARDED: dict[str, Any] = {
    "securityProfile": {"securityType": "TrustedLaunch", "uefiSettings": UEFI}
}
TRUSTED: dict[str, Any] = {"features": [{"name": "SecurityType", "value": "TrustedLaunch"}]}
SMALL_OLD = {"hardwareProfile": {"vmSize": "Standard_A1_v2"}}
ARM = {"hardwareProfile": {"vmSize": "Standard_D2ps_v5"}}


def refusal(attempt: Callable[[], Any]) -> tuple[int | None, str, str]:
    """Status, code and sentence of what Azure refuses."""
    with pytest.raises(HttpResponseError) as refused:
        attempt()
    error = refused.value.error
    assert error is not None
    return refused.value.status_code, str(error.code), str(error.message)


def test_a_definition_that_names_no_type_is_a_supported_one_since_2025(zone: Zone) -> None:
    new = zone.define("new")["properties"]
    old = zone.define("old", api_version="2021-10-01")["properties"]

    supported = [{"name": "SecurityType", "value": "TrustedLaunchSupported"}]
    assert (new["hyperVGeneration"], new["features"]) == ("V2", supported)
    assert (old["hyperVGeneration"], old.get("features")) == ("V2", None)


def test_a_definition_of_a_type_that_nobody_knows_is_refused(zone: Zone) -> None:
    strange = [{"name": "SecurityType", "value": "Standard"}]

    assert "security type 'Standard'" in refusal(lambda: zone.define("x", features=strange))[2]


def test_a_version_is_of_a_machine_of_the_definitions_type(zone: Zone) -> None:
    zone.define("supported")
    zone.define("trusted", **TRUSTED)
    standard, guarded = zone.generalized("standard"), zone.generalized("guarded", **GUARDED)

    assert refusal(lambda: zone.publish(standard, "supported")) == (
        400,
        "InvalidParameter",
        "The security type 'TrustedLaunchSupported' is not supported for the source id "
        f"'{standard}'. Currently only Vhd Blob, User Image and Gallery Image Version sources are "
        "supported for 'TrustedLaunchSupported' images.",
    )
    for source, definition in ((standard, "trusted"), (guarded, "web")):
        told = refusal(lambda s=source, d=definition: zone.publish(s, d))  # type: ignore[misc]
        assert told[1] == "InvalidParameter"
        assert f"is not supported for the source id '{source}'" in told[2]
    assert zone.publish(guarded, "trusted")["properties"]["provisioningState"] == "Succeeded"

    version = zone.compute.gallery_image_versions.get(zone.group, zone.gallery, "trusted", "1.0.0")
    image = {"id": version["id"]}
    assert refusal(lambda: zone.vm("bare", image)) == (
        400,
        "BadRequest",
        "The provided gallery image only supports creation of VMs and VM Scale Sets with "
        "'TrustedLaunch' security type.",
    )
    assert refusal(lambda: zone.scale_set("bare", image["id"], 1, ""))[1] == "BadRequest"
    assert zone.vm("fitting", image, **GUARDED)["properties"]["securityProfile"]


def test_a_trusted_machine_wants_an_image_and_a_size_for_it(zone: Zone) -> None:
    plain = {"id": zone.publish(zone.generalized("standard"), "web")["id"]}

    status, code, told = refusal(lambda: zone.vm("vm", plain, **GUARDED))
    assert (status, code) == (400, "BadRequest")
    assert told.startswith(
        "Use of TrustedLaunch setting is not supported for the provided image. Please select "
        "Trusted Launch Supported Gen2 OS Image."
    )
    silent: Any = {"securityProfile": {"uefiSettings": UEFI}}
    assert refusal(lambda: zone.vm("vm", dict(BASE), **silent))[1] == "InvalidParameter"
    strange: Any = {"securityProfile": {"securityType": "Guarded"}}
    assert refusal(lambda: zone.vm("vm", dict(BASE), **strange))[1] == "BadRequest"


def test_no_managed_image_is_made_of_a_trusted_machine(zone: Zone) -> None:
    source = {"sourceVirtualMachine": {"id": zone.generalized("guarded", **GUARDED)}}
    image: Any = HERE | {"properties": source}

    assert refusal(
        lambda: zone.compute.images.begin_create_or_update(zone.group, "image", image)
    ) == (
        409,
        "OperationNotAllowed",
        "Creation of managed images are not supported for virtual machine with TrustedLaunch "
        "security type.",
    )


def test_a_size_boots_its_generation_and_its_architecture(zone: Zone) -> None:
    status, code, told = refusal(lambda: zone.vm("old", dict(BASE), **SMALL_OLD))
    assert (status, code) == (400, "BadRequest")
    assert told.startswith(
        "The selected VM size 'Standard_A1_v2' cannot boot Hypervisor Generation '2'."
    )
    assert refusal(lambda: zone.vm("arm", dict(BASE), **ARM))[2].startswith(
        "Cannot create a VM of size 'Standard_D2ps_v5' because this VM size only supports a CPU "
        "Architecture of 'Arm64', but an image or disk with CPU Architecture 'x64' was given."
    )


def test_a_version_has_the_generation_and_architecture_of_its_definition(zone: Zone) -> None:
    source = zone.generalized("standard")
    zone.define("first", api_version="2021-10-01", hyperVGeneration="V1")
    zone.define("arm", api_version="2021-10-01", architecture="Arm64")

    assert refusal(lambda: zone.publish(source, "first"))[2] == (
        f"The resource with id '{source}' has a different Hypervisor generation ['V2'] than the "
        "parent gallery image Hypervisor generation ['V1']."
    )
    assert "different architecture ['x64']" in refusal(lambda: zone.publish(source, "arm"))[2]
