"""What a shell offers: the candidates, and a real bash that asks for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.completion import Grammar, candidates
from pipeline.seen_versions import remember
from tests.conftest import ROOT

INVOKE = Path(sys.executable).with_name("invoke")
GRAMMAR = Grammar(
    {
        "": {"--list": False, "--search-root": True, "-r": True},
        "stage": {"--env": True, "-e": True, "--version": True, "-v": True, "--json": False},
        "status": {"--env": True, "-e": True, "--image": True, "--json": False},
        "emulator.start": {"--machines": True},
    },
    {"stage": ("image",), "status": (), "emulator.start": ()},
)
ENVIRONMENTS = 'environment "local" {\n}\n# environment "old" {\n  environment "production" {\n}\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two images, two environments, and the versions that were seen in one of them."""
    monkeypatch.delenv("BAKESWAP_ENV", raising=False)
    for image in ("web", "worker"):
        (tmp_path / "images" / image).mkdir(parents=True)
        (tmp_path / "images" / image / "image.hcl").touch()
    (tmp_path / "images" / "no-image").mkdir()
    (tmp_path / "environments.hcl").write_text(ENVIRONMENTS)
    remember(tmp_path / ".pipeline", "local", "web", ["1.0.0", "1.0.1"])
    remember(tmp_path / ".pipeline", "production", "web", ["2.0.0"])
    return tmp_path


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("invoke ", ["emulator.start", "stage", "status"]),
        ("invoke st", ["stage", "status"]),
        ("bakeswap st", ["stage", "status"]),
        ("/a/venv/bin/invoke sta", ["stage", "status"]),
        ("BAKESWAP_ENV=x inv em", ["emulator.start"]),
        ("invoke -r folder sta", ["stage", "status"]),
        ("invoke stage ", ["web", "worker"]),
        ("invoke stage  we", ["web"]),
        ("invoke stage --json wo", ["worker"]),
        ("invoke stage status", []),
        ("invoke stage web ", ["emulator.start", "stage", "status"]),
        ("invoke stage web --", ["--env", "--help", "--json", "--version"]),
        ("invoke stage web --version ", ["1.0.0", "1.0.1"]),
        ("invoke stage web --version=1.0.1", ["1.0.1"]),
        ("invoke stage web -v 9", []),
        ("invoke stage web --env production --version ", ["2.0.0"]),
        ("invoke stage web --env=production --version ", ["2.0.0"]),
        ("invoke stage web -e production -v ", ["2.0.0"]),
        ("invoke stage worker --version ", []),
        ("invoke stage --version ", []),
        ("invoke status --env ", ["local", "production"]),
        ("invoke status --env=pro", ["production"]),
        ("invoke status --image w", ["web", "worker"]),
        ("invoke status web stage we", ["web"]),
        ("invoke emulator.start --machines s", ["simulated"]),
        ("", ["emulator.start", "stage", "status"]),
    ],
)
def test_what_can_follow_is_offered(project: Path, line: str, offered: list[str]) -> None:
    assert candidates(line.split(" "), GRAMMAR, project) == offered


def test_versions_are_those_of_the_environment_that_would_be_chosen(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKESWAP_ENV", "production")
    assert candidates(["stage", "web", "-v", ""], GRAMMAR, project) == ["2.0.0"]


def test_versions_of_the_only_environment_are_offered(project: Path) -> None:
    (project / "environments.hcl").write_text('environment "production" {}\n')
    assert candidates(["stage", "web", "-v", ""], GRAMMAR, project) == ["2.0.0"]


@pytest.mark.parametrize("line", ["stage ", "stage web -v ", "status -e "])
def test_a_folder_without_a_project_offers_nothing(tmp_path: Path, line: str) -> None:
    assert candidates(line.split(" "), GRAMMAR, tmp_path) == []


def test_files_that_are_no_files_are_not_waited_for(project: Path) -> None:
    (project / "environments.hcl").unlink()
    os.mkfifo(project / "environments.hcl")
    shutil.rmtree(project / ".pipeline")
    (project / ".pipeline" / "versions" / "local").mkdir(parents=True)
    os.mkfifo(project / ".pipeline" / "versions" / "local" / "web.txt")
    assert candidates(["status", "-e", ""], GRAMMAR, project) == []
    assert candidates(["stage", "web", "-v", ""], GRAMMAR, project) == []


def test_versions_that_cannot_be_written_down_stop_no_command(tmp_path: Path) -> None:
    (tmp_path / ".pipeline").touch()
    remember(tmp_path / ".pipeline", "local", "web", ["1.0.0"])


def test_remembering_replaces_and_leaves_nothing_beside_it(project: Path) -> None:
    remember(project / ".pipeline", "local", "web", ["1.0.2"])
    (file,) = (project / ".pipeline" / "versions" / "local").iterdir()
    assert file.read_text() == "1.0.2\n"


def completed_by_bash(folder: Path, line: str, *words: str) -> list[str]:
    """What bash would offer after Tab; `words` is the line as bash breaks it."""
    program = """
        source <(invoke --print-completion-script bash)
        COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
        _bakeswap invoke "${COMP_WORDS[-1]}" "${COMP_WORDS[-2]}"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = f"{INVOKE.parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "--norc", "-c", program, "bash", line, *words],
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stderr == ""
    return ended.stdout.split()


@pytest.fixture
def checkout(project: Path) -> Path:
    """The project with our tasks beside it, as in a checkout."""
    (project / "tasks.py").write_text((ROOT / "tasks.py").read_text())
    return project


@pytest.mark.parametrize(
    ("line", "words", "offered"),
    [
        ("invoke sta", ("invoke", "sta"), ["stage", "status"]),
        ("invoke stage ", ("invoke", "stage", ""), ["web", "worker"]),
        ("invoke promote wo", ("invoke", "promote", "wo"), ["worker"]),
        (
            "invoke stage web --version 1",
            ("invoke", "stage", "web", "--version", "1"),
            ["1.0.0", "1.0.1"],
        ),
        (
            "invoke status --env=pro",
            ("invoke", "status", "--env", "=", "pro"),
            ["production"],
        ),
        ("invoke status --env=", ("invoke", "status", "--env", "="), ["local", "production"]),
        ("invoke stage web --pl", ("invoke", "stage", "web", "--pl"), ["--plan"]),
    ],
)
def test_bash_offers_what_there_is(
    checkout: Path, line: str, words: tuple[str, ...], offered: list[str]
) -> None:
    assert completed_by_bash(checkout, line, *words) == offered


def test_bash_says_nothing_where_there_are_no_tasks(tmp_path: Path) -> None:
    assert completed_by_bash(tmp_path, "invoke st", "invoke", "st") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str) -> None:
    ended = subprocess.run(
        [INVOKE, "--print-completion-script", shell],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert "--complete --" in ended.stdout


def test_a_shell_without_a_script_is_told_which_have_one() -> None:
    ended = subprocess.run(
        [INVOKE, "--print-completion-script", "tcsh"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 1
    assert ended.stderr == "no completion for 'tcsh'; there is: bash, fish, zsh\n"
