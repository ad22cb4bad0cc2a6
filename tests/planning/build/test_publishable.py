"""What Azure would not publish is refused before it is baked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.definition.given import Reference
from pipeline.definition.model import Gallery
from pipeline.definition.replication import Replication
from pipeline.errors import Refused
from pipeline.planning.build.build import plan_build
from pipeline.planning.build.packer_variables import variables
from pipeline.planning.build.publishable import refuse_unpublishable
from pipeline.planning.build.steps import BakeVersion
from pipeline.planning.traits import Traits
from tests.planning.build.examples import LOCAL, WEB, survey

TRUSTED = replace(WEB, security_type="trusted_launch")


@pytest.mark.parametrize(
    "definition", ["TrustedLaunchSupported", "TrustedLaunch", "ConfidentialVM"]
)
def test_a_standard_image_is_not_baked_for_another_definition(definition: str) -> None:
    with pytest.raises(Refused) as refused:
        plan_build(survey(definition=Traits(security_type=definition)))

    told = str(refused.value)
    assert f"is {definition}: it takes no version from a standard machine" in told
    assert "say its type as security_type in image.hcl" in told
    commands = [str(advice.command) for advice in refused.value.advice]
    assert commands[0].startswith("az sig image-definition delete --ids /subscriptions/")
    assert commands[1] == "invoke create-environment"


@pytest.mark.parametrize("definition", ["", "TrustedLaunchSupported"])
def test_a_trusted_launch_image_is_not_baked_for_another_definition(definition: str) -> None:
    with pytest.raises(Refused, match="it takes no version from a Trusted Launch machine"):
        plan_build(survey(image=TRUSTED, definition=Traits(security_type=definition)))


def test_a_template_that_cannot_name_the_gallery_s_subscription_is_refused() -> None:
    gallery = Gallery("shop", managed=False, resource_group="images", subscription="other")
    environment = replace(LOCAL, gallery=gallery)
    told = replace(WEB.template, variables=WEB.template.variables | {"gallery_subscription_id"})

    refuse_unpublishable(replace(WEB, template=told), environment, Traits())
    with pytest.raises(Refused) as refused:
        refuse_unpublishable(WEB, environment, Traits())
    assert str(refused.value) == (
        f"environments.hcl: environment {environment.name}: subscription: template"
        f" {WEB.template.name} of web declares no variable gallery_subscription_id: add it, and"
        " give it to the source"
    )


def test_what_no_variable_of_the_template_takes_is_refused_where_it_is_written() -> None:
    shallow = Replication(
        is_shallow=True, storage="Premium_LRS", at={"gallery.shallow": "environments.hcl:9"}
    )
    with pytest.raises(Refused) as refused:
        plan_build(survey(environment=replace(LOCAL, replication=shallow)))

    assert str(refused.value).splitlines() == [
        "environments.hcl: storage: template linux of web declares no variable"
        " storage_account_type: add it, and give it to the source",
        "environments.hcl:9: shallow: template linux of web declares no variable"
        " use_shallow_replication: add it, and give it to the source",
    ]


def test_a_variable_of_another_name_may_take_it() -> None:
    template = replace(WEB.template, variables=WEB.template.variables | {"test"})
    image = replace(WEB, template=template, variables=(("test", Reference("gallery.shallow")),))
    environment = replace(LOCAL, replication=Replication(is_shallow=True))

    steps = plan_build(survey(image, environment=environment)).plan.steps

    (bake,) = (step for step in steps if isinstance(step, BakeVersion))
    assert variables(bake, image, environment)["test"] is True


def test_a_template_that_cannot_bake_in_a_group_that_is_there_is_refused() -> None:
    environment = replace(LOCAL, build_resource_group="shop-builds")
    with pytest.raises(Refused) as refused:
        plan_build(survey(environment=environment))
    told = str(refused.value).splitlines()
    assert [line.rpartition(" declares no variable ")[2].partition(":")[0] for line in told] == [
        *("build_resource_group_name", "temp_compute_name", "temp_nic_name", "temp_os_disk_name")
    ]
    assert told[0].startswith("environments.hcl: environment local: build_resource_group: ")


def test_what_fits_is_baked() -> None:
    plain = plan_build(survey()).plan
    trusted = plan_build(
        survey(image=TRUSTED, definition=Traits(security_type="trustedlaunch"))
    ).plan

    assert any(isinstance(step, BakeVersion) for step in plain.steps)
    assert any(isinstance(step, BakeVersion) for step in trusted.steps)
