"""What is read from Packer's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import Mistake
from pipeline.execution.packer.output import Follower, mask, mistakes_in

BAKE = """\
azure-arm.linux: output will be in this color.

==> azure-arm.linux: Running builder ...
==> azure-arm.linux: Creating resource group ...
==> azure-arm.linux:  -> ResourceGroupName : 'bakeswap-build-web-1-0-0'
==> azure-arm.linux: Validating deployment template ...
==> azure-arm.linux: Deploying deployment template ...
==> azure-arm.linux: Waiting for SSH to become available...
==> azure-arm.linux: Connected to SSH!
==> azure-arm.linux: Provisioning with shell script: /project/images/web/scripts/install.sh
==> azure-arm.linux: E: Unable to locate package nginx-lihgt
==> azure-arm.linux: Deleting Virtual Machine deployment and its attatched resources...
==> azure-arm.linux: Cleanup requested, deleting resource group ...
Build 'azure-arm.linux' errored after 7 seconds 72 milliseconds: Script exited with non-zero exit \
status: 100. Allowed exit codes are: [0]

==> Wait completed after 7 seconds 72 milliseconds

==> Some builds didn't complete successfully and had errors:
--> azure-arm.linux: Script exited with non-zero exit status: 100. Allowed exit codes are: [0]

==> Builds finished but no artifacts were created.
"""

REFUSED = """\
==> azure-arm.linux: Deploying deployment template ...
==> azure-arm.linux: ERROR: -> DeploymentFailed : At least one resource deployment operation failed.
==> Some builds didn't complete successfully and had errors:
--> azure-arm.linux: Code="DeploymentFailed"
  -> QuotaExceeded : Operation could not be completed

==> Builds finished but no artifacts were created.
"""


def followed(output: str) -> tuple[Follower, list[str]]:
    follower = Follower()
    return follower, [phase for line in output.splitlines() if (phase := follower.take(line))]


def test_the_phases_of_a_bake_are_told_once_each_and_in_order() -> None:
    _, phases = followed(BAKE)

    assert phases == [
        "Creating resource group",
        "Deploying deployment template",
        "Waiting for SSH to become available",
        "Provisioning with shell script: /project/images/web/scripts/install.sh",
        "Deleting Virtual Machine deployment and its attatched resources",
        "Cleanup requested, deleting resource group",
    ]


def test_a_failed_script_is_explained_by_what_it_said_last() -> None:
    follower, _ = followed(BAKE)

    assert follower.failure() == (
        "Script exited with non-zero exit status: 100. Allowed exit codes are: [0]\n"
        "  E: Unable to locate package nginx-lihgt"
    )


def test_a_refusal_of_azure_keeps_all_its_lines() -> None:
    follower, _ = followed(REFUSED)

    assert follower.failure() == (
        'Code="DeploymentFailed"\n  -> QuotaExceeded : Operation could not be completed'
    )


def test_a_packer_that_was_killed_gives_no_reason() -> None:
    follower, _ = followed("==> azure-arm.linux: Creating resource group ...\n")

    assert follower.failure() == "Packer ended without saying why"


def test_before_the_first_line_of_a_builder_no_build_has_started() -> None:
    follower, _ = followed("Error: Unset variable\n")
    started, _ = followed(BAKE)

    assert (follower.started, started.started) == (False, True)


def test_what_packer_says_about_a_template_becomes_mistakes_with_file_and_line() -> None:
    output = """\
Error: Unsupported argument

  on /project/packer/linux/linux.pkr.hcl line 12, in source "azure-arm" "linux":
  12:   vm_siez = "x"

An argument named "vm_siez" is not expected here. Did you mean
"vm_size"?

Error: Argument or block definition required

  on /elsewhere/other.pkr.hcl line 3:
   3: rubbish

"""

    assert mistakes_in(output, Path("/project")) == (
        Mistake(
            "packer/linux/linux.pkr.hcl",
            12,
            "Unsupported argument",
            'An argument named "vm_siez" is not expected here. Did you mean "vm_size"?',
        ),
        Mistake("/elsewhere/other.pkr.hcl", 3, "Argument or block definition required"),
    )


@pytest.mark.parametrize("output", ["", BAKE, "Error: Unset variable\n\nA used variable must be\n"])
def test_output_without_a_place_in_a_template_has_no_mistakes(output: str) -> None:
    assert mistakes_in(output, Path("/project")) == ()


def test_secrets_are_masked_wherever_they_stand() -> None:
    assert mask("a s3cret and s3cret", ("s3cret", "")) == "a <sensitive> and <sensitive>"
