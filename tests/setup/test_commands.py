"""Running other programs, with real ones."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from pipeline.setup import commands
from pipeline.setup.reporting import Reporter, SetupError


def test_a_failing_command_shows_the_end_of_its_log_and_what_to_do(tmp_path: Path) -> None:
    script = "import sys; print('first'); [print(n) for n in range(50)]; sys.exit('disk full')"

    with pytest.raises(SetupError) as failure:
        commands.run_logged(
            "unpacking",
            [sys.executable, "-c", script],
            log=tmp_path / "logs" / "unpacking.log",
            reporter=Reporter(io.StringIO()),
            remedy="df -h",
        )

    assert "unpacking failed (code 1)" in str(failure.value)
    assert "disk full" in str(failure.value)
    assert "first" not in str(failure.value)
    assert str(failure.value).endswith("then: df -h")
    assert "first" in (tmp_path / "logs" / "unpacking.log").read_text()


def test_a_command_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no-such-program does not start"):
        commands.run_logged(
            "step",
            [tmp_path / "no-such-program"],
            log=tmp_path / "log",
            reporter=Reporter(io.StringIO()),
        )


@pytest.mark.parametrize("script", ["raise SystemExit(3)", "import time; time.sleep(60)"])
def test_a_quick_question_without_an_answer_gives_none(script: str) -> None:
    assert commands.output_of([sys.executable, "-c", script], seconds=0.5) is None


def test_programs_in_the_folders_of_root_are_found_without_their_being_on_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    assert commands.search_path().split(":")[0] == "/nowhere"
    assert {"/usr/sbin", "/sbin"} <= set(commands.search_path().split(":"))
