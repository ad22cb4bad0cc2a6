"""The CLI: what `invoke` lists, help, version, exit codes; and that no failure is a traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT, Emulator, free_addresses
from tests.output.screen import run

INVOKE = Path(sys.executable).with_name("invoke")
COMMANDS = {
    "adopt",
    "create-environment",
    "build-image",
    "check-image",
    "dashboard",
    "doctor",
    "fleet",
    "fleet.plan",
    "fleet.report",
    "preflight",
    "stage",
    "promote",
    "revoke",
    "rollback",
    "rehearse",
    "roll",
    "unstage",
    "prune",
    "destroy-environment",
    "hold",
    "release",
    "report",
    "history",
    "init",
    "cost",
    "status",
    "nightly",
    "diff",
    "vulnerabilities",
    "demo",
    "evidence.show",
    "evidence.verify",
    "evidence.export",
    "emulator.start",
    "emulator.stop",
    "emulator.status",
    "emulator.reset",
}


def invoke(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, as a person would."""
    environment = {key: value for key, value in os.environ.items() if key != "BAKESWAP_ENV"}
    return subprocess.run(
        [INVOKE, "--search-root", str(ROOT), *words],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


def listed() -> set[str]:
    """The commands that `invoke --list` names, by the shorter name where there are two."""
    told = invoke(ROOT, "--list").stdout
    named = re.findall(r"^  ([a-z][a-z.-]+)(?: \(([a-z]+)\))?  ", told, flags=re.MULTILINE)
    return {short or name for name, short in named}


def test_the_readme_shows_the_commands_as_they_are() -> None:
    assert invoke(ROOT, "--list").stdout.rstrip() in (ROOT / "README.md").read_text()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's definitions in a folder of their own, whose cloud is not there."""
    for folder in ("images", "packer"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    text = (ROOT / "environments.hcl").read_text()
    (tmp_path / "environments.hcl").write_text(text.replace(":9443", ":1"))
    return tmp_path


def test_every_command_is_listed_with_a_sentence() -> None:
    assert listed() == COMMANDS


def test_every_command_is_documented_and_nothing_else_is() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    table = page.partition("## Commands")[2].partition("Options")[0]
    cells = "".join(line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`([a-z.-]+)`", cells)) == COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_has_help_which_is_asked_for_before_or_after_its_command(
    command: str,
) -> None:
    ended = invoke(ROOT, "--help", command)
    assert ended.returncode == 0
    assert ended.stdout.startswith(f"Usage: invoke {command} ")
    options = re.findall(r"^  (?:-\w\b.*?)?(--[\w-]+)(.*)$", ended.stdout, flags=re.MULTILINE)
    for option, rest in options:
        assert re.search(r"\s{2,}\S", rest), f"{option} says nothing"
    assert invoke(ROOT, command, "--help").stdout == ended.stdout


@pytest.mark.parametrize("command", ["stage", "status", "fleet", "evidence.show"])
def test_help_is_asked_for_among_the_words_of_a_command(command: str) -> None:
    asked = invoke(ROOT, "--help", command)
    for words in (
        (command, "-h"),
        (command, "web", "--help"),
        (command, "--env", "local", "--help"),
        (command, "web", "--help", "--json"),
    ):
        ended = invoke(ROOT, *words)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, asked.stdout, ""), words


def test_another_invoke_than_ours_gives_the_same_help() -> None:
    for words in (("stage", "--help"), ("stage", "web", "-h")):
        ended = subprocess.run(
            [sys.executable, "-m", "invoke", *words],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        assert ended.stdout == invoke(ROOT, "--help", "stage").stdout


def test_help_names_the_words_a_command_takes() -> None:
    assert invoke(ROOT, "stage", "--help").stdout.startswith(
        "Usage: invoke stage IMAGE [options]\n"
    )


def test_help_about_a_command_that_does_not_exist_is_an_error() -> None:
    ended = invoke(ROOT, "bake", "--help")
    assert ended.returncode == 1
    assert "'bake'" in ended.stderr


def test_the_version_is_ours() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert invoke(ROOT, "--version").stdout == f"bakeswap {version}\n"


@pytest.mark.parametrize(
    ("line", "code", "errors"),
    [
        ("--list | true", "0", ""),
        ("stage --help | true", "0", ""),
        ("emulator.status | true", "0", ""),
        ("--list >/dev/full", "1", "cannot write: No space left on device\n"),
        ("emulator.status >/dev/full", "0", ""),
        ("emulator.status >&-", "0", ""),
    ],
)
def test_output_that_nobody_takes_is_no_traceback(line: str, code: str, errors: str) -> None:
    ended = subprocess.run(
        ["bash", "-c", f'"{INVOKE}" {line}; echo "${{PIPESTATUS[0]}}"'],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert (ended.stdout, ended.stderr) == (f"{code}\n", errors)


def test_a_failure_in_a_terminal_is_wrapped_at_words_and_its_advice_is_whole(
    project: Path,
) -> None:
    shown = run([INVOKE, "--search-root", ROOT, "status"], columns=60, cwd=project)
    assert shown.returncode == 1
    assert shown.lines[0] == "Unreachable:"
    assert shown.lines[-1] == "  start the emulator   invoke emulator.start"


def test_listing_imports_nothing_that_is_slow() -> None:
    program = "import sys, tasks; print(sorted(name for name in sys.modules))"
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for slow in ("azure", "hcl2", "lark", "rich", "pipeline.execution"):
        assert f"'{slow}'" not in ended.stdout


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("status", "--env", "nowhere"), 2, "no environment 'nowhere'"),
        (("stage", "nothing"), 2, "no image 'nothing' under images/; there are: "),
        (("promote", "web"), 1, "emulator/credentials.json: does not exist"),
        (("status", "--image", "web"), 1, "emulator/credentials.json: does not exist"),
        (("emulator.status",), 0, "is not running"),
        (("emulator.stop",), 0, "was not running"),
        (("emulator.reset",), 1, "no answer from the emulator"),
    ],
)
def test_a_failure_is_words_and_an_exit_code(
    project: Path, words: tuple[str, ...], code: int, text: str
) -> None:
    ended = invoke(project, *words)
    assert text in ended.stdout
    assert ended.returncode == code
    assert "Traceback" not in ended.stdout + ended.stderr


