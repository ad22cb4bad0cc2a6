"""What Azure would not publish is refused before it is baked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.errors import Refused
from pipeline.planning.build.build import plan_build
from pipeline.planning.build.steps import BakeVersion
from tests.planning.build.examples import WEB, survey

TRUSTED = replace(WEB, security_type="trusted_launch")


@pytest.mark.parametrize(
    "definition", ["TrustedLaunchSupported", "TrustedLaunch", "ConfidentialVM"]
)
def test_a_standard_image_is_not_baked_for_another_definition(definition: str) -> None:
    with pytest.raises(Refused) as refused:
        plan_build(survey(security_type=definition))

    told = str(refused.value)
    assert f"is {definition}: it takes no version from a standard machine" in told
    assert "say its type as security_type in image.hcl" in told
    commands = [str(advice.command) for advice in refused.value.advice]
    assert commands[0].startswith("az sig image-definition delete --ids /subscriptions/")
    assert commands[1] == "invoke create-environment"


@pytest.mark.parametrize("definition", ["", "TrustedLaunchSupported"])
def test_a_trusted_launch_image_is_not_baked_for_another_definition(definition: str) -> None:
    with pytest.raises(Refused, match="it takes no version from a Trusted Launch machine"):
        plan_build(survey(image=TRUSTED, security_type=definition))


def test_what_fits_is_baked() -> None:
    plain = plan_build(survey()).plan
    trusted = plan_build(survey(image=TRUSTED, security_type="trustedlaunch")).plan

    assert any(isinstance(step, BakeVersion) for step in plain.steps)
    assert any(isinstance(step, BakeVersion) for step in trusted.steps)
