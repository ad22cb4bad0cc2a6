"""The parts of real machines that need none: sources, versions, command line, profile, disks."""

from __future__ import annotations

import asyncio
import io
import subprocess
import tarfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.emulator.files import write as write_file
from pipeline.emulator.machines import sources
from pipeline.emulator.machines.command import command
from pipeline.emulator.machines.disks import CONTENTS, INITRD, KERNEL, OVERLAY, Disks
from pipeline.emulator.machines.offer import Host, Offer
from pipeline.emulator.machines.process import Process, end_leftovers, leftovers
from pipeline.emulator.machines.profile import archive
from pipeline.emulator.machines.seam import Machine, MachineError, Profile
from pipeline.emulator.machines.sources import Release, Source

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SECRET = "a secret's text"
PROFILE = Profile("web-0", "packer", ("ssh-ed25519 AAAA me",), SECRET, SECRET.encode())
MACHINE = Machine("vm", "disk", "127.99.0.4", 2, 8192, PROFILE, frozenset({8080}))


@pytest.fixture
def etc_apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_a_line_of_sources_list_is_read_with_its_options(etc_apt: Path) -> None:
    (etc_apt / "sources.list").write_text(
        "# deb http://old/debian bookworm main\n"
        "deb-src http://mirror/debian bookworm main\n"
        f"deb [arch=amd64 signed-by={KEYRING}] http://mirror/debian/ bookworm main contrib # fast\n"
    )
    (found,) = sources.candidates(etc_apt, "bookworm")
    assert found == Source("http://mirror/debian/", "bookworm", ("main", "contrib"), KEYRING)
    assert found.release == "http://mirror/debian/dists/bookworm/InRelease"
    assert found.line() == f"deb [signed-by={KEYRING}] http://mirror/debian/ bookworm main contrib"


def test_a_stanza_gives_one_source_for_each_of_its_suites(etc_apt: Path) -> None:
    (etc_apt / "sources.list.d" / "debian.sources").write_text(
        "Types: deb deb-src\n# a comment\nURIs: http://mirror/debian\n"
        f"Suites: bookworm\n bookworm-updates\nComponents: main\nSigned-By: {KEYRING}\n"
    )
    found = sources.candidates(etc_apt, "bookworm")
    assert [(s.suite, s.signed_by) for s in found] == [
        ("bookworm", KEYRING),
        ("bookworm-updates", KEYRING),
    ]


@pytest.mark.parametrize(
    "stanza",
    [
        "Types: deb\nURIs: https://vendor/node\nSuites: nodistro\nComponents: main",
        "Types: deb\nURIs: https://docker/linux/debian\nSuites: bookworm\nComponents: stable",
        "Types: deb\nURIs: http://mirror/debian\nSuites: trixie\nComponents: main",
        "Types: deb-src\nURIs: http://mirror/debian\nSuites: bookworm\nComponents: main",
        "Enabled: no\nTypes: deb\nURIs: http://mirror/debian\nSuites: bookworm\nComponents: main",
    ],
    ids=["vendor's suite", "vendor's component", "other release", "source code", "disabled"],
)
def test_sources_that_are_not_this_debians_are_left_out(etc_apt: Path, stanza: str) -> None:
    (etc_apt / "sources.list.d" / "some.sources").write_text(stanza + "\n")
    assert sources.candidates(etc_apt, "bookworm") == ()


def test_a_list_of_mirrors_is_replaced_by_its_first(etc_apt: Path) -> None:
    mirrors = etc_apt / "mirrors"
    mirrors.write_text("https://one/debian\nhttps://two/debian\n")
    (etc_apt / "sources.list").write_text(f"deb mirror+file:{mirrors} bookworm main\n")
    assert [s.uri for s in sources.candidates(etc_apt, "bookworm")] == ["https://one/debian"]


def test_the_version_is_the_day_and_time_of_the_newest_suite() -> None:
    text = "Hash: SHA256\n\nOrigin: Debian\nDate: Sat, 21 Nov 2026 00:53:02 UTC\n"
    newest = sources.parse_release(text)
    older = Release("Debian", datetime(2026, 7, 11, 10, 16, tzinfo=UTC))
    assert newest.origin == "Debian"
    assert sources.version_of([older, newest]) == "0.20261121.53"