def test_starting_the_emulator_is_advised_where_nothing_listens_at_its_address(
    project: Path,
) -> None:
    ended = invoke(project, "status", "--env", "local")
    assert "  start the emulator   invoke emulator.start --env local\n" in ended.stdout


def test_starting_the_emulator_is_not_advised_for_other_failures(project: Path) -> None:
    state = project / ".pipeline" / "emulator"
    state.mkdir(parents=True)
    (state / "credentials.json").write_text("{}")
    ended = invoke(project, "status")
    assert ended.returncode == 1
    assert "start the emulator" not in ended.stdout


def test_a_mistake_in_a_file_is_told_with_its_line_and_exit_code_2(project: Path) -> None:
    file = project / "images" / "web" / "image.hcl"
    file.write_text(file.read_text().replace("scale_set", "scaleset"))
    ended = invoke(project, "status", "--json")
    document = json.loads(ended.stdout)
    assert ended.returncode == 2
    assert re.search(r"images/web/image\.hcl:\d+: ", document["text"])
    assert document["exit_code"] == 2


def test_a_demo_of_unknown_images_is_refused_before_it_makes_anything(project: Path) -> None:
    ended = invoke(project, "demo", "--images", "shop")
    assert ended.returncode == 2
    assert '--images "shop" is not one of web, all' in ended.stdout
    assert not (project / ".pipeline" / "demo").exists()


def test_a_folder_without_definitions_is_told(tmp_path: Path) -> None:
    ended = invoke(tmp_path, "status")
    assert ended.returncode == 2
    assert "environments.hcl" in ended.stdout
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
def test_the_emulator_starts_serves_is_emptied_and_stops(project: Path) -> None:
    definitions = project / "environments.hcl"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    definitions.write_text(definitions.read_text().replace("127.0.0.1:1", f"127.0.0.1:{port}"))
    with free_addresses() as block:
        given = ("--machines", "simulated", "--addresses", block)
        try:
            started = invoke(project, "emulator.start", *given)
            assert f"running at https://127.0.0.1:{port} with simulated" in started.stdout
            assert invoke(project, "emulator.start", *given).returncode == 0
            assert invoke(project, "create-environment").returncode == 0
            told = json.loads(invoke(project, "emulator.status", "--json").stdout)
            assert told["resources"]["Microsoft.Network/loadBalancers"] == 1
            status = invoke(project, "status")
            assert "nothing" in status.stdout
            refused = invoke(project, "stage", "web")
            assert refused.returncode == 1
            assert "invoke build-image web" in refused.stdout
            emptied = invoke(project, "emulator.reset")
            assert "bakeswap-local" in emptied.stdout
        finally:
            stopped = invoke(project, "emulator.stop")
        assert "has stopped" in stopped.stdout
        assert "is not running" in invoke(project, "emulator.status").stdout


def test_an_interruption_is_no_traceback_and_has_its_own_exit_code(
    project: Path, emulator: Emulator
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        definitions = project / "environments.hcl"
        port = silent.getsockname()[1]
        definitions.write_text(definitions.read_text().replace("127.0.0.1:1", f"127.0.0.1:{port}"))
        state = project / ".pipeline" / "emulator"
        state.mkdir(parents=True)
        shutil.copy(emulator.ca_file, state / "ca.pem")
        shutil.copy(emulator.facts["credentials_file"], state / "credentials.json")
        command = [str(INVOKE), "--search-root", str(ROOT), "status"]
        with subprocess.Popen(
            command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            silent.settimeout(60)
            connection, _ = silent.accept()
            with connection:
                process.send_signal(signal.SIGTERM)
                told, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.startswith("Interrupted. Run the same command again to continue.")
    assert "Traceback" not in errors
