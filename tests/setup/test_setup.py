"""Set-up as a whole, on folders of its own and with stand-ins for Packer; and the real result."""

from __future__ import annotations

import io
import os
import re
import subprocess
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.setup import golang, packer, places, plugin, python
from pipeline.setup.__main__ import set_up
from pipeline.setup.places import Places
from pipeline.setup.reporting import Reporter
from tests.conformance_az.sdks import programs

REPOSITORY = Path(__file__).resolve().parents[2]


def names_of(requirements: list[str]) -> set[str]:
    """The packages that requirements name, as PyPI spells them."""
    return {re.split(r"[<>=\[]", each)[0] for each in requirements}


@pytest.fixture
def ready_machine(
    places: Places,
    packer_script: Callable[..., Path],
    plugin_script: Callable[[Path, str], Path],
) -> Places:
    """A user who has Packer and the plugin already."""
    installed = plugin_script(
        places.cache.parent / "packer-plugin-azure_v2.6.3_x5.0_linux_amd64", "2.6.3"
    )
    packer_script(places.cache.parent / "bin" / "packer", installed=(installed,))
    return places


def test_a_users_own_packer_and_plugin_are_put_where_the_pipeline_looks(
    ready_machine: Places, reporter: Reporter, default_version: Callable[[], str]
) -> None:
    set_up(frozenset({"packer"}), ready_machine, reporter)

    assert ready_machine.packer.resolve() == ready_machine.cache.parent / "bin" / "packer"
    assert default_version() == "2.6.3"


def test_a_second_set_up_has_nothing_to_do_and_says_nothing(ready_machine: Places) -> None:
    set_up(frozenset({"packer"}), ready_machine, Reporter(io.StringIO()))
    reporter = Reporter(io.StringIO())

    set_up(frozenset({"packer"}), ready_machine, reporter)

    assert not reporter.said_something


def test_a_plugin_given_later_is_added_and_does_not_become_the_default(
    ready_machine: Places,
    reporter: Reporter,
    plugin_script: Callable[[Path, str], Path],
    default_version: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_up(frozenset({"packer"}), ready_machine, reporter)
    given = plugin_script(ready_machine.cache / "mine", "2.7.0")
    monkeypatch.setenv("BAKESWAP_PACKER_PLUGIN", str(given))

    set_up(frozenset({"packer"}), ready_machine, reporter)

    assert (ready_machine.packer_share / "plugins-2.7.0").is_dir()
    assert default_version() == "2.6.3"


def test_a_packer_that_was_removed_is_looked_for_again(
    ready_machine: Places, reporter: Reporter, packer_script: Callable[..., Path]
) -> None:
    set_up(frozenset({"packer"}), ready_machine, reporter)
    (ready_machine.cache.parent / "bin" / "packer").unlink()
    other = packer_script(ready_machine.cached("packer", packer.VERSION))

    set_up(frozenset({"packer"}), ready_machine, reporter)

    assert ready_machine.packer.resolve() == other


def test_two_set_ups_in_one_folder_take_turns_and_the_second_says_so(
    tmp_path: Path, reporter: Reporter
) -> None:
    class Listener(io.StringIO):
        heard = threading.Event()

        def write(self, text: str) -> int:
            self.heard.set()
            return super().write(text)

    order: list[str] = []

    def second() -> None:
        with places.only_one(tmp_path, Reporter(Listener())):
            order.append("second")

    other = threading.Thread(target=second)
    with places.only_one(tmp_path, reporter):
        other.start()
        assert Listener.heard.wait(10)
        order.append("first")
    other.join(10)

    assert order == ["first", "second"]


@pytest.mark.parametrize(
    ("told", "version"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26, 8)),
        ("go version go1.19 linux/amd64", (1, 19)),
        ("go version devel +abc", (0,)),
    ],
)
def test_the_version_of_a_go_is_read(
    tmp_path: Path, script: Callable[[Path, str], Path], told: str, version: tuple[int, ...]
) -> None:
    assert golang.version_of(script(tmp_path / "go", f"echo {told}")) == version


