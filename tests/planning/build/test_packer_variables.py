"""What a template is given, and what a check machine is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.definition.given import PROVIDED, Given, Joined, Map, Reference, takers
from pipeline.definition.model import GalleryBase, Image
from pipeline.definition.project import read
from pipeline.definition.replication import Replication
from pipeline.definition.shape_rules import MOST_ENVIRONMENT_TAGS
from pipeline.planning.build.build import plan_build
from pipeline.planning.build.check_machine import interface, machine
from pipeline.planning.build.packer_variables import secrets_of_the_author, variables
from pipeline.planning.build.steps import BakeVersion, BootCheckMachine
from pipeline.planning.traits import PurchasePlan
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
        "gallery_subscription_id": LOCAL.subscription,
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
    copied = replace(LOCAL, replication=Replication(2, (), "Standard_ZRS", is_shallow=True))
    given |= set(variables(bake(), trusted, copied))
    golden = GalleryBase("golden", "debian", "1.0.0", "shared")
    given |= set(variables(replace(bake(), base=golden), trusted, LOCAL))
    given |= set(variables(replace(bake(), plan=PurchasePlan("a", "b", "c")), trusted, LOCAL))
    given |= set(variables(replace(bake(), machine="there"), trusted, LOCAL))

    assert given == PROVIDED - SIGN_IN
    assert given >= LINUX.required


def test_packer_s_plugin_takes_no_more_tags_than_tell_whose_a_half_made_version_is() -> None:
    tags = tuple((f"tag{number}", "") for number in range(MOST_ENVIRONMENT_TAGS))
    environment = replace(LOCAL, tags=tags)
    (step,) = (
        step
        for step in plan_build(survey(environment=environment)).plan.steps
        if isinstance(step, BakeVersion)
    )

    given = variables(step, replace(WEB, template=LINUX), environment)["tags"]

    assert isinstance(given, dict)
    assert len(given) == 15 < len(step.tags)
    ours = {"system", "image", "version", "environment", "run", "fingerprint"}
    assert set(given) == {*dict(tags), *ours}


def test_a_trusted_launch_image_is_baked_with_secure_boot_and_a_virtual_tpm() -> None:
    given = variables(bake(), replace(WEB, template=LINUX, security_type="trusted_launch"), LOCAL)

    assert (given["secure_boot_enabled"], given["vtpm_enabled"]) == (True, True)
    assert "security_type" not in given  # the shipped template has no such variable


def test_a_public_machine_is_built_outside_of_our_network_and_admits_one_address() -> None:
    given = variables(replace(bake(), admitted="203.0.113.7"), replace(WEB, template=LINUX), LOCAL)

    assert given["allowed_inbound_ip_addresses"] == ["203.0.113.7"]
    assert not any(name.startswith("virtual_network") for name in given)


def test_in_a_group_that_is_there_all_parts_have_names_of_the_run() -> None:
    step = replace(bake(), group="shop-builds", machine="bakeswap-bake-1")
    given = variables(step, replace(WEB, template=LINUX), LOCAL)
    assert "temp_resource_group_name" not in given
    assert {
        name: value for name, value in given.items() if name.startswith(("build_", "temp_"))
    } == {
        "build_resource_group_name": "shop-builds",
        "temp_compute_name": "bakeswap-bake-1",
        "temp_nic_name": "bakeswap-bake-1-nic",
        "temp_os_disk_name": "bakeswap-bake-1-os",
    }


def test_replication_is_waited_for_by_its_regions_and_six_hours_at_most() -> None:
    image = replace(WEB, template=LINUX)
    regions = tuple(f"region{number}" for number in range(9))

    waits = [
        variables(bake(), image, replace(LOCAL, replica_regions=regions[:many]))
        for many in (0, 3, 9)
    ]

    assert [given["shared_image_gallery_timeout"] for given in waits] == ["1h", "4h", "6h"]


def test_what_the_environment_says_of_copies_goes_to_the_template_and_nothing_else() -> None:
    image = replace(WEB, template=LINUX)
    copied = replace(LOCAL, replication=Replication(2, (("northeurope", 3),), "Standard_ZRS"))

    said, unsaid = variables(bake(), image, copied), variables(bake(), image, LOCAL)

    assert said == {**unsaid, "replica_count": 2, "storage_account_type": "Standard_ZRS"}


def test_a_template_is_given_nothing_that_it_does_not_declare() -> None:
    here = {"client_id": "c"}
    assert set(variables(bake(), WEB, LOCAL, here)) == WEB.template.variables
    assert variables(bake(), replace(WEB, template=LINUX), LOCAL, here)["client_id"] == "c"


def test_the_author_sets_further_variables() -> None:
    image = replace(WEB, template=LINUX, variables=(("os_disk_size_gb", 64),))

    assert variables(bake(), image, LOCAL)["os_disk_size_gb"] == 64


def hardened(*said: tuple[str, Given], required: str = "", sensitive: str = "") -> Image:
    """An image of a template that declares just the variables that it is given, and `required`."""
    names = frozenset(name for name, _ in said) | frozenset(required.split())
    template = replace(
        LINUX,
        variables=names,
        required=frozenset(required.split()),
        sensitive=frozenset(sensitive.split()),
    )
    return replace(WEB, template=template, variables=said)


def test_what_a_build_knows_is_given_to_variables_of_any_name() -> None:
    image = hardened(
        ("gallery", Reference("gallery.name")),
        ("label", Joined(("web-", Reference("version"), "!"))),
        ("packages", ("curl", Reference("base.sku"), 3)),
        ("features", Map((("fips", True), ("sizes", (Reference("build.size"),))))),
        ("nothing", None),
    )

    assert variables(bake(), image, LOCAL) == {
        "gallery": "bakeswap",
        "label": "web-1.0.0!",
        "packages": ["curl", "12-gen2", 3],
        "features": {"fips": True, "sizes": ["Standard_D2s_v5"]},
        "nothing": None,
    }


def test_what_nobody_knows_is_null_without_a_default_and_left_out_with_one() -> None:
    who = Reference("credential.client_id")
    image = hardened(("who", who), ("asking", (who,)), required="who tenant_id")

    assert variables(bake(), image, LOCAL) == {"who": None, "tenant_id": None}
    assert variables(bake(), image, LOCAL, {"client_id": "c"}) == {
        "who": "c",
        "asking": ["c"],
        "tenant_id": None,
    }


def test_a_secret_is_in_no_var_file() -> None:
    secret = ("arm_secret", Reference("credential.client_secret"))
    image = hardened(secret, required="arm_secret client_jwt", sensitive="arm_secret client_jwt")

    assert variables(bake(), image, LOCAL) == {}
    assert image.told == {"client_secret", "client_jwt"}
    assert takers(image.template.variables, image.variables) == {
        "arm_secret": "client_secret",
        "client_jwt": "client_jwt",
    }


def test_secrets_of_the_author_are_those_without_a_default_that_nobody_gives() -> None:
    image = hardened(
        ("arm_secret", Reference("credential.client_secret")),
        required="arm_secret client_secret token key flavour",
        sensitive="arm_secret client_secret token key more",
    )

    assert secrets_of_the_author(image) == ("key", "token")


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
