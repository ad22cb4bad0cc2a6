"""What a template is given, and what a check machine is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.definition.project import read
from pipeline.definition.template import PROVIDED
from pipeline.planning.build.build import plan_build
from pipeline.planning.build.check_machine import interface, machine
from pipeline.planning.build.packer_variables import declared, variables
from pipeline.planning.build.steps import BakeVersion, BootCheckMachine
from tests.planning.build.examples import LOCAL, WEB, survey

ROOT = Path(__file__).parents[3]
LINUX = next(image.template for image in read(ROOT).images if image.name == "web")
SIGN_IN = {
    "tenant_id",
    "client_id",
    "client_secret",
    "client_jwt",
    "use_azure_cli_auth",
    "cloud_environment_name",
    "metadata_host",
    "oidc_request_url",
    "oidc_request_token",
}
"""Known only where Packer runs."""


def bake() -> BakeVersion:
    (step,) = (s for s in plan_build(survey()).plan.steps if isinstance(s, BakeVersion))
    return step


def boot() -> BootCheckMachine:
    (step,) = (s for s in plan_build(survey()).plan.steps if isinstance(s, BootCheckMachine))
    return step


def test_every_value_of_a_build_is_pinned() -> None:
    given = variables(bake(), replace(WEB, template=LINUX), LOCAL)

    assert given == {
        "subscription_id": LOCAL.subscription,
        "location": "westeurope",
        "virtual_network_name": "vnet",
        "virtual_network_subnet_name": "machines",
        "virtual_network_resource_group_name": "bakeswap-local",
        "ssh_port": 2222,
        "base_publisher": "Debian",
        "base_offer": "debian-12",
        "base_sku": "12-gen2",
        "base_version": "0.20260101.1",
        "gallery_resource_group": "bakeswap-local",
        "gallery_name": "bakeswap",
        "image_name": "web",
        "image_version": "1.0.0",
        "replication_regions": ["northeurope"],
        "exclude_from_latest": True,
        "shared_image_gallery_timeout": "2h",
        "temp_resource_group_name": "bakeswap-build-web-1-0-0-2026112312000000aa",
        "tags": dict(bake().tags),
        "vm_size": "Standard_D2s_v5",
        "scripts": ["/project/images/web/scripts/install.sh"],
        "files": "/project/images/web/files",
    }


def test_what_is_given_is_what_authors_are_told_not_to_set() -> None:
    everything = replace(LINUX, variables=PROVIDED)
    trusted = replace(WEB, template=everything, security_type="trusted_launch")
    given = set(variables(bake(), trusted, LOCAL))
    given |= set(variables(replace(bake(), admitted="203.0.113.7"), trusted, LOCAL))

    assert given == PROVIDED - SIGN_IN
    assert given >= LINUX.required


def test_a_trusted_launch_image_is_baked_with_secure_boot_and_a_virtual_tpm() -> None:
    given = variables(bake(), replace(WEB, template=LINUX, security_type="trusted_launch"), LOCAL)

    assert (given["secure_boot_enabled"], given["vtpm_enabled"]) == (True, True)
    assert "security_type" not in given  # the shipped template has no such variable


def test_a_public_machine_is_built_outside_of_our_network_and_admits_one_address() -> None:
    given = variables(replace(bake(), admitted="203.0.113.7"), replace(WEB, template=LINUX), LOCAL)

    assert given["allowed_inbound_ip_addresses"] == ["203.0.113.7"]
    assert not any(name.startswith("virtual_network") for name in given)


def test_replication_is_waited_for_by_its_regions_and_six_hours_at_most() -> None:
    image = replace(WEB, template=LINUX)
    regions = tuple(f"region{number}" for number in range(9))

    waits = [
        variables(bake(), image, replace(LOCAL, replica_regions=regions[:many]))
        for many in (0, 3, 9)
    ]

    assert [given["shared_image_gallery_timeout"] for given in waits] == ["1h", "4h", "6h"]


def test_a_template_is_given_nothing_that_it_does_not_declare() -> None:
    assert set(variables(bake(), WEB, LOCAL)) == WEB.template.variables
    assert declared({"client_id": "c"}, WEB) == {}
    assert declared({"client_id": "c"}, replace(WEB, template=LINUX)) == {"client_id": "c"}


def test_the_author_sets_further_variables() -> None:
    image = replace(WEB, template=LINUX, variables=(("os_disk_size_gb", "64"),))

    assert variables(bake(), image, LOCAL)["os_disk_size_gb"] == "64"


def test_an_image_without_files_gives_none() -> None:
    image = replace(WEB, template=LINUX, files=None)

    assert variables(bake(), image, LOCAL)["files"] is None


def test_the_network_may_live_in_another_resource_group() -> None:
    network = replace(LOCAL.network, resource_group="platform")
    environment = replace(LOCAL, network=network)

    given = variables(bake(), replace(WEB, template=LINUX), environment)

    assert given["virtual_network_resource_group_name"] == "platform"
    subnet = interface(boot(), environment)["properties"]["ipConfigurations"][0]["properties"]
    assert "/resourceGroups/platform/" in subnet["subnet"]["id"]


def test_a_check_machine_has_no_public_address() -> None:
    properties = interface(boot(), LOCAL)["properties"]["ipConfigurations"][0]["properties"]

    assert set(properties) == {"subnet", "primary"}


def test_a_check_machine_is_like_an_instance_and_from_that_very_version() -> None:
    body = machine(boot(), WEB, LOCAL, "ssh-rsa AAAA check")["properties"]

    assert body["hardwareProfile"] == {"vmSize": WEB.scale_set.sku}
    assert body["storageProfile"]["imageReference"]["id"].endswith("/images/web/versions/1.0.0")
    assert body["storageProfile"]["osDisk"]["deleteOption"] == "Delete"
    assert body["osProfile"]["linuxConfiguration"] == {
        "disablePasswordAuthentication": True,
        "ssh": {
            "publicKeys": [
                {"path": "/home/azureuser/.ssh/authorized_keys", "keyData": "ssh-rsa AAAA check"}
            ]
        },
    }
