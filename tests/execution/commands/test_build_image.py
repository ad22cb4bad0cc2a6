"""build-image, check-image and nightly with the real Packer, on simulated machines."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from pipeline.advice import Advice, Shell, check_image
from pipeline.errors import (
    BuildFailed,
    CheckFailed,
    DefinitionError,
    ImagesFailed,
    Overtaken,
    PipelineError,
    Refused,
    Unreachable,
    UsageError,
)
from pipeline.execution.azure.requests import delete, put
from pipeline.execution.claims.store import Records
from pipeline.execution.commands.environment import create_environment
from pipeline.execution.commands.nightly import nightly
from pipeline.execution.evidence.reading import evidence_of
from pipeline.execution.packer.build import Evidence, bake
from pipeline.output.programs import ForPrograms
from pipeline.planning import record_names
from pipeline.planning.build.steps import BakeVersion
from pipeline.planning.claims.claim import Actor, Claim
from pipeline.planning.evidence.policy import problems
from pipeline.planning.flaky import history
from pipeline.planning.names import Tag, image_definition_id, image_version_id
from pipeline.planning.record_names import record_id
from pipeline.planning.writable import writable
from tests.conftest import Emulator
from tests.execution.image_project import (
    BAD_CHECK,
    GOOD_CHECK,
    PLUGINS,
    ImageProject,
    image_project,
    kill_with_packer,
    packer_or_skip,
    plugin_or_skip,
    until,
)

pytestmark = pytest.mark.packer

LONG = 40.0
"""Seconds that a request is held up, so that there is a middle to be killed in."""


FLAKY_CHECK = """\
from pathlib import Path

def test_it_is_there(host):
    assert Path("{marker}").exists()