def test_versions_are_ordered_by_number_and_not_by_letter() -> None:
    versions = ["0.20261121.2209", "0.20261121.53", "0.20260711.1016"]
    assert sorted(versions, key=sources.version_order) == versions[::-1]


def test_an_answer_that_is_no_release_is_refused() -> None:
    with pytest.raises(ValueError, match="without a Date"):
        sources.parse_release("<html>Sign in to the hotel's network</html>")


def test_the_guest_gets_the_settings_that_decide_whether_a_mirror_can_be_used() -> None:
    dump = (
        'Acquire::Check-Valid-Until "false";\nAPT::Color "1";\nAcquire::http::Proxy "http://p";\n'
    )
    assert sources.apt_settings(dump) == (
        'Acquire::Check-Valid-Until "false";',
        'Acquire::http::Proxy "http://p";',
    )


@pytest.mark.parametrize(
    ("urn", "is_offered"),
    [
        (("Debian", "debian-12", "12-gen2"), True),
        (("debian", "Debian-12", "12"), True),
        (("Debian", "debian-13", "13-gen2"), False),
        (("Canonical", "ubuntu-24_04-lts", "server"), False),
    ],
)
def test_only_the_hosts_own_release_is_offered(urn: tuple[str, str, str], is_offered: bool) -> None:
    assert Host("debian", "12", "bookworm").offers(*urn) is is_offered


def test_versions_made_before_are_on_offer_without_asking_a_mirror(tmp_path: Path) -> None:
    async def versions() -> tuple[str, ...]:
        offer = Offer(tmp_path, Host("debian", "12", "bookworm"), etc_apt=tmp_path)
        try:
            return offer.versions()
        finally:
            await offer.close()

    for version in ("0.20261121.2209", "0.20261121.53"):
        (tmp_path / version).mkdir()
    assert asyncio.run(versions()) == ("0.20261121.53", "0.20261121.2209")


def test_no_secret_is_on_the_command_line() -> None:
    words = command(MACHINE, Path("/state/disks/d"), Path("/state/machines/vm"), "tcg", 7)
    assert SECRET not in " ".join(words)
    assert SECRET not in repr(MACHINE)


def test_ssh_is_served_at_2222_and_other_ports_at_their_own_numbers() -> None:
    words = command(MACHINE, Path("/d"), Path("/m"), "tcg", 7)
    network = words[words.index("-netdev") + 1]
    assert "hostfwd=tcp:127.99.0.4:2222-:22" in network
    assert "hostfwd=tcp:127.99.0.4:8080-:8080" in network


def test_a_comma_in_a_folders_name_does_not_end_an_option() -> None:
    words = command(MACHINE, Path("/a,b/d"), Path("/a,b/m"), "tcg", 7)
    assert any("file=/a,,b/d/overlay.qcow2," in word for word in words)


def test_a_specialized_disk_gets_no_profile_drive() -> None:
    words = command(replace(MACHINE, profile=None), Path("/d"), Path("/m"), "tcg", 7)
    assert not any("profile" in word for word in words)


def test_the_profile_drive_is_private_and_holds_what_was_asked(tmp_path: Path) -> None:
    path = tmp_path / "profile.tar"
    write_file(path, archive(PROFILE, "id-1"))
    assert path.stat().st_mode & 0o777 == 0o600
    with tarfile.open(fileobj=io.BytesIO(path.read_bytes())) as tar:
        files = {m.name: (tar.extractfile(m) or io.BytesIO()).read() for m in tar.getmembers()}
    assert files == {
        "id": b"id-1",
        "hostname": b"web-0",
        "username": b"packer",
        "authorized_keys": b"ssh-ed25519 AAAA me\n",
        "password": SECRET.encode(),
        "CustomData": SECRET.encode(),
    }


@pytest.fixture
def disks(tmp_path: Path) -> Disks:
    source = tmp_path / "base"
    source.mkdir()
    (source / CONTENTS).write_bytes(b"operating system".ljust(1 << 20, b"\0"))
    (source / KERNEL).write_bytes(b"kernel")
    (source / INITRD).write_bytes(b"initrd")
    disks = Disks(tmp_path)
    asyncio.run(disks.add_image(source, "base"))
    return disks


