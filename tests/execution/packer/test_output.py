"""What is read from Packer's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import Mistake
from pipeline.execution.packer.output import (
    Follower,
    errors_in,
    mask,
    missing_plugins,
    mistakes_in,
)

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


def test_a_failed_script_is_named_and_explained_by_what_it_said_last() -> None:
    follower, _ = followed(BAKE)

    assert follower.failure() == (
        "shell provisioner, /project/images/web/scripts/install.sh:"
        " Script exited with non-zero exit status: 100. Allowed exit codes are: [0]\n"
        "  E: Unable to locate package nginx-lihgt"
    )


def test_a_refusal_of_azure_keeps_all_its_lines_and_what_was_asked_of_it() -> None:
    follower, _ = followed(REFUSED)

    assert follower.failure() == (
        'Deploying deployment template: Code="DeploymentFailed"\n'
        "  -> QuotaExceeded : Operation could not be completed"
    )


def test_a_packer_that_was_killed_gives_no_reason_but_what_it_was_at() -> None:
    follower, _ = followed("==> azure-arm.linux: Creating resource group ...\n")

    assert (follower.failure(), follower.last()) == ("", "Creating resource group")
    assert followed("")[0].last() == ""


FAILED = """\
==> Some builds didn't complete successfully and had errors:
--> g.linux: {}

==> Builds finished but no artifacts were created.
"""


def test_the_phases_of_a_bake_of_windows_are_told() -> None:
    follower = Follower()
    lines = (
        "Waiting for WinRM to become available...",
        "Provisioning with powershell script: /p/ready.ps1",
        "Restarting Machine",
        "Deleting KeyVault created during build",
    )
    told = [follower.take(f"==> azure-arm.windows: {line}") for line in lines]

    assert told == [line.rstrip(".") for line in lines]


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (
            ["Provisioning with shell script: /tmp/packer-shell99"] * 2,
            "shell provisioner, inline script 2",
        ),
        (["Running local shell script: /tmp/packer-shell12"] * 2, "shell-local, inline script 2"),
        (["Running local shell script: /p/x.sh"], "shell-local, /p/x.sh"),
        (["Uploading files => /tmp/"], "file provisioner, files => /tmp/"),
        (["Downloading /r => out/"], "file provisioner, /r => out/"),
        (["Provisioning with Ansible..."], "provisioner Ansible"),
        (
            ["Provisioning with powershell script: /p/install.ps1"],
            "powershell provisioner, /p/install.ps1",
        ),
        (
            ["Provisioning with powershell script: /tmp/powershell-provisioner12"] * 2,
            "powershell provisioner, inline script 2",
        ),
        (["Running post-processor:  (type manifest)"], "post-processor manifest"),
    ],
)
def test_each_kind_of_provisioner_and_post_processor_is_named(said: list[str], where: str) -> None:
    lines = [f"==> g.linux: {text}" for text in said]
    last = [
        "==> g.linux: the last words",
        "==> g.linux: Cleanup requested, deleting resource group",
    ]
    follower, _ = followed("\n".join([*lines, *last, FAILED.format("no")]))

    assert follower.failure() == f"{where}: no\n  the last words"


def test_a_scanner_after_the_bake_is_named_and_what_it_said() -> None:
    output = """\
==> g.linux: Deleting Virtual Machine deployment and its attatched resources...
==> g.linux: Running post-processor:  (type shell-local)
==> g.linux (shell-local): Running local shell script: /tmp/packer-shell87
==> g.linux (shell-local): 3 findings
==> Some builds didn't complete successfully and had errors:
--> g.linux: 1 error(s) occurred:

* Post-processor failed: Script exited with non-zero exit status: 3. Allowed exit codes are: [0]
==> Builds finished but no artifacts were created.
"""

    assert followed(output)[0].failure() == (
        "post-processor shell-local, inline script 1: Post-processor failed: Script exited with"
        " non-zero exit status: 3. Allowed exit codes are: [0]\n  3 findings"
    )


def test_of_several_builders_each_that_failed_is_named() -> None:
    output = """\
==> azure-arm.linux: Capturing image ...
==> null.notes: Running local shell script: /p/notes.sh
==> azure-arm.linux: Publishing to Shared Image Gallery ...
==> null.notes: no notes
==> Some builds didn't complete successfully and had errors:
--> null.notes: Script exited with non-zero exit status: 1.
==> Builds finished.
"""

    assert followed(output)[0].failure() == (
        "null.notes: shell-local, /p/notes.sh: Script exited with non-zero exit status: 1.\n"
        "  no notes"
    )


MISSING = """\
Error: Missing plugins

The following plugins are required, but not installed:

* github.com/hashicorp/ansible >= 1.1.0

Did you run packer init for this project ?

"""


def test_missing_plugins_are_read_from_packers_list() -> None:
    assert missing_plugins(MISSING) == ("github.com/hashicorp/ansible >= 1.1.0",)
    assert missing_plugins(BAKE) == ()


def test_what_packer_says_before_any_build_is_one_line_for_each_error() -> None:
    assert errors_in("Error: Unset variable\n\nA used variable\nError: Two\n") == (
        "Unset variable A used variable\nTwo"
    )
    assert errors_in(BAKE) == ""


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