"""


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> ImageProject:
    packer_or_skip()
    return image_project(tmp_path, emulator)


def test_a_build_makes_a_version_that_a_fresh_machine_proved_and_leaves_nothing(
    project: ImageProject,
) -> None:
    outcome = project.build()

    assert (outcome.version, outcome.result) == ("1.0.0", "built")
    version = project.versions()["1.0.0"]
    assert version.is_eligible
    assert version.tags["commit"] == "uncommitted"
    assert version.tags["baked-with"].startswith("packer 1.")
    session = project.session()
    found = evidence_of(session, project.image, version)
    assert problems(found, session.environment.evidence) == ()
    assert found.statement is not None
    assert found.statement.said("runDetails", "builder", "version", "azure")
    assert version.tags["base"] == "Debian:debian-12:12-gen2:0.20260101.1"
    assert project.left_over() == []
    assert f"{project.image} 1.0.0 is in the gallery and passed its checks" in project.output
    assert "Publishing to Shared Image Gallery" in project.output


@pytest.mark.parametrize("generation", list(PLUGINS))
def test_either_generation_of_the_plugin_will_do(
    project: ImageProject, generation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACKER_PLUGIN_PATH", str(plugin_or_skip(generation)))
    # Plugin 2.x waits ten seconds after each delete; that tells nothing here.
    monkeypatch.setenv("GO_AZURE_SDK_SKIP_POLLING_DELAY", "true")

    assert project.build().version == "1.0.0"
    assert project.versions()["1.0.0"].is_eligible
    assert project.left_over() == []


def test_a_version_is_not_latest_before_its_check_has_passed(project: ImageProject) -> None:
    project.fault(
        {"method": "PUT", "path": f"bakeswap-check-{project.image}-1-0-0"}, {"fail": {}}, 99
    )

    with pytest.raises(PipelineError):
        project.build()

    assert project.versions()["1.0.0"].exclude_from_latest
    assert project.versions()["1.0.0"].check == ""


def test_a_second_build_does_nothing_and_starts_neither_packer_nor_machine(
    project: ImageProject,
) -> None:
    def writes() -> list[str]:
        paths = project.requests("PUT", project.image)
        return [path for path in paths if "/TXT/" not in path]  # claims

    project.build()
    before = len(writes())

    outcome = project.build()

    assert (outcome.version, outcome.result) == ("1.0.0", "nothing to do")
    assert "nothing to do" in project.output
    assert len(writes()) == before


def test_one_changed_byte_builds_the_next_version_and_is_named(project: ImageProject) -> None:
    project.build()
    project.write("files/page.html", "Hallo\n")

    outcome = project.build()

    assert outcome.version == "1.0.1"
    assert f"since 1.0.0: images/{project.image}/files/page.html changed" in project.output
    assert project.versions()["1.0.1"].is_eligible


def test_a_number_is_not_used_again_after_somebody_deleted_its_version(
    project: ImageProject,
) -> None:
    project.build()
    azure = project.session().azure
    version = image_version_id(azure.environment, project.image, "1.0.0")
    azure.begin(delete(version)).result()
    project.write("files/page.html", "Hallo\n")

    assert project.build().version == "1.0.1"


def test_plan_prints_the_steps_and_changes_nothing(project: ImageProject) -> None:
    outcome = project.build(plan_only=True)

    assert outcome.result == "planned"
    assert "boot a fresh machine" in project.output
    assert project.versions() == {}


def test_a_failed_check_shows_the_assertion_and_keeps_the_version_out(
    project: ImageProject,
) -> None:
    project.write("checks/test_it.py", BAD_CHECK)

    with pytest.raises(CheckFailed) as caught:
        project.build()

    lines = str(caught.value).splitlines()
    assert lines[:2] == ["test_the_page_is_there", '    assert page == "what you want"']
    version = project.versions()["1.0.0"]
    assert version.check == "failed"
    assert version.exclude_from_latest
    assert project.left_over() == []
    assert caught.value.exit_code == 1
    assert Advice("check it again", check_image(project.image, "1.0.0")) in caught.value.advice


def test_a_failed_check_leaves_its_evidence_and_with_keep_its_machine_until_the_next_run(
    project: ImageProject,
) -> None:
    project.write("checks/test_it.py", BAD_CHECK)
    with pytest.raises(CheckFailed) as caught:
        project.build(keep=True)

    (junit,) = (project.root / ".pipeline" / "runs").rglob("junit.xml")
    assert "what you want" in junit.read_text()
    assert (junit.parent / "check.log").exists()
    assert (junit.parent / "packer.log").stat().st_mode & 0o777 == 0o600
    said = {file.name: file for file in (junit.parent / "machine").iterdir()}
    assert said["journal.txt"].read_text() == "-- No entries --\n"
    assert "ttyS0" in said["console.txt"].read_text()
    assert {file.stat().st_mode & 0o777 for file in said.values()} == {0o600}

    (way_in,) = (str(one.command) for one in caught.value.advice if "ssh -i" in str(one.command))
    asked = way_in.replace("ssh -i", "ssh -o StrictHostKeyChecking=no -i") + " whoami"
    ended = subprocess.run(
        asked.split(), cwd=project.root, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "azureuser\n")
    (left,) = project.left_over()
    assert "check" in left

    project.write("checks/test_it.py", GOOD_CHECK)
    assert project.check("1.0.0").result == "checked"
    assert project.versions()["1.0.0"].is_eligible
    assert project.left_over() == []


def test_the_same_inputs_after_a_failed_check_are_checked_and_not_baked_again(
    project: ImageProject,
) -> None:
    project.write("checks/test_it.py", BAD_CHECK)
    for _ in range(2):
        with pytest.raises(CheckFailed):
            project.build()

    assert list(project.versions()) == ["1.0.0"]


def test_a_check_that_fails_later_takes_the_version_out_again(project: ImageProject) -> None:
    project.build()
    project.write("checks/test_it.py", BAD_CHECK)

    with pytest.raises(CheckFailed):
        project.check()

    assert project.versions()["1.0.0"].why_not_eligible() == "its check failed"


def test_a_check_that_changes_its_verdict_is_told_as_flaky_with_its_history(
    project: ImageProject, tmp_path: Path
) -> None:
    marker = tmp_path / "passes"
    project.write("checks/test_it.py", FLAKY_CHECK.format(marker=marker))
    with pytest.raises(CheckFailed):
        project.build()
    assert "flaky" not in project.output
    marker.touch()

    project.build()

    found = project.versions()["1.0.0"]
    assert found.is_eligible
    first, second = history(found.tags[Tag.CHECK_HISTORY])
    assert (first.verdict, second.verdict) == ("failed", "passed")
    assert found.flaky.startswith(f"its check is flaky: failed in {first.run}, passed in ")
    told = " ".join(project.output.split())
    assert f"failed in {first.run}: test_it_is_there passed in {second.run}" in told


def test_a_machine_without_a_posix_shell_is_told_not_to_be_looked_at(
    project: ImageProject,
) -> None:
    project.build()
    told = " ".join(project.output.split())
    assert "1 passed, hygiene: not looked at: it has no POSIX shell" in told


def test_a_failing_script_leaves_nothing_and_is_told_by_packers_words(
    project: ImageProject,
) -> None:
    project.write("scripts/install.sh", "#!/bin/sh\nexit 3\n")

    with pytest.raises(BuildFailed) as caught:
        project.build()

    script = f"shell provisioner, images/{project.image}/scripts/install.sh"
    assert str(caught.value).startswith(
        f"Packer did not make {project.image} 1.0.0: {script}:"
        " Script exited with non-zero exit status: 3"
    )
    assert project.versions() == {}
    assert project.left_over() == []
    first = caught.value.advice[0]
    assert first.wish == "full Packer log"
    assert isinstance(first.command, Shell)
    log = project.root / first.command.text.removeprefix("less ")
    assert "exit status: 3" in log.read_text()


TEAM_TEMPLATE = """\
variable "sig" {
  type = object({ group = string, gallery = string, image = string, version = string })
}
variable "cloud" {
  type = map(string)
}
variable "size" {}
variable "port" {
  type = number
}
variable "network" {
  type = list(string)
}
variable "arm_secret" {
  sensitive = true
}
variable "token" {
  sensitive = true
}
variable "verdict" {
  type = number
}

