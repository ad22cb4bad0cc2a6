"""build-image, check-image and nightly with the real Packer, on simulated machines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import BuildFailed, CheckFailed, DefinitionError, PipelineError, Refused
from pipeline.execution.commands.swap import create_environment
from pipeline.execution.commands.nightly import nightly
from pipeline.output import ForPrograms
from tests.conftest import Emulator
from tests.execution.image_project import (
    BAD_CHECK,
    GOOD_CHECK,
    PLUGINS,
    Bakery,
    bakery,
    packer_or_skip,
    plugin_or_skip,
    until,
)

pytestmark = pytest.mark.packer

LONG = 40.0
"""Seconds that a request is held up, so that there is a middle to be killed in."""


@pytest.fixture
def bake(tmp_path: Path, emulator: Emulator) -> Bakery:
    packer_or_skip()
    return bakery(tmp_path, emulator)


def test_a_build_makes_a_version_that_a_fresh_machine_proved_and_leaves_nothing(
    bake: Bakery,
) -> None:
    outcome = bake.build()

    assert (outcome.version, outcome.result) == ("1.0.0", "built")
    version = bake.versions()["1.0.0"]
    assert version.is_eligible
    assert version.tags["commit"] == "uncommitted"
    assert version.tags["base"] == "Debian:debian-12:12-gen2:0.20260101.1"
    assert bake.left_over() == []
    assert f"{bake.image} 1.0.0 is in the gallery and passed its checks" in bake.output
    assert "Publishing to Shared Image Gallery" in bake.output


@pytest.mark.parametrize("generation", list(PLUGINS))
def test_either_generation_of_the_plugin_will_do(
    bake: Bakery, generation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACKER_PLUGIN_PATH", str(plugin_or_skip(generation)))
    # Plugin 2.x waits ten seconds after each delete; that tells nothing here.
    monkeypatch.setenv("GO_AZURE_SDK_SKIP_POLLING_DELAY", "true")

    assert bake.build().version == "1.0.0"
    assert bake.versions()["1.0.0"].is_eligible
    assert bake.left_over() == []


def test_a_version_is_not_latest_before_its_check_has_passed(bake: Bakery) -> None:
    bake.fault({"method": "PUT", "path": f"bakeswap-check-{bake.image}-1-0-0"}, {"fail": {}}, 99)

    with pytest.raises(PipelineError):
        bake.build()

    assert bake.versions()["1.0.0"].exclude_from_latest
    assert bake.versions()["1.0.0"].check == ""


def test_a_second_build_does_nothing_and_starts_neither_packer_nor_machine(bake: Bakery) -> None:
    bake.build()
    before = len(bake.requests("PUT", bake.image))

    outcome = bake.build()

    assert (outcome.version, outcome.result) == ("1.0.0", "nothing to do")
    assert "nothing to do" in bake.output
    assert len(bake.requests("PUT", bake.image)) == before


def test_one_changed_byte_builds_the_next_version_and_is_named(bake: Bakery) -> None:
    bake.build()
    bake.write("files/page.html", "Hallo\n")

    outcome = bake.build()

    assert outcome.version == "1.0.1"
    assert f"since 1.0.0: images/{bake.image}/files/page.html changed" in bake.output
    assert bake.versions()["1.0.1"].is_eligible


def test_plan_prints_the_steps_and_changes_nothing(bake: Bakery) -> None:
    outcome = bake.build(plan_only=True)

    assert outcome.result == "planned"
    assert "boot a fresh machine" in bake.output
    assert bake.versions() == {}


def test_a_failed_check_shows_the_assertion_and_keeps_the_version_out(bake: Bakery) -> None:
    bake.write("checks/test_it.py", BAD_CHECK)

    with pytest.raises(CheckFailed) as caught:
        bake.build()

    lines = str(caught.value).splitlines()
    assert lines[:2] == ["test_the_page_is_there", '    assert page == "what you want"']
    version = bake.versions()["1.0.0"]
    assert version.check == "failed"
    assert version.exclude_from_latest
    assert bake.left_over() == []
    assert caught.value.exit_code == 1
    assert ("check it again", f"invoke check-image {bake.image} --version 1.0.0") in (
        caught.value.advice
    )


def test_a_failed_check_leaves_its_evidence(bake: Bakery) -> None:
    bake.write("checks/test_it.py", BAD_CHECK)
    with pytest.raises(CheckFailed):
        bake.build()

    (junit,) = (bake.root / ".pipeline" / "runs").rglob("junit.xml")
    assert "what you want" in junit.read_text()
    assert (junit.parent / "check.log").exists()
    assert (junit.parent / "packer.log").stat().st_mode & 0o777 == 0o600


def test_the_same_inputs_after_a_failed_check_are_checked_and_not_baked_again(
    bake: Bakery,
) -> None:
    bake.write("checks/test_it.py", BAD_CHECK)
    for _ in range(2):
        with pytest.raises(CheckFailed):
            bake.build()

    assert list(bake.versions()) == ["1.0.0"]


def test_checking_a_version_with_better_checks_makes_it_eligible(bake: Bakery) -> None:
    bake.write("checks/test_it.py", BAD_CHECK)
    with pytest.raises(CheckFailed):
        bake.build()
    bake.write("checks/test_it.py", GOOD_CHECK)

    outcome = bake.check("1.0.0")

    assert (outcome.version, outcome.result) == ("1.0.0", "checked")
    assert bake.versions()["1.0.0"].is_eligible


def test_a_check_that_fails_later_takes_the_version_out_again(bake: Bakery) -> None:
    bake.build()
    bake.write("checks/test_it.py", BAD_CHECK)

    with pytest.raises(CheckFailed):
        bake.check()

    assert bake.versions()["1.0.0"].why_not_eligible() == "its check failed"


def test_a_failing_script_leaves_nothing_and_is_told_by_packers_words(bake: Bakery) -> None:
    bake.write("scripts/install.sh", "#!/bin/sh\nexit 3\n")

    with pytest.raises(BuildFailed, match="non-zero exit status: 3") as caught:
        bake.build()

    assert bake.versions() == {}
    assert bake.left_over() == []
    wish, command = caught.value.advice[0]
    assert wish == "all that Packer said"
    assert "exit status: 3" in (bake.root / command.removeprefix("less ")).read_text()


def test_verbose_shows_every_line_of_packers(bake: Bakery) -> None:
    bake.build(verbose=True)

    assert "==> azure-arm.linux: Connected to SSH!\n" in bake.output


def test_a_rebuild_bakes_the_same_inputs_again(bake: Bakery) -> None:
    bake.build()

    assert bake.build(rebuild=True).version == "1.0.1"
    assert list(bake.versions()) == ["1.0.0", "1.0.1"]


def test_what_azure_refuses_during_the_bake_is_told_in_its_words(bake: Bakery) -> None:
    refusal = {"status": 409, "code": "QuotaExceeded", "message": "No cores are left."}
    bake.fault({"operation": "realize Microsoft.Compute/virtualMachines"}, {"fail": refusal})

    with pytest.raises(BuildFailed, match="QuotaExceeded"):
        bake.build()

    assert bake.left_over() == []


def test_a_mistake_in_a_template_is_told_by_file_and_line(bake: Bakery) -> None:
    template = bake.root / "packer" / "linux" / "linux.pkr.hcl"
    text = template.read_text().replace('os_type         = "Linux"', 'os_typo         = "Linux"')
    template.write_text(text)
    line = text[: text.index("os_typo")].count("\n") + 1

    with pytest.raises(DefinitionError) as caught:
        bake.build()

    assert f"packer/linux/linux.pkr.hcl:{line}: Unsupported argument" in str(caught.value)
    assert bake.left_over() == []


def test_the_secret_is_in_no_file_of_the_run_and_not_in_the_output(bake: Bakery) -> None:
    bake.write("scripts/install.sh", "#!/bin/sh\nexit 1\n")
    with pytest.raises(BuildFailed):
        bake.build()

    files = [file for file in (bake.root / ".pipeline").rglob("*") if file.is_file()]
    assert any(file.name == "packer.log" for file in files)
    assert not [file for file in files if bake.emulator.secret in file.read_text()]
    assert bake.emulator.secret not in bake.output


def test_a_version_that_appeared_meanwhile_is_not_written_over(bake: Bakery) -> None:
    bake.build()
    there = bake.versions()["1.0.0"]
    # The gallery's list is late: the survey does not see what a direct look does.
    bake.fault(
        {"method": "GET", "path": f"images/{bake.image}/versions/?$"},
        {"fail": {"status": 404, "code": "ResourceNotFound", "message": "not yet"}},
    )
    bake.write("files/page.html", "Hallo\n")

    with pytest.raises(Refused, match="it is there already"):
        bake.build()

    assert bake.versions() == {"1.0.0": there}


def test_a_group_of_a_run_on_another_machine_is_left_alone_and_its_run_named(
    bake: Bakery,
) -> None:
    tags = {
        "system": "bakeswap",
        "image": bake.image,
        "environment": "lab",
        "run": "99991231T235959Z-elsewhere-0001",
    }
    bake.make_group(f"bakeswap-build-{bake.image}-1-0-0", tags)

    with pytest.raises(Refused, match="99991231T235959Z-elsewhere-0001"):
        bake.build()

    assert bake.left_over() == [f"bakeswap-build-{bake.image}-1-0-0"]


def test_what_a_dead_run_left_in_azure_goes_first(bake: Bakery) -> None:
    tags = {
        "system": "bakeswap",
        "image": bake.image,
        "environment": "lab",
        "run": "20200101T000000Z-elsewhere-0001",
    }
    bake.make_group(f"bakeswap-build-{bake.image}-1-0-0", tags)

    assert bake.build().version == "1.0.0"
    assert bake.left_over() == []


def test_a_machine_that_cannot_be_made_for_the_check_leaves_the_version_unchecked(
    bake: Bakery,
) -> None:
    refusal = {"status": 409, "code": "QuotaExceeded", "message": "No cores are left."}
    check = f"bakeswap-check-{bake.image}-1-0-0/providers/Microsoft.Compute"
    bake.fault({"method": "PUT", "path": check}, {"fail": refusal})

    with pytest.raises(PipelineError, match="QuotaExceeded"):
        bake.build()

    assert bake.versions()["1.0.0"].check == ""
    assert bake.left_over() == []
    assert bake.build().result == "checked"
    assert bake.versions()["1.0.0"].is_eligible


def killed_in_the_middle(bake: Bakery, *, packer_too: bool) -> None:
    """Start a build as a process, and kill it (SIGKILL) while Packer has a machine."""
    bake.fault({"method": "POST", "path": f"-{bake.image}-1-0-0/.*/deallocate"}, {"delay": LONG})
    with subprocess.Popen(
        bake.command, cwd=bake.root, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as process:
        runs = bake.root / ".pipeline" / "runs"
        until(lambda: any("Powering off" in log.read_text() for log in runs.rglob("packer.log")))
        packers = [int(pid) for pid in children(process.pid)]
        process.kill()
        if packer_too:
            for pid in packers:
                os.killpg(pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_a_build_killed_in_the_middle_is_finished_by_the_next_and_nothing_is_left(
    bake: Bakery,
) -> None:
    killed_in_the_middle(bake, packer_too=False)

    outcome = bake.build()

    assert (outcome.version, outcome.result) == ("1.0.0", "built")
    assert bake.left_over() == []
    assert bake.versions()["1.0.0"].is_eligible


def test_a_build_killed_together_with_its_packer_is_finished_by_the_next(bake: Bakery) -> None:
    killed_in_the_middle(bake, packer_too=True)
    assert bake.left_over() == [f"bakeswap-build-{bake.image}-1-0-0"]

    outcome = bake.build()

    assert (outcome.version, outcome.result) == ("1.0.0", "built")
    assert "left by run" in bake.output
    assert bake.left_over() == []


def test_a_build_killed_while_the_check_machine_boots_is_only_checked_by_the_next(
    bake: Bakery,
) -> None:
    boot = f"bakeswap-check-{bake.image}-1-0-0/.*/virtualMachines"
    bake.fault({"method": "PUT", "path": boot}, {"delay": 10.0})
    with subprocess.Popen(
        bake.command, cwd=bake.root, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as process:
        until(lambda: bake.left_over() == [f"bakeswap-check-{bake.image}-1-0-0"])
        process.kill()

    outcome = bake.build()

    assert (outcome.version, outcome.result) == ("1.0.0", "checked")
    assert bake.versions()["1.0.0"].is_eligible
    assert bake.left_over() == []


def test_ctrl_c_lets_packer_clean_up_and_exits_with_130(bake: Bakery) -> None:
    bake.fault({"method": "POST", "path": f"-{bake.image}-1-0-0/.*/deallocate"}, {"delay": LONG})
    with subprocess.Popen(
        bake.command, cwd=bake.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        runs = bake.root / ".pipeline" / "runs"
        until(lambda: any("Powering off" in log.read_text() for log in runs.rglob("packer.log")))
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate()

    assert process.returncode == 130, told
    assert "interrupted: Packer removes its machine" in told
    assert bake.left_over() == []
    assert bake.versions() == {}


def test_nightly_goes_on_after_a_failure_and_ends_with_a_table(bake: Bakery) -> None:
    second = bake.root / "images" / f"{bake.image}-bad"
    bake.write(f"../{second.name}/image.hcl", (bake.folder / "image.hcl").read_text().replace(
        f'image "{bake.image}"', f'image "{second.name}"'))  # fmt: skip
    for file in ("files/page.html", "scripts/install.sh"):
        bake.write(f"../{second.name}/{file}", "#!/bin/sh\nexit 4\n")
    bake.write(f"../{second.name}/checks/test_it.py", GOOD_CHECK)
    create_environment(bake.session())

    with pytest.raises(PipelineError, match=f"1 of 2 images failed: {second.name}"):
        nightly(bake.session())

    rows = [line.split()[:3] for line in bake.output.splitlines() if line.startswith("app")]
    assert [bake.image, "1.0.0", "built"] in rows
    assert [second.name, "-", "failed"] in rows


def test_nightly_rebuilds_for_a_newer_base_and_says_so(bake: Bakery) -> None:
    bake.build()
    nightly(bake.session(), [bake.image])
    assert "nothing to do" in bake.output
    newer = {
        "publisher": "Debian",
        "offer": "debian-12",
        "sku": "12-gen2",
        "version": f"0.20260201.{bake.image.removeprefix('app')}",
    }
    assert bake.emulator.call("POST", "/emulator/marketplace", newer).status == 204

    nightly(bake.session(), [bake.image])

    assert "0.20260101.1 -> Debian:debian-12:12-gen2:0.20260201." in bake.output
    assert bake.versions()["1.0.1"].is_eligible


def test_a_planned_nightly_says_what_it_would_build_and_builds_nothing(bake: Bakery) -> None:
    create_environment(bake.session())

    nightly(bake.session(plan_only=True), [bake.image])

    rows = [line.split()[:3] for line in bake.output.splitlines() if line.startswith("app")]
    assert rows == [[bake.image, "1.0.0", "planned"]]
    assert bake.versions() == {}


def test_nightly_tells_programs_one_document(bake: Bakery) -> None:
    bake.build()
    nightly(replace(bake.session(), output=ForPrograms(bake.said)), [bake.image])

    document = json.loads(bake.output.splitlines()[-1])
    assert document["images"][0]["result"] == "nothing to do"
