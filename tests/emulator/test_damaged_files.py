"""No file of the emulator, whatever was done to it, gives a traceback or makes it wait for ever."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import resource
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.store import Record, Store
from pipeline.emulator.command_line import main
from pipeline.emulator.files import FileError
from pipeline.emulator.identity.credentials import credentials
from pipeline.emulator.machines.accelerator import Accelerator, choose
from pipeline.emulator.machines.disks import Disks
from pipeline.emulator.machines.offer import Host, Offer
from pipeline.emulator.machines.seam import MachineError
from tests.conftest import free_addresses
from tests.emulator.damages import DAMAGES, SECONDS, at_most

MUTATIONS = 500

READ = (
    "credentials.json",
    "store.sqlite",
    "signing-key.pem",
    "sealing-key",
    "ca.pem",
    "ca-key.pem",
)
"""What the emulator cannot do without."""
OTHERS = (
    "server.pem",
    "serving.json",
    "port",
    "lock",
    "balancer/runtime",
    "balancer/haproxy.log",
)
"""What is written anew at each start, or can be done without."""


def stop(_: dict[str, Any]) -> None:
    """Ask an emulator that serves to end."""
    os.kill(os.getpid(), signal.SIGTERM)


def start(state: Path, block: str) -> int:
    """Start an emulator in this process, and stop it as soon as it serves; its exit code."""
    given = ["--machines", "simulated", "--port", "0", "--addresses", block]
    with at_most(SECONDS):
        return main(["serve", "--state", str(state), "--cache", str(state / "cache"), *given], stop)


@pytest.fixture(scope="module")
def addresses() -> Iterator[str]:
    """A block of addresses beside that of the emulator of other tests."""
    with free_addresses() as block:
        yield block


@pytest.fixture(scope="module")
def used_state(tmp_path_factory: pytest.TempPathFactory, addresses: str) -> Path:
    """The state folder of an emulator that served, with a resource and a fact in its store."""
    folder = tmp_path_factory.mktemp("used") / "state"
    assert start(folder, addresses) == 0
    store = Store(folder / "store.sqlite")
    group = ResourceId.group("b5a4e5a0-0000-4000-8000-000000000001", "rg")
    document = {"id": str(group), "name": "rg", "location": "westeurope", "properties": {}}
    store.put(Record(group, document))
    store.set_fact("addresses", {"nic": "127.80.0.1"})
    store.close()
    return folder


@pytest.fixture
def state(used_state: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to be damaged."""
    folder = tmp_path / "state"
    shutil.copytree(used_state, folder)
    return folder