source "azure-arm" "rocky" {
  subscription_id                     = var.cloud.subscription
  tenant_id                           = var.cloud.tenant
  client_id                           = var.cloud.client
  client_secret                       = var.arm_secret
  cloud_environment_name              = var.cloud.name
  metadata_host                       = var.cloud.metadata
  location                            = var.cloud.location
  os_type                             = "Linux"
  image_publisher                     = "Debian"
  image_offer                         = "debian-12"
  image_sku                           = "12-gen2"
  vm_size                             = var.size
  ssh_port                            = var.port
  ssh_username                        = "packer"
  virtual_network_name                = var.network[0]
  virtual_network_subnet_name         = var.network[1]
  virtual_network_resource_group_name = var.network[2]

  shared_gallery_image_version_exclude_from_latest = true
  shared_image_gallery_destination {
    subscription        = var.cloud.subscription
    resource_group      = var.sig.group
    gallery_name        = var.sig.gallery
    image_name          = var.sig.image
    image_version       = var.sig.version
    replication_regions = [var.cloud.location]
  }
}

source "null" "notes" {
  communicator = "none"
}

build {
  name    = "golden"
  sources = ["source.azure-arm.rocky", "source.null.notes"]

  provisioner "shell" {
    only             = ["azure-arm.rocky"]
    environment_vars = ["TOKEN=${var.token}"]
    scripts          = ["${path.root}/../../shared/harden.sh"]
  }

  post-processor "manifest" {
    output = "${path.root}/manifest.json"
  }
  post-processor "shell-local" {
    only   = ["azure-arm.rocky"]
    inline = ["echo the scanner answers ${var.token}", "exit ${var.verdict}"]
  }
}
"""

TEAM_USE = """\
  template "team" {
    variables = {
      sig = {
        group   = gallery.resource_group
        gallery = gallery.name
        image   = name
        version = version
      }
      cloud = {
        subscription = subscription
        tenant       = tenant
        client       = credential.client_id
        name         = cloud.name
        metadata     = cloud.metadata_host
        location     = location
      }
      size       = build.size
      port       = ssh_port
      network    = [network.name, network.subnet, network.resource_group]
      arm_secret = credential.client_secret
      verdict    = 3
    }
    inputs = ["shared/harden.sh"]
  }