def test_a_go_too_old_for_packer_is_passed_by_for_the_one_fetched_before(
    places: Places, script: Callable[[Path, str], Path], reporter: Reporter
) -> None:
    script(places.cache.parent / "bin" / "go", "echo go version go1.19.8 linux/amd64")
    newest = ".".join(map(str, golang.OLDEST))
    script(golang.cached(places), f"echo go version go{newest} linux/amd64")

    assert golang.version_of(golang.ensure(places, reporter)) >= golang.OLDEST
    assert not reporter.said_something


def test_the_oldest_go_taken_is_the_one_packers_module_asks_for() -> None:
    module = (golang.MODULES / "packer" / "go.mod").read_text()

    assert f"\ngo {'.'.join(map(str, golang.OLDEST))}\n" in module


@pytest.mark.parametrize("module", ["packer", "plugin", "actionlint"])
def test_each_go_module_pins_a_version_and_has_its_sum(module: str) -> None:
    version = golang.pinned(module)

    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    assert f" v{version} h1:" in (golang.MODULES / module / "go.sum").read_text()


@pytest.mark.parametrize(
    "lock", [python.LOCK, golang.LOCK, programs.NODE_LOCK], ids=["python", "go", "node"]
)
def test_a_lock_has_hashes_and_names_no_place_to_get_them_from(lock: Path) -> None:
    text = lock.read_text()

    assert "://" not in text
    assert "index" not in text
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[\w.-]+==\S+ ", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


def test_every_dependency_is_locked_and_explained() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    dependencies = names_of(project["project"]["dependencies"])
    development = names_of(project["dependency-groups"]["dev"])
    locked = names_of(re.findall(r"^[\w.-]+==", python.LOCK.read_text(), re.MULTILINE))
    page = (REPOSITORY / "docs" / "dependencies.md").read_text()
    explained = set(re.findall(r"^\| \[?`([\w.-]+)`", page, re.MULTILINE))

    assert dependencies | development <= locked
    assert dependencies | development <= explained


def test_invoke_is_our_own_program_and_the_rest_of_its_script_stays(
    places: Places, script: Callable[[Path, str], Path]
) -> None:
    for name in ("invoke", "inv"):
        script(places.venv / "bin" / name, f"import sys\n{python.INVOKES_PROGRAM}\nprogram.run()")

    python.use_our_program(places)

    for name in ("invoke", "inv"):
        text = (places.venv / "bin" / name).read_text()
        assert f"sys.path.insert(0, {str(places.repository)!r})\nfrom pipeline.cli import" in text
        assert python.INVOKES_PROGRAM not in text
        assert os.access(places.venv / "bin" / name, os.X_OK)


def test_set_up_left_an_invoke_that_is_ours() -> None:
    for name in ("invoke", "inv"):
        assert "from pipeline.cli import program" in (places.here().venv / "bin" / name).read_text()


def test_every_target_of_the_makefile_is_in_its_help() -> None:
    targets = re.findall(r"^\.PHONY: (help .*)", (REPOSITORY / "Makefile").read_text(), re.M)
    told = subprocess.run(
        ["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout

    listed = re.findall(r"^  make (\S+)", told, re.MULTILINE)
    assert set(listed) == set(targets[0].split()) - {"python3"}


@pytest.mark.packer
def test_set_up_left_a_packer_that_finds_the_azure_plugin_in_each_folder() -> None:
    real = places.here()
    folders = sorted(real.packer_share.glob("plugins*"))

    assert packer.version_of(real.packer) >= packer.OLDEST
    assert real.packer_share / "plugins" in folders
    for folder in folders:
        told = subprocess.run(
            [real.packer, "plugins", "installed"],
            env={**os.environ, **packer.QUIET, "PACKER_PLUGIN_PATH": str(folder)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        assert len(told) == 1
        version = plugin.version_of(Path(told[0]))
        assert f"_v{version}_" in told[0]
        assert folder.name in {"plugins", f"plugins-{version}"}