def test_an_undamaged_state_serves(
    state: Path, addresses: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(state, addresses) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", READ)
def test_a_damaged_file_is_refused_in_one_line_with_its_name_and_what_to_do(
    state: Path, addresses: str, name: str, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    DAMAGES[damage](state / name)
    code = start(state, addresses)
    shown = capsys.readouterr().err
    if (name, damage) == ("store.sqlite", "empty"):
        assert code == 0  # an empty file is an empty database
        return
    assert code == 1
    assert shown.count("\n") == 1
    assert shown.startswith("emulator: ")
    assert str(state / "ca") in shown if name.startswith("ca") else str(state / name) in shown
    assert any(word in shown for word in ("delete", "move away", "let this user"))


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", OTHERS)
def test_a_damaged_file_that_is_written_anew_is_replaced_or_named(
    state: Path, addresses: str, name: str, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = state / name
    file.touch()
    DAMAGES[damage](file)
    code = start(state, addresses)
    shown = capsys.readouterr().err
    assert (code, shown) == (0, "") or (code == 1 and shown.count("\n") == 1 and str(file) in shown)


def test_a_damaged_pointer_to_the_load_balancer_never_deletes_anything(
    state: Path, addresses: str, tmp_path: Path
) -> None:
    precious = tmp_path / "bakeswap-balancer" / "precious"
    precious.mkdir(parents=True)
    for text in (str(precious), str(precious.parent), "", ".", "/", "bakeswap-balancer-x"):
        (state / "balancer" / "runtime").write_text(text)
        assert start(state, addresses) == 1
    assert precious.is_dir()
    assert (state / "store.sqlite").is_file()


def test_a_state_of_another_version_is_refused(
    state: Path, addresses: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(state / "store.sqlite")
    store._run("PRAGMA user_version=1")
    store.close()
    assert start(state, addresses) == 1
    shown = capsys.readouterr().err
    assert "written by another version of the emulator" in shown
    assert f"delete {state}" in shown


@pytest.mark.parametrize("place", ["state", "state/balancer", "state/simulated", "state/cache"])
def test_a_file_in_place_of_a_folder_is_named(
    state: Path, addresses: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = state.parent / place
    shutil.rmtree(folder, ignore_errors=True)
    folder.touch()
    code = start(state, addresses)
    shown = capsys.readouterr().err
    assert (code, shown) == (0, "") or (
        code == 1 and shown.count("\n") == 1 and str(folder) in shown
    )


@pytest.mark.parametrize("reason", [errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("name", [name for name in (*READ, *OTHERS) if name != "store.sqlite"])
def test_a_file_that_may_not_be_opened_is_named(
    state: Path,
    addresses: str,
    name: str,
    reason: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (state / name).touch()
    monkeypatch.setattr(os, "open", Refusing(state / name, reason))
    code = start(state, addresses)
    shown = capsys.readouterr().err
    assert (code, shown) == (0, "") or (code == 1 and shown.count("\n") == 1)
    assert code == 0 or (str(state / name) in shown and "let this user read and write it" in shown)


class Refusing:
    """`os.open` on a system that refuses one file; root may open everything."""

    def __init__(self, file: Path, reason: int) -> None:
        self._file = str(file)
        self._reason = reason
        self._open = os.open

    def __call__(self, path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if os.fspath(path) == self._file:
            raise OSError(self._reason, os.strerror(self._reason), self._file)
        return self._open(path, flags, *rest, **named)


def test_a_store_that_may_not_be_written_is_named(
    state: Path, addresses: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = state / "store.sqlite"
    file.chmod(0o400)
    if os.access(file, os.W_OK):
        pytest.skip("root may write everything")
    assert start(state, addresses) == 1
    shown = capsys.readouterr().err
    assert str(file) in shown
    assert "let this user read and write it" in shown


@pytest.mark.parametrize("is_new", [True, False])
def test_a_full_disk_is_named_in_one_line(
    state: Path, addresses: str, is_new: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if is_new:
        shutil.rmtree(state)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        code = start(state, addresses)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    shown = capsys.readouterr().err
    assert code == 1
    assert shown.count("\n") == 1
    assert "free some space" in shown


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content with some bytes changed, removed or repeated."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(changed)) if changed else 0
        match chance.randrange(3):
            case 0 if changed:
                changed[place] = chance.randrange(256)
            case 1:
                del changed[place : place + chance.randint(1, 64)]
            case _:
                changed[place:place] = changed[place : place + chance.randint(1, 64)]
    return bytes(changed)


def opened(file: Path) -> None:
    """Read a store or credentials as a start does."""
    if file.name == "credentials.json":
        credentials(file)
        return
    store = Store(file)
    try:
        store.restore({})
        store.fact("addresses", dict[str, str])
        store.put(Record(ResourceId.group("s", "other"), {"name": "other"}))
    finally:
        store.close()


@pytest.mark.parametrize("name", ["store.sqlite", "credentials.json"])
def test_mutations_are_read_or_refused(used_state: Path, tmp_path: Path, name: str) -> None:
    content, refusals = (used_state / name).read_bytes(), 0
    chance = random.Random(f"{name} 1")  # noqa: S311 - the same mutations in every run
    with at_most(3 * SECONDS):
        for number in range(MUTATIONS // 2):
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / name).write_bytes(mutated(content, chance))
            try:
                opened(folder / name)
            except FileError as refusal:
                refusals += 1
                assert str(folder / name) in str(refusal)
                assert "\n" not in str(refusal)
    assert refusals > MUTATIONS // 20


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_memory_in_the_cache_is_made_again(tmp_path: Path, damage: str) -> None:
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    memory, offer = tmp_path / f"accelerator-{boot}.json", tmp_path / "offer.json"
    memory.write_text(json.dumps({"kind": "kvm", "sentence": "KVM"}))
    offer.write_text(json.dumps({"version": "0.20260101.1", "asked": 0}))
    for file in (memory, offer):
        DAMAGES[damage](file)
    with at_most(SECONDS):
        assert isinstance(asyncio.run(choose(tmp_path, tmp_path / "disk")), Accelerator)
        assert Offer(tmp_path, Host("other", "", ""))._remembered() == ("", True)


@pytest.mark.parametrize("damage", ["empty", "a FIFO", "a folder"])
@pytest.mark.parametrize("name", ["disk.raw", "vmlinuz", "initrd"])
def test_a_damaged_base_image_is_named(tmp_path: Path, name: str, damage: str) -> None:
    base = tmp_path / "base"
    base.mkdir()
    for each in ("disk.raw", "vmlinuz", "initrd"):
        (base / each).write_bytes(b"contents")
    DAMAGES[damage](base / name)
    with at_most(SECONDS), pytest.raises(MachineError, match=f"{name}: .*delete {base}"):
        asyncio.run(Disks(tmp_path).add_image(base, "image"))