"""


def test_a_teams_template_is_built_as_it_is_and_its_scanner_has_the_last_word(
    project: ImageProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.root / "packer" / "team").mkdir()
    (project.root / "packer" / "team" / "team.pkr.hcl").write_text(TEAM_TEMPLATE)
    (project.root / "shared").mkdir()
    (project.root / "shared" / "harden.sh").write_text("#!/bin/sh\ntrue\n")
    written = (project.folder / "image.hcl").read_text()
    written = written.replace('  template = "linux"\n', TEAM_USE)
    project.write("image.hcl", written)
    with pytest.raises(UsageError, match="set PKR_VAR_token"):
        project.build()
    monkeypatch.setenv("PKR_VAR_token", "t0ken")

    with pytest.raises(BuildFailed) as caught:
        project.build()

    assert "golden.azure-arm.rocky: post-processor shell-local, inline script" in str(caught.value)
    assert "\n  the scanner answers <sensitive>" in str(caught.value)
    rejected = project.versions()["1.0.0"]
    assert rejected.why_not_eligible() == "its bake failed, although a version was published"
    assert rejected.tags["image"] == project.image
    with pytest.raises(Refused, match="its bake failed"):
        project.check("1.0.0")
    project.write("image.hcl", written.replace("verdict    = 3", "verdict = 0"))
    assert project.build(verbose=True).version == "1.0.1"
    assert project.versions()["1.0.1"].is_eligible
    assert "==> golden.azure-arm.rocky: Connected to SSH!\n" in project.output
    assert (project.root / "packer" / "team" / "manifest.json").exists()
    assert "has these inputs and passed its check" in project.build(plan_only=True).why
    (project.root / "shared" / "harden.sh").write_text("#!/bin/sh\nfalse\n")
    assert "shared/harden.sh changed" in project.build(plan_only=True).why
    (project.root / "packer" / "team" / "plugins.pkr.hcl").write_text(
        'packer {\n  required_plugins {\n    ansible = {\n      version = ">= 1.1.0"\n'
        '      source = "github.com/hashicorp/ansible"\n    }\n  }\n}\n'
    )
    with pytest.raises(Unreachable, match=r"github\.com/hashicorp/ansible >= 1\.1\.0"):
        project.build(plan_only=True)


def test_a_bake_whose_time_is_over_is_ended_and_cleans_up(project: ImageProject) -> None:
    hold = {"method": "POST", "path": f"-{project.image}-1-0-0-[^/]*/.*/deallocate"}
    project.fault(hold, {"delay": 60.0})
    session = project.session()
    image = replace(session.image(project.image), build_timeout=6.0)
    base = replace(image.base, version="0.20260101.1")
    group = f"bakeswap-build-{project.image}-1-0-0-run"
    step = BakeVersion(project.image, "1.0.0", base, group, ())
    folder = project.root / "run"
    folder.mkdir()

    def nobody(what: object) -> None:
        """No-op."""

    evidence = Evidence(project.root, folder, nobody, nobody, nobody, session.clock)
    with pytest.raises(BuildFailed, match=r"not done after 0 min and ended, at: \w+"):
        bake(step, image, session.environment, evidence, {})

    assert project.versions() == {}
    assert project.left_over() == []


def test_a_rebuild_bakes_the_same_inputs_again(project: ImageProject) -> None:
    project.build()

    assert project.build(rebuild=True).version == "1.0.1"
    assert list(project.versions()) == ["1.0.0", "1.0.1"]


def test_what_azure_refuses_during_the_bake_is_told_in_its_words(project: ImageProject) -> None:
    refusal = {"status": 409, "code": "QuotaExceeded", "message": "No cores are left."}
    project.fault({"operation": "realize Microsoft.Compute/virtualMachines"}, {"fail": refusal})

    with pytest.raises(BuildFailed, match="QuotaExceeded"):
        project.build()

    assert project.left_over() == []


def test_a_mistake_in_a_template_is_told_by_file_and_line(project: ImageProject) -> None:
    template = project.root / "packer" / "linux" / "linux.pkr.hcl"
    text = template.read_text().replace('os_type         = "Linux"', 'os_typo         = "Linux"')
    template.write_text(text)
    line = text[: text.index("os_typo")].count("\n") + 1

    for plan_only in (True, False):  # `packer validate`, and the bake
        with pytest.raises(DefinitionError) as caught:
            project.build(plan_only=plan_only)
        assert f"packer/linux/linux.pkr.hcl:{line}: Unsupported argument" in str(caught.value)

    assert project.left_over() == []


def test_the_secret_is_in_no_file_of_the_run_and_not_in_the_output(project: ImageProject) -> None:
    project.write("scripts/install.sh", "#!/bin/sh\nexit 1\n")
    with pytest.raises(BuildFailed):
        project.build()

    files = [file for file in (project.root / ".pipeline").rglob("*") if file.is_file()]
    assert any(file.name == "packer.log" for file in files)
    assert not [file for file in files if project.emulator.secret in file.read_text()]
    assert project.emulator.secret not in project.output


def test_a_version_that_appeared_meanwhile_is_not_written_over(project: ImageProject) -> None:
    project.build()
    there = project.versions()["1.0.0"]
    # Somebody removed the tag and the record set that remember the number, and the gallery's list
    # is late: the survey does not see what a direct look does.
    azure = project.session().azure
    definition = image_definition_id(azure.environment, project.image)
    body = writable(azure.get(definition) or {})
    del body["id"]
    assert body["tags"].pop("last-1.0") == "1.0.0"
    azure.begin(put(definition, body)).result()
    number = record_id(azure.environment, record_names.number(project.image, "1.0.0"))
    assert project.emulator.call("DELETE", str(number)).status == 200
    project.fault(
        {"method": "GET", "path": f"images/{project.image}/versions/?$"},
        {"fail": {"status": 404, "code": "ResourceNotFound", "message": "not yet"}},
    )
    project.write("files/page.html", "Hallo\n")

    with pytest.raises(Overtaken, match="exists already"):
        project.build()

    assert project.versions() == {"1.0.0": there}


def test_a_group_of_a_run_on_another_machine_is_left_alone_and_its_run_named(
    project: ImageProject,
) -> None:
    tags = {
        "system": "bakeswap",
        "image": project.image,
        "environment": "lab",
        "run": "99991231T235959Z-elsewhere-0001",
    }
    project.make_group(f"bakeswap-build-{project.image}-1-0-0", tags)

    with pytest.raises(Refused, match="99991231T235959Z-elsewhere-0001"):
        project.build()

    assert project.left_over() == [f"bakeswap-build-{project.image}-1-0-0"]


def test_what_a_dead_run_left_in_azure_goes_first(project: ImageProject) -> None:
    tags = {
        "system": "bakeswap",
        "image": project.image,
        "environment": "lab",
        "run": "20200101T000000Z-elsewhere-0001",
    }
    project.make_group(f"bakeswap-build-{project.image}-1-0-0", tags)

    assert project.build().version == "1.0.0"
    assert project.left_over() == []


def test_a_machine_that_cannot_be_made_for_the_check_leaves_the_version_unchecked(
    project: ImageProject,
) -> None:
    refusal = {"status": 409, "code": "QuotaExceeded", "message": "No cores are left."}
    check = f"bakeswap-check-{project.image}-1-0-0-[^/]*/providers/Microsoft.Compute"
    project.fault({"method": "PUT", "path": check}, {"fail": refusal})

    with pytest.raises(PipelineError, match="QuotaExceeded"):
        project.build()

    assert project.versions()["1.0.0"].check == ""
    assert project.left_over() == []
    assert project.build().result == "checked"
    assert project.versions()["1.0.0"].is_eligible


def killed_in_the_middle(project: ImageProject, *, packer_too: bool) -> None:
    """Start a build as a process, and kill it (SIGKILL) while Packer has a machine."""
    project.fault(
        {"method": "POST", "path": f"-{project.image}-1-0-0-[^/]*/.*/deallocate"}, {"delay": LONG}
    )
    with subprocess.Popen(
        project.command, cwd=project.root, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as process:
        runs = project.root / ".pipeline" / "runs"
        until(lambda: any("Powering off" in log.read_text() for log in runs.rglob("packer.log")))
        if packer_too:
            kill_with_packer(process)
        else:
            process.kill()
    assert process.returncode == -signal.SIGKILL


def test_a_build_killed_in_the_middle_is_finished_by_the_next_and_nothing_is_left(
    project: ImageProject,
) -> None:
    killed_in_the_middle(project, packer_too=False)

    outcome = project.build()

    assert (outcome.version, outcome.result) == ("1.0.0", "built")
    assert project.left_over() == []
    assert project.versions()["1.0.0"].is_eligible


def test_a_build_killed_together_with_its_packer_is_finished_by_the_next(
    project: ImageProject,
) -> None:
    killed_in_the_middle(project, packer_too=True)
    (left,) = project.left_over()
    assert left.startswith(f"bakeswap-build-{project.image}-1-0-0-")

    outcome = project.build()

    assert (outcome.version, outcome.result) == ("1.0.0", "built")
    assert "left by run" in project.output
    assert project.left_over() == []


def test_a_build_killed_while_the_check_machine_boots_is_only_checked_by_the_next(
    project: ImageProject,
) -> None:
    boot = f"bakeswap-check-{project.image}-1-0-0-[^/]*/.*/virtualMachines"
    project.fault({"method": "PUT", "path": boot}, {"delay": 10.0})
    with subprocess.Popen(
        project.command, cwd=project.root, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as process:
        check = f"bakeswap-check-{project.image}-1-0-0-"
        until(lambda: [found.startswith(check) for found in project.left_over()] == [True])
        process.kill()

    outcome = project.build()

    assert (outcome.version, outcome.result) == ("1.0.0", "checked")
    assert project.versions()["1.0.0"].is_eligible
    assert project.left_over() == []


def test_a_build_that_is_taken_over_ends_its_packer_and_leaves_nothing(
    project: ImageProject,
) -> None:
    project.fault(
        {"method": "POST", "path": f"-{project.image}-1-0-0-[^/]*/.*/deallocate"}, {"delay": LONG}
    )
    caught: list[BaseException] = []

    def build() -> None:
        try:
            project.build()
        except PipelineError as error:
            caught.append(error)

    runs = project.root / ".pipeline" / "runs"
    other = Thread(target=build)
    other.start()
    until(lambda: any("Powering off" in log.read_text() for log in runs.rglob("packer.log")))
    session = project.session()
    store, name = Records(session.azure, session.clock), record_names.build_claim(project.image)
    claim = Claim("theirs", "build-image", Actor("bob", "elsewhere"), "2026", "9999")
    assert store.write(name, claim.metadata, store.read(name).etag)
    other.join()

    (error,) = caught
    assert isinstance(error, Overtaken)
    assert f"builds of {project.image}: taken over by theirs (command build-image" in str(error)
    assert project.versions() == {}
    assert project.left_over() == []


def test_ctrl_c_lets_packer_clean_up_and_exits_with_130(project: ImageProject) -> None:
    project.fault(
        {"method": "POST", "path": f"-{project.image}-1-0-0-[^/]*/.*/deallocate"}, {"delay": LONG}
    )
    with subprocess.Popen(
        project.command,
        cwd=project.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        runs = project.root / ".pipeline" / "runs"
        until(lambda: any("Powering off" in log.read_text() for log in runs.rglob("packer.log")))
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate()

    assert process.returncode == 130, told
    assert "interrupted: Packer removes its machine" in told
    assert project.left_over() == []
    assert project.versions() == {}


def test_nightly_goes_on_after_a_failure_and_ends_with_a_table(project: ImageProject) -> None:
    second = project.root / "images" / f"{project.image}-bad"
    project.write(f"../{second.name}/image.hcl", (project.folder / "image.hcl").read_text().replace(
        f'image "{project.image}"', f'image "{second.name}"'))  # fmt: skip
    for file in ("files/page.html", "scripts/install.sh"):
        project.write(f"../{second.name}/{file}", "#!/bin/sh\nexit 4\n")
    project.write(f"../{second.name}/checks/test_it.py", GOOD_CHECK)
    create_environment(project.session())

    with pytest.raises(PipelineError, match=f"1 of 2 images failed: {second.name}"):
        nightly(project.session())

    rows = [line.split()[:3] for line in project.output.splitlines() if line.startswith("app")]
    assert [project.image, "1.0.0", "built"] in rows
    assert [second.name, "-", "failed"] in rows


def test_nightly_fails_for_inputs_that_failed_without_trying_them_again(
    project: ImageProject,
) -> None:
    project.write("checks/test_it.py", BAD_CHECK)
    with pytest.raises(ImagesFailed):
        nightly(project.session(), [project.image])
    machines = len(project.requests("PUT", "/virtualMachines/check"))

    for options in ({}, {"plan_only": True}):
        project.said.truncate(0)
        with pytest.raises(ImagesFailed, match=f"1 of 1 images failed: {project.image}") as caught:
            nightly(project.session(**options), [project.image])
        told = " ".join(project.output.split())
        assert f"{project.image} 1.0.0 still failing" in told
        assert f"{project.image} --rebuild" in str(caught.value.advice[0].command)

    assert list(project.versions()) == ["1.0.0"]
    assert len(project.requests("PUT", "/virtualMachines/check")) == machines
    project.write("checks/test_it.py", GOOD_CHECK)
    nightly(project.session(), [project.image])
    assert project.versions()["1.0.1"].is_eligible


def test_nightly_bakes_what_a_gate_rejected_a_second_time_and_no_third(
    project: ImageProject,
) -> None:
    template = project.root / "packer/linux/linux.pkr.hcl"
    gate = '  post-processor "shell-local" {\n    inline = ["exit 3"]\n  }\n}\n'
    template.write_text(template.read_text().rstrip().removesuffix("}") + gate)

    for _ in range(3):
        project.said.truncate(0)
        with pytest.raises(ImagesFailed):
            nightly(project.session(), [project.image])

    assert sorted(project.versions()) == ["1.0.0", "1.0.1"]
    told = " ".join(project.output.split())
    assert "2 bakes with these inputs failed (1.0.0, 1.0.1)" in told
    assert f"build-image {project.image} --rebuild" in told
    with pytest.raises(BuildFailed):
        project.build()
    assert "1.0.2" in project.versions()


def test_nightly_rebuilds_for_a_newer_base_and_says_so(project: ImageProject) -> None:
    project.build()
    nightly(project.session(), [project.image])
    assert "nothing to do" in project.output
    newer = {
        "publisher": "Debian",
        "offer": "debian-12",
        "sku": "12-gen2",
        "version": f"0.20260201.{project.image.removeprefix('app')}",
    }
    assert project.emulator.call("POST", "/emulator/marketplace", newer).status == 204

    nightly(project.session(), [project.image])

    assert "0.20260101.1 -> Debian:debian-12:12-gen2:0.20260201." in project.output
    assert project.versions()["1.0.1"].is_eligible


def test_a_planned_nightly_says_what_it_would_build_and_builds_nothing(
    project: ImageProject,
) -> None:
    create_environment(project.session())

    nightly(project.session(plan_only=True), [project.image])

    rows = [line.split()[:3] for line in project.output.splitlines() if line.startswith("app")]
    assert rows == [[project.image, "1.0.0", "planned"]]
    assert project.versions() == {}


def test_nightly_tells_programs_one_document(project: ImageProject) -> None:
    project.build()
    nightly(replace(project.session(), output=ForPrograms(project.said)), [project.image])

    document = json.loads(project.output.splitlines()[-1])
    assert document["images"][0]["result"] == "nothing to do"


def test_copies_storage_and_tags_of_the_environment_are_on_what_packer_publishes(
    project: ImageProject,
) -> None:
    file = project.root / "environments.hcl"
    said = """tags = { "cost-centre" = "4711" }

  gallery {
    replicas        = 2
    storage         = "Standard_ZRS"
    replica_regions = ["northeurope"]
    replica "northeurope" {
      count = 3
    }
"""
    file.write_text(file.read_text().replace("gallery {\n", said, 1))

    assert project.build().result == "built"

    azure = project.session().azure
    version = azure.get(image_version_id(azure.environment, project.image, "1.0.0")) or {}
    assert version["tags"]["cost-centre"] == "4711"
    regions = version["properties"]["publishingProfile"]["targetRegions"]
    assert {
        one["name"].replace(" ", "").lower(): (
            one["regionalReplicaCount"],
            one["storageAccountType"],
        )
        for one in regions
    } == {"westeurope": (2, "Standard_ZRS"), "northeurope": (3, "Standard_ZRS")}
