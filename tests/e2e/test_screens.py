"""What a person sees of a real bake and a real stage, on terminals of three widths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.advice import Command, build_image, create_environment, stage, start_emulator
from pipeline.demo import Demo, Scene
from pipeline.output.people import ForPeople
from tests.conftest import ROOT, free_addresses
from tests.e2e.test_main_job import IMAGES, free_port
from tests.execution.image_project import packer_or_skip
from tests.output.screen import Shown, run

pytestmark = [pytest.mark.packer, pytest.mark.slow]

WIDTHS = (60, 80, 120)
MARK = 9
"""Columns for a row's mark and number; they are blank before a phase and where a line goes on."""
MOST_LINES = 60
"""Far fewer than the 336 that a row which repeats itself down the screen leaves."""


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shown]]:
    """What was shown of a bake and of its stage, by command and width."""
    packer_or_skip()
    shown: dict[str, Shown] = {}
    with free_addresses() as block:
        folder = tmp_path_factory.mktemp("screens") / "project"
        scene = Scene(
            ROOT, folder, IMAGES["simulated"], "simulated", port=free_port(), addresses=block
        )
        demo = Demo(scene, ForPeople())
        demo.prepare()
        try:
            demo.invoke(start_emulator(), "--machines", "simulated", "--addresses", block)
            demo.invoke(create_environment())
            for width in WIDTHS:
                demo.change_the_page()
                shown[f"build-image {width}"] = typed(build_image("web"), width, folder)
                shown[f"stage {width}"] = typed(stage("web"), width, folder)
            yield shown
        finally:
            demo.end_emulator()


def typed(command: Command, width: int, folder: Path) -> Shown:
    """A command in a terminal so wide."""
    words = command.typed().split()
    program = ROOT / ".venv" / "bin" / words[0]
    return run([program, "--search-root", ROOT, *words[1:]], width, cwd=folder, timeout=300)


NAMES = [f"{command} {width}" for command in ("build-image", "stage") for width in WIDTHS]


@pytest.mark.parametrize("name", NAMES)
def test_a_command_ends_well_and_leaves_no_line_of_work_under_way(
    screens: dict[str, Shown], name: str
) -> None:
    shown = screens[name]
    assert shown.returncode == 0, shown.lines
    assert not [line for line in shown.lines if line.startswith(" .. ")]
    assert len(shown.lines) <= MOST_LINES


@pytest.mark.parametrize("name", NAMES)
def test_no_row_is_shown_twice(screens: dict[str, Shown], name: str) -> None:
    begun = [
        line
        for line in screens[name].lines
        if line[:MARK].strip() and len(line.split()) > 1  # not an id that a line was wrapped at
    ]
    lines = Counter(begun)
    assert [line for line, times in lines.items() if times > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_step_of_the_plan_is_told_once_as_done(screens: dict[str, Shown], name: str) -> None:
    lines = screens[name].lines
    done = [line.split()[1] for line in lines if line.startswith(" ok ")]
    assert done == [str(number) for number in range(1, len(done) + 1)]
    assert len(done) >= 3