def contents(disks: Disks, disk: str) -> bytes:
    """The first bytes of a disk, read through its overlay."""
    overlay = disks.folder(disk) / OVERLAY
    raw = overlay.with_name("read.raw")
    subprocess.run(["qemu-img", "convert", "-O", "raw", overlay, raw], check=True)
    return raw.read_bytes()[:16]


def test_a_disk_stays_usable_when_its_image_is_deleted(disks: Disks) -> None:
    asyncio.run(disks.create_disk("d", "base"))
    disks.delete_image("base")
    assert contents(disks, "d") == b"operating system"


def test_a_copy_of_an_image_outlives_the_image(disks: Disks) -> None:
    asyncio.run(disks.copy_image("base", "copy"))
    disks.delete_image("base")
    asyncio.run(disks.create_disk("d", "copy"))
    assert contents(disks, "d") == b"operating system"


def test_two_disks_of_one_image_have_identities_of_their_own(disks: Disks) -> None:
    asyncio.run(disks.create_disk("one", "base"))
    asyncio.run(disks.create_disk("two", "base"))
    assert len({(disks.folder(d) / "id").read_text() for d in ("one", "two")}) == 2


def test_creating_a_disk_again_keeps_what_it_holds(disks: Disks) -> None:
    asyncio.run(disks.create_disk("d", "base"))
    identity = (disks.folder("d") / "id").read_text()
    asyncio.run(disks.create_disk("d", "base"))
    assert (disks.folder("d") / "id").read_text() == identity


def test_deleting_what_is_not_there_is_no_error(disks: Disks) -> None:
    disks.delete_disk("never made")
    disks.delete_image("never made")


def test_a_disk_of_an_image_that_is_not_there_is_refused_by_name(disks: Disks) -> None:
    with pytest.raises(MachineError, match="no image 'lost'"):
        asyncio.run(disks.create_disk("d", "lost"))
    with pytest.raises(MachineError, match="no disk 'd'"):
        disks.folder("d")


def test_what_an_interrupted_process_left_half_made_is_removed(
    disks: Disks, tmp_path: Path
) -> None:
    half_made = tmp_path / "images" / ".base.4711"
    half_made.mkdir()
    disks.tidy()
    assert not half_made.exists()
    assert (tmp_path / "images" / "base").is_dir()


def idle(folder: Path) -> list[str]:
    """Options of a QEMU that runs nothing."""
    folder.mkdir(parents=True)
    pidfile = str(folder / "qemu.pid")
    return [*("-S", "-nodefaults", "-display", "none", "-qmp", "stdio", "-pidfile", pidfile)]


async def test_leftovers_of_this_folder_are_ended_and_nothing_else(tmp_path: Path) -> None:
    ours = await Process.start(idle(tmp_path / "ours" / "machines" / "vm"))
    other = await Process.start(idle(tmp_path / "other" / "machines" / "vm"))
    try:
        assert len(list(leftovers(tmp_path / "ours" / "machines"))) == 1
        await end_leftovers(tmp_path / "ours" / "machines")
        assert list(leftovers(tmp_path / "ours" / "machines")) == []
        assert len(list(leftovers(tmp_path / "other" / "machines"))) == 1
    finally:
        await asyncio.gather(ours.kill(), other.kill())


def test_a_program_that_only_names_the_folder_is_no_leftover(tmp_path: Path) -> None:
    pidfile = str(tmp_path / "machines" / "vm" / "qemu.pid")
    shell = ["sh", "-c", "read line", "-pidfile", pidfile]
    with subprocess.Popen(shell, stdin=subprocess.PIPE) as other:
        assert other.pid not in leftovers(tmp_path / "machines")


def test_a_qemu_that_refuses_to_start_is_reported_in_its_own_words() -> None:
    with pytest.raises(MachineError, match="unsupported machine type"):
        asyncio.run(Process.start(["-machine", "no-such-board", "-qmp", "stdio"]))
