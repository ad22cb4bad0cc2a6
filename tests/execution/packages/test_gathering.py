"""A machine is asked for its packages: a folder stands for its root, a program for `ssh`."""

from __future__ import annotations

import gzip
import io
import json
import os
import platform
import tarfile
from pathlib import Path

import pytest

from pipeline.execution.packages import gathering
from pipeline.execution.packages.gathering import gather, unpacked
from pipeline.planning.evidence import inventory
from pipeline.planning.packages import rpm_state
from pipeline.planning.packages import state as apt_state
from pipeline.planning.packages.rpm_state import RpmState
from tests.conftest import ROOT

READY = ROOT / "packer" / "linux" / "ready.sh"
STATUS = "Package: {}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\n"


class Machine:
    """A root, and an `ssh` that runs what it is sent with it in place of /."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.runs = folder / "run"
        programs = folder / "bin"
        programs.mkdir()
        ssh = programs / "ssh"
        ssh.write_text(f"#!/bin/sh\nexec env GATHER_ROOT={self.root} sh\n")
        ssh.chmod(0o755)
        self.path = f"{programs}:{os.environ['PATH']}"
        self.write("etc/os-release", "ID=debian\nVERSION_ID=12\n")

    def write(self, path: str, text: str) -> None:
        """Write a file of the machine."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def gather(self) -> inventory.Inventory | None:
        """Ask it."""
        return gather(Path("config"), "azureuser", ("127.0.0.1", 22), self.runs)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine of nothing but a name."""
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", made.path)
    return made


def ready(machine: Machine) -> None:
    """The first step of the shipped template's bake."""
    programs = Path(machine.path.partition(":")[0])
    for name in ("cloud-init", "systemctl"):
        (programs / name).write_text("#!/bin/sh\nexit 0\n")
        (programs / name).chmod(0o755)
    assert os.system(f"READY_ROOT={machine.root} sh {READY}") == 0  # noqa: S605 - the test's own


def test_what_is_installed_and_what_apt_knows_is_written_down(machine: Machine) -> None:
    machine.write("var/lib/dpkg/status", STATUS.format("base", "1"))
    machine.write("etc/apt/sources.list", "deb http://example.com/debian stable main\n")
    ready(machine)
    machine.write(
        "var/lib/dpkg/status", "\n".join((STATUS.format("base", "1"), STATUS.format("nginx", "5")))
    )
    found = machine.gather()
    assert found
    assert [package.name for package in found.packages] == ["base", "nginx"]
    assert inventory.reading(json.loads((machine.runs / inventory.FILE).read_text())) == found
    apt = apt_state.reading(json.loads((machine.runs / apt_state.FILE).read_text()))
    assert apt_state.added(apt) == (("nginx",), ())
    assert set(apt.base.sources) == {"etc/apt/sources.list"}


def test_the_base_is_that_of_the_last_bake(machine: Machine) -> None:
    machine.write("var/lib/dpkg/status", STATUS.format("old", "1"))
    ready(machine)
    machine.write("var/lib/dpkg/status", STATUS.format("new", "1"))
    ready(machine)
    machine.gather()
    apt = apt_state.reading(json.loads((machine.runs / apt_state.FILE).read_text()))
    assert "Package: new" in apt.base.status
    assert "Package: old" not in apt.base.status


