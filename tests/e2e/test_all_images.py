"""`make demo IMAGES=all`: the container host and its golden base, built, checked and served."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pytest

from pipeline import advice
from pipeline.definition.project import read
from pipeline.demo import ALL, Demo, Outcome, Scene
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.run.session import Session, choose_environment
from pipeline.output.people import ForPeople
from pipeline.planning.names import Tag
from tests.conftest import ROOT, free_addresses
from tests.e2e.test_main_job import IMAGES, free_port, page
from tests.execution.image_project import packer_or_skip

pytestmark = pytest.mark.packer

Machines = Literal["simulated", "qemu"]


@dataclass
class Ended:
    """A demo of all images that has ended; what it made is still there."""

    machines: Machines
    demo: Demo
    outcome: Outcome

    def tags(self, image: str) -> dict[str, str]:
        """Those of its version 1.0.0."""
        project = read(self.demo.folder)
        session = Session(project, choose_environment(project, "local"), ForPeople(io.StringIO()))
        (version,) = image_versions(session.azure, image)
        return dict(version.tags)


@pytest.fixture(
    scope="module",
    params=["simulated", pytest.param("qemu", marks=[pytest.mark.vm, pytest.mark.nightly])],
)
def ended(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ended]:
    packer_or_skip()
    machines: Machines = request.param
    folder = tmp_path_factory.mktemp("demo") / "project"
    with free_addresses() as block:
        scene = Scene(ROOT, folder, IMAGES[machines], machines, ALL, free_port(), block)
        demo = Demo(scene, ForPeople())
        demo.prepare()
        try:
            yield Ended(machines, demo, demo.run())
        finally:
            demo.end_emulator()


def test_what_is_served_serves_and_the_base_needs_no_load_balancer(ended: Ended) -> None:
    serving = {one["image"]: one["serving"] for one in ended.outcome.status["images"]}
    assert serving == {"containers": "1.0.0", "web": "1.0.0"}


def test_the_child_is_made_of_the_golden_base_and_both_passed_their_checks(ended: Ended) -> None:
    golden, child = ended.tags("golden"), ended.tags("containers")
    assert child[Tag.BASE] == "bakeswap/golden/1.0.0"
    assert golden[Tag.BASE].startswith("Debian:debian-12:")
    assert golden[Tag.CHECK] == child[Tag.CHECK] == "passed"


def test_the_next_night_finds_nothing_to_do(ended: Ended) -> None:
    told = ended.demo.invoke(advice.nightly(), quiet=True)
    rows = [line.split()[0] for line in told.splitlines() if "nothing to do" in line]
    assert {"containers", "golden", "web"} <= set(rows)


def test_the_container_serves_the_page_of_its_version(ended: Ended) -> None:
    assert "1.0.0" in page(ended.outcome, "containers", "production")
