"""Bakes and checks in a resource group that is there: nothing of ours stays, all of others does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipeline.errors import CheckFailed, Refused
from tests.conftest import Emulator
from tests.execution.image_project import (
    BAD_CHECK,
    GOOD_CHECK,
    ImageProject,
    image_project,
    kill_with_packer,
    packer_or_skip,
    until,
)

pytestmark = pytest.mark.packer

ADDRESS = {
    "location": "westeurope",
    "sku": {"name": "Standard"},
    "properties": {"publicIPAllocationMethod": "Static"},
}
DEAD = "20200101T000000Z-elsewhere-0001"


class Place:
    """An image whose environment bakes in a group of its own, where somebody put an address."""

    def __init__(self, project: ImageProject) -> None:
        self.project = project
        self.group = f"builds-of-{project.image}"
        self.path = f"{project.subscription}/resourceGroups/{self.group}"
        environments = project.root / "environments.hcl"
        written = environments.read_text()
        said = f'build_resource_group = "{self.group}"\n  gallery {{'
        environments.write_text(written.replace("gallery {", said, 1))

    def make(self, location: str = "westeurope") -> None:
        """Create the group, and in it what others have and what a dead run left."""
        call = self.project.emulator.call
        assert call("PUT", self.path, {"location": location}).status == 201
        tags = {
            "system": "bakeswap",
            "image": self.project.image,
            "environment": "lab",
            "run": DEAD,
        }
        for name, ours in (("theirs", {}), ("packer-left-it", tags)):
            address = f"{self.path}/providers/Microsoft.Network/publicIPAddresses/{name}"
            assert call("PUT", address, {**ADDRESS, "tags": ours}).status == 201

    def machines(self) -> list[str]:
        """The virtual machines in the group."""
        listed = f"{self.path}/providers/Microsoft.Compute/virtualMachines"
        found = self.project.emulator.call("GET", listed).body["value"]
        return [str(one["name"]) for one in found]

    def names(self) -> list[str]:
        """What is in the group."""
        found = self.project.emulator.call("GET", f"{self.path}/resources").body["value"]
        return sorted(str(one["name"]) for one in found)


@pytest.fixture
def place(tmp_path: Path, emulator: Emulator) -> Place:
    packer_or_skip()
    return Place(image_project(tmp_path, emulator))


def test_a_build_leaves_what_others_have_there_and_makes_no_group(place: Place) -> None:
    with pytest.raises(Refused, match="does not exist: build_resource_group") as missing:
        place.project.build()
    create = f"az group create --name {place.group} --location westeurope"
    assert [str(one.command) for one in missing.value.advice] == [create]

    place.make()
    assert place.project.build().version == "1.0.0"

    assert place.project.versions()["1.0.0"].is_eligible
    assert place.names() == ["theirs"]
    assert place.project.left_over() == []
    machines = place.project.requests("PUT", f"{place.group}/providers/Microsoft.Compute")
    assert [path.rpartition("/")[2].rpartition("-")[0] for path in machines] == ["bakeswap-check"]
    assert f"delete what run {DEAD} left in the resource group" in place.project.output


def test_a_machine_that_is_kept_goes_with_the_next_run(place: Place) -> None:
    place.make()
    place.project.write("checks/test_it.py", BAD_CHECK)
    with pytest.raises(CheckFailed):
        place.project.build(keep=True)
    kept = [name for name in place.names() if name.startswith("bakeswap-check-")]
    assert len(kept) == 3, "a machine, its interface and its disk"

    place.project.write("checks/test_it.py", GOOD_CHECK)
    place.project.build()
    assert place.names() == ["theirs"]


def test_what_a_run_left_that_was_killed_with_its_packer_goes_with_the_next(place: Place) -> None:
    place.make()
    place.project.fault({"method": "POST", "path": f"{place.group}/.*/deallocate"}, {"delay": 40.0})
    with subprocess.Popen(
        place.project.command,
        cwd=place.project.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    ) as process:
        runs = place.project.root / ".pipeline" / "runs"
        until(lambda: any("Powering off" in log.read_text() for log in runs.rglob("packer.log")))
        kill_with_packer(process)
    assert [name for name in place.names() if name.startswith("bakeswap-bake-")]

    assert place.project.build().version == "1.0.0"
    assert place.names() == ["theirs"]
    assert place.project.versions()["1.0.0"].is_eligible


def test_a_disk_whose_machine_was_gone_when_its_run_died_is_known_by_its_name(
    place: Place,
) -> None:
    """Azure promises no tags on a disk that is made with a machine."""
    place.make()
    call = place.project.emulator.call
    hold = {"method": "DELETE", "path": f"{place.group}/.*/disks/"}
    place.project.fault(hold, {"drop": True}, 99)
    with subprocess.Popen(
        place.project.command,
        cwd=place.project.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    ) as process:
        machines = f"{place.group}/providers/Microsoft.Compute/virtualMachines/"
        until(lambda: place.project.requests("DELETE", machines) != [] and not place.machines())
        kill_with_packer(process)
    call("DELETE", "/emulator/faults")
    (disk,) = [name for name in place.names() if name.startswith("bakeswap-bake-")]
    resource = f"{place.path}/providers/Microsoft.Compute/disks/{disk}"
    untag = f"{resource}/providers/Microsoft.Resources/tags/default"
    assert call("DELETE", untag).status == 200
    assert not call("GET", resource).body.get("tags")

    place.project.build()

    assert place.names() == ["theirs"]


def test_a_group_in_another_region_is_refused_before_the_bake(place: Place) -> None:
    place.make("northeurope")
    with pytest.raises(Refused, match="is in northeurope, and Packer bakes where its group is"):
        place.project.build()
    assert place.project.versions() == {}