def test_a_machine_without_a_package_manager_tells_of_none(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{machine.path.partition(':')[0]}:/usr/bin:/bin")
    assert machine.gather() is None or (machine.runs / inventory.FILE).exists()
    assert not (machine.runs / apt_state.FILE).exists()


def test_a_machine_that_does_not_answer_tells_of_none(machine: Machine) -> None:
    Path(machine.path.partition(":")[0], "ssh").write_text("#!/bin/sh\nexit 255\n")
    assert machine.gather() is None
    assert not machine.runs.exists()


RPM = """\
#!/bin/sh
# Answers as rpm 4.18 did for small packages.
case "$*" in
    *NVRA*) [ -z "$NO_BASE" ] || exit 1
        printf '%s\\n' beta-2-1.noarch alpha-1.0-2.el9.noarch ;;
    *'[F|%{FILENAMES}'*) cat <<'END'
N|beta|(none)|2|1|noarch|beta-2-1.src.rpm
P|beta|=|2-1
R|rpmlib(CompressedFileNames)|<=|3.0.4-1
N|alpha|3|1.0|2.el9|noarch|alpha-1.0-2.el9.src.rpm
P|alpha|=|3:1.0-2.el9
P|system-release(releasever)|=|9
R|(beta if gamma)||
R|/bin/sh||
C|old|<|2
O|older||
F|/usr/bin/alpha
F|/usr/share/doc/x/a b|c
N|nginx|(none)|1.20|1|x86_64|nginx-1.20-1.src.rpm
END
    ;;
    *) exit 1 ;;
esac
"""


@pytest.fixture
def rpm(machine: Machine) -> Path:
    """A program that tells of packages, as a machine of rpm has it."""
    program = Path(machine.path.partition(":")[0]) / "rpm"
    program.write_text(RPM)
    program.chmod(0o755)
    machine.write("etc/os-release", 'ID="rocky"\nVERSION_ID="9.5"\n')
    machine.write("etc/yum.repos.d/a.repo", "[a]\nbaseurl=https://me:hush@example.com/a\n")
    machine.write("etc/dnf/vars/infra", "stock\n")
    machine.write("etc/pki/rpm-gpg/KEY", "key")
    return program


def rpm_state_of(machine: Machine) -> RpmState:
    """What was written down."""
    return rpm_state.reading(json.loads((machine.runs / rpm_state.FILE).read_text()))


def test_what_rpm_and_dnf_know_is_written_down(machine: Machine, rpm: Path) -> None:
    ready(machine)
    machine.write("etc/yum.repos.d/b.repo", "[b]\nbaseurl=https://example.com/b\n")
    found = machine.gather()
    assert found
    assert (found.manager, found.distribution) == ("rpm", "rocky-9.5")
    assert [package.name for package in found.packages] == ["alpha", "beta", "nginx"]
    state = rpm_state_of(machine)
    assert state.architecture == platform.machine()
    assert state.settings["etc/yum.repos.d/a.repo"] == "[a]\nbaseurl=https://example.com/a\n"
    assert set(state.settings) >= {"etc/yum.repos.d/b.repo", "etc/dnf/vars/infra"}
    assert set(state.keys) == {"etc/pki/rpm-gpg/KEY"}
    rpms = tuple(rpm_state.rpms(state.now))
    assert rpm_state.release_of(rpms) == "9"
    asked = rpm_state.question(state.base, rpms, upgrades=False)
    assert asked.installed == (("nginx", "x86_64"),)
    assert not (machine.runs / apt_state.FILE).exists()


def test_a_base_that_rpm_does_not_tell_of_is_left_out(
    machine: Machine, rpm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_BASE", "1")
    ready(machine)
    machine.gather()
    assert rpm_state_of(machine).base == ()


def test_an_rpm_that_tells_nothing_fails_nothing(machine: Machine, rpm: Path) -> None:
    ready(machine)
    rpm.write_text("#!/bin/sh\nexit 1\n")
    assert machine.gather() is None
    assert not machine.runs.exists()


def packed(**files: bytes) -> bytes:
    """An archive of files."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(text)
            archive.addfile(about, io.BytesIO(text))
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", gzip.compress(b"x" * 600, mtime=0)],
    ids=["nothing", "text", "gzip"],
)
def test_what_is_no_archive_holds_no_files(content: bytes) -> None:
    assert unpacked(content) == {}


def test_an_archive_that_is_cut_off_holds_no_files() -> None:
    assert unpacked(packed(a=os.urandom(4096))[:-2000]) == {}


def test_what_is_too_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "LARGEST", 10)
    assert unpacked(packed(a=b"x" * 11)) == {}
    assert unpacked(packed(a=b"x" * 10)) == {"a": b"x" * 10}
