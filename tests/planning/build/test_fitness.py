"""A base that does not go with the definition, the template or a size is refused before a bake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from pipeline.definition.given import KNOWN
from pipeline.definition.model import Image
from pipeline.definition.operating_system import OperatingSystem
from pipeline.definition.shape import ScaleSetShape
from pipeline.errors import Refused
from pipeline.planning.build.build import plan_build
from pipeline.planning.build.packer_variables import IN_A_GROUP_THAT_IS_THERE, variables
from pipeline.planning.build.publishable import PLAN_VARIABLES, refuse_unfit
from pipeline.planning.build.steps import BakeVersion, BootCheckMachine
from pipeline.planning.hardware import Size
from pipeline.planning.traits import PurchasePlan, Traits, reading
from tests.planning.build.examples import LOCAL, TEMPLATE, WEB, survey

D2 = Size("Standard_D2s_v5", "standardDSv5Family", 2, frozenset({"V1", "V2"}), "x64")
D2P = Size("Standard_D2ps_v5", "standardDPSv5Family", 2, frozenset({"V2"}), "Arm64")
BOUGHT = PurchasePlan("Contoso", "hardened-debian", "12-gen2")
BASE = replace(WEB.base, version="0.20260101.1", at="images/web/image.hcl:5")
IMAGE = replace(WEB, base=BASE)
TRUSTED = replace(IMAGE, security_type="trusted_launch")
SUPPORTED = Traits(security_type="TrustedLaunchSupported")
BUYING = replace(IMAGE, template=replace(TEMPLATE, variables=TEMPLATE.variables | PLAN_VARIABLES))
SIZES = {D2.name: D2}
PLAIN = Traits()
BUILD_GROUP = frozenset(KNOWN[reference] for reference in IN_A_GROUP_THAT_IS_THERE)


def refusal(
    image: Image = IMAGE,
    base: Traits = SUPPORTED,
    definition: Traits = PLAIN,
    sizes: Mapping[str, Size | None] = SIZES,
) -> Refused:
    """What is said of a base that does not fit."""
    with pytest.raises(Refused) as refused:
        refuse_unfit(image, LOCAL, base, definition, sizes)
    return refused.value


@pytest.mark.parametrize(
    ("image", "base", "definition"),
    [
        (IMAGE, SUPPORTED, Traits()),
        (TRUSTED, SUPPORTED, Traits(security_type="TrustedLaunch")),
        (IMAGE, Traits(generation="V1"), Traits(generation="V1")),
        (BUYING, Traits(plan=BOUGHT), Traits(plan=BOUGHT)),
    ],
)
def test_what_goes_together_is_baked(image: Image, base: Traits, definition: Traits) -> None:
    refuse_unfit(image, LOCAL, base, definition, SIZES)
    refuse_unfit(image, LOCAL, base, definition, {})


@pytest.mark.parametrize(
    ("base", "definition", "words"),
    [
        (Traits(generation="V1"), Traits(), "the generation of the base {} is V1"),
        (Traits(), Traits(generation="V1"), "the generation of the base {} is V2"),
        (Traits(), Traits(architecture="Arm64"), "the architecture of the base {} is x64"),
        (Traits(), Traits(plan=BOUGHT), "the plan of the base {} is none"),
    ],
)
def test_a_base_must_be_what_the_definition_says(
    base: Traits, definition: Traits, words: str
) -> None:
    told = refusal(base=base, definition=definition)

    assert f"images/web/image.hcl:5: {words.format(BASE)}" in str(told)
    assert "/galleries/bakeswap/images/web takes versions of" in str(told)
    commands = [str(advice.command) for advice in told.advice]
    assert commands[0].startswith("az sig image-definition delete --ids /subscriptions/")
    assert commands[1] == "invoke create-environment"


def test_a_trusted_launch_image_needs_a_base_that_makes_one() -> None:
    definition = Traits(security_type="TrustedLaunch")
    told = refusal(TRUSTED, Traits(), definition)

    assert "its security type is Standard: it makes no Trusted Launch machine" in str(told)
    assert told.advice == ()
    only = refusal(base=Traits(security_type="TrustedLaunch"))
    assert "its security type is TrustedLaunch: it makes no standard machine" in str(only)


WINDOWS = OperatingSystem("Windows", "packer/windows/windows.pkr.hcl:56")
OF_WINDOWS = replace(IMAGE, system=WINDOWS)
SERVER = Traits(os="Windows")


def test_a_template_bakes_the_system_of_its_base() -> None:
    refuse_unfit(OF_WINDOWS, LOCAL, SERVER, SERVER, SIZES)

    other = "choose another base, or another template"
    assert str(refusal(base=SERVER, definition=SERVER)) == (
        f"images/web/image.hcl:5: the base {BASE} is Windows, and its template bakes Linux; {other}"
    )
    assert str(refusal(OF_WINDOWS)).splitlines() == [
        f"images/web/image.hcl:5: the base {BASE} is Linux, and packer/windows/windows.pkr.hcl:56"
        f" bakes Windows; {other}"
    ]


def test_a_definition_takes_versions_of_its_own_system() -> None:
    told = refusal(OF_WINDOWS, SERVER, Traits())

    assert "the operating system of the base" in str(told)
    assert "takes versions of Linux" in str(told)
    assert str(told.advice[-1].command) == "invoke create-environment"


def test_a_key_vault_for_each_bake_is_not_left_in_a_group_that_is_there() -> None:
    environment = replace(LOCAL, build_resource_group="shop-builds")
    takes = replace(OF_WINDOWS.template, variables=OF_WINDOWS.template.variables | BUILD_GROUP)
    image = replace(OF_WINDOWS, template=takes)
    now = survey(image, environment=environment)

    with pytest.raises(Refused) as refused:
        plan_build(now)
    assert str(refused.value) == (
        "environments.hcl: environment local: build_resource_group: Packer makes a key vault there"
        " for each bake of Windows; name one of that group for all: variables = {"
        ' build_key_vault_name = "..." } in image web'
    )

    named = replace(image, variables=(("build_key_vault_name", "shop-bakes"),))
    (bake, *_) = plan_build(replace(now, image=named)).plan.steps
    assert isinstance(bake, BakeVersion)
    assert bake.machine == "bsw1123120000aa"
    assert len(bake.machine) <= 15


def test_a_template_must_take_the_plan_of_what_is_bought() -> None:
    bought = Traits(plan=BOUGHT)
    told = str(refusal(base=bought, definition=bought))

    assert "is bought with the plan Contoso:hardened-debian:12-gen2" in told
    assert "declares no base_plan_name and no base_plan_product and no base_plan_publisher" in told


def test_both_sizes_must_boot_it_and_all_that_is_wrong_is_said_at_once() -> None:
    image = replace(IMAGE, scale_set=ScaleSetShape(D2P.name, 2))
    told = str(refusal(image, Traits(generation="V1"), sizes={**SIZES, D2P.name: D2P}))

    assert told.splitlines()[1:] == [
        "images/web/image.hcl: scale_set.sku: the image is generation V1, Standard_D2ps_v5 boots"
        " V2; choose another size, or another base",
        "images/web/image.hcl: scale_set.sku: the image is x64, Standard_D2ps_v5 is Arm64;"
        " choose another size, or another base",
    ]


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, "Standard_D2s_v5 is not offered in westeurope"),
        (
            replace(D2, restriction="NotAvailableForSubscription"),
            "is restricted in westeurope",
        ),
        (replace(D2, trusted_launch=False), "needs Trusted Launch, which Standard_D2s_v5 has not"),
    ],
)
def test_a_size_that_makes_no_machine_is_refused(size: Size | None, words: str) -> None:
    definition = Traits(security_type="TrustedLaunch")
    told = str(refusal(TRUSTED, SUPPORTED, definition, {D2.name: size}))

    assert told.startswith("images/web/image.hcl: build.size: ")
    assert words in told


def test_the_plan_goes_to_packer_and_to_the_machine_that_is_checked() -> None:
    steps = plan_build(survey(BUYING, definition=Traits(plan=BOUGHT))).plan.steps
    (bake,) = (step for step in steps if isinstance(step, BakeVersion))
    (boot,) = (step for step in steps if isinstance(step, BootCheckMachine))

    given = variables(bake, BUYING, LOCAL)
    assert {name: given[name] for name in PLAN_VARIABLES} == {
        "base_plan_publisher": "Contoso",
        "base_plan_product": "hardened-debian",
        "base_plan_name": "12-gen2",
    }
    assert boot.plan == BOUGHT
    assert not PLAN_VARIABLES & variables(replace(bake, plan=None), BUYING, LOCAL).keys()


def test_what_a_marketplace_version_tells_is_read() -> None:
    """The body is Azure's sample of Virtual Machine Images - Get, shortened."""
    body = {
        "properties": {
            "hyperVGeneration": "V2",
            "architecture": "Arm64",
            "osDiskImage": {"operatingSystem": "Windows"},
            "plan": {"name": "12-gen2", "publisher": "Contoso", "product": "hardened-debian"},
            "features": [
                {"name": "SecurityType", "value": "TrustedLaunchSupported"},
                {"name": "DiskControllerTypes", "value": "SCSI, NVMe"},
            ],
        }
    }
    assert reading(body) == Traits(
        "V2", "Arm64", "TrustedLaunchSupported", frozenset({"SCSI", "NVMe"}), "Windows", BOUGHT
    )
    assert reading({}) == Traits(generation="V1")


def test_a_base_that_nothing_serves_has_one_size_to_look_at() -> None:
    base = replace(IMAGE, scale_set=ScaleSetShape(IMAGE.build_size, 0))
    (line,) = str(refusal(base, sizes={IMAGE.build_size: None})).splitlines()
    assert line.startswith("images/web/image.hcl: build.size: ")
