"""The main job, whole: the commands a person types, real Packer, real machines, real traffic.

On simulated machines its commands are run by test_screens.py.
"""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import advice
from pipeline.definition.balancing import FrontendName
from pipeline.demo import Demo, Outcome, Scene, frontend
from pipeline.output.people import ForPeople
from tests.conftest import ROOT, free_addresses

pytestmark = [pytest.mark.alone, pytest.mark.packer, pytest.mark.vm]

IMAGES = {"simulated": Path(__file__).parent / "images", "qemu": ROOT / "images"}


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Outcome]]:
    """A demo that has ended; everything it made is still there."""
    folder = tmp_path_factory.mktemp("demo") / "project"
    with free_addresses() as block:
        scene = Scene(ROOT, folder, IMAGES["qemu"], port=free_port(), addresses=block)
        demo = Demo(scene, ForPeople())
        demo.prepare()
        try:
            yield demo, demo.run()
        finally:
            demo.end_emulator()


def page(outcome: Outcome, image: str, role: FrontendName) -> str:
    """The page behind a frontend of an image."""
    host, port = frontend(outcome.status, image, role)
    with urllib.request.urlopen(f"http://{host}:{port}/", timeout=60) as answer:
        text: str = answer.read().decode()
    return text


def test_no_request_is_lost_while_a_version_is_baked_staged_and_promoted(
    ended: tuple[Demo, Outcome],
) -> None:
    _, outcome = ended
    assert outcome.release.total.all.lost == 0
    assert set(dict(outcome.release.total.versions)) == {"1.0.0", "1.0.1"}


def test_no_request_is_lost_while_a_version_is_rolled_back(ended: tuple[Demo, Outcome]) -> None:
    _, outcome = ended
    assert outcome.rollback.total.all.lost == 0
    assert set(dict(outcome.rollback.total.versions)) == {"1.0.0", "1.0.1"}


def test_after_the_rollback_the_first_version_serves_and_the_second_still_runs(
    ended: tuple[Demo, Outcome],
) -> None:
    _, outcome = ended
    status = outcome.status["images"][0]
    assert (status["serving"], status["healthy"], status["instances"]) == ("1.0.0", 2, 2)
    assert (status["idle"], status["idle_healthy"]) == ("1.0.1", 2)


def test_the_frontends_serve_pages_of_their_versions(ended: tuple[Demo, Outcome]) -> None:
    _, outcome = ended
    assert "1.0.0" in page(outcome, "web", "production")
    assert "1.0.1" in page(outcome, "web", "staging")


def test_building_again_finds_nothing_to_do(ended: tuple[Demo, Outcome]) -> None:
    demo, _ = ended
    assert "nothing to do" in demo.invoke(advice.build_image("web"), quiet=True)


def test_nothing_of_the_bakes_and_checks_is_left(ended: tuple[Demo, Outcome]) -> None:
    demo, _ = ended
    facts = demo.emulator()
    assert facts["resources"]["Microsoft.Resources/resourceGroups"] == 1
    assert "Microsoft.Compute/virtualMachines" not in facts["resources"]
    assert "Microsoft.Compute/disks" not in facts["resources"]
