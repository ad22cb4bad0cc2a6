"""What a machine told of its packages, as values."""

from __future__ import annotations

import pytest

from pipeline.planning.evidence.inventory import Package
from pipeline.planning.packages import state as states
from pipeline.planning.packages.state import NOTHING, added, renewed
from pipeline.planning.packages.states import READINGS
from pipeline.planning.packages.told import apt_state_of, inventory_of, signed_by, state_of

BASE = "var/lib/bakeswap/base"
SOURCES = b"deb [signed-by=/usr/share/keyrings/a.gpg] https://me:secret@example.com/debian a main\n"


def paragraph(name: str, version: str, architecture: str = "amd64") -> str:
    """An installed package, as a status file has it."""
    return (
        f"Package: {name}\nStatus: install ok installed\nArchitecture: {architecture}\n"
        f"Version: {version}\n"
    )


FILES = {
    "etc/os-release": b'NAME="Debian"\nID=debian\nVERSION_ID="12"\n',
    "told/architecture": b"amd64\n",
    "told/foreign": b"i386\n",
    "var/lib/dpkg/status": "\n".join(
        (
            *(paragraph("base", "2"), paragraph("same", "1"), paragraph("nginx", "5")),
            *(paragraph("libnginx", "5"), paragraph("wine", "9", "i386")),
        )
    ).encode(),
    "var/lib/apt/extended_states": b"Package: libnginx\nArchitecture: amd64\nAuto-Installed: 1\n",
    "etc/apt/sources.list.d/a.list": SOURCES,
    "etc/apt/preferences.d/pin": b"Package: *\nPin: release a=stable\nPin-Priority: 900\n",
    "usr/share/keyrings/a.gpg": b"\x99key",
    "usr/share/keyrings/b.gpg": b"\x99other",
    "etc/apt/trusted.gpg.d/c.asc": b"key",
    f"{BASE}/var/lib/dpkg/status": "\n".join(
        (paragraph("base", "1"), paragraph("same", "1"))
    ).encode(),
    f"{BASE}/etc/apt/sources.list": b"deb http://example.com/old stable main\n",
}


def test_an_inventory_names_the_distribution_and_every_package() -> None:
    found = inventory_of(FILES)
    assert found
    assert (found.manager, found.distribution) == ("dpkg", "debian-12")
    assert [package.name for package in found.packages] == [
        *("base", "libnginx", "nginx", "same", "wine"),
    ]


def test_rpms_are_read_as_rpm_prints_them() -> None:
    lines = (
        "N|openssl|1|3.0.7|27.el9|x86_64|openssl-3.0.7-27.el9.src.rpm",
        "N|bash|(none)|5.1.8|9.el9|x86_64|bash-5.1.8-9.el9.src.rpm",
        "N|gpg-pubkey|(none)|8483c65d|5ccc5b19|(none)|(none)",
        "",
    )
    files = {"told/rpm": "\n".join(lines).encode(), "usr/lib/os-release": b"ID=rhel\n"}
    found = inventory_of(files)
    assert found
    assert (found.manager, found.distribution) == ("rpm", "rhel")
    assert found.packages == (
        Package("bash", "5.1.8-9.el9", "x86_64", "bash", "5.1.8-9.el9"),
        Package("openssl", "1:3.0.7-27.el9", "x86_64", "openssl", "3.0.7-27.el9"),
    )
    assert apt_state_of(files) is None
    state = state_of(files)
    assert state
    assert state.file == "rpm-state.json"
    assert READINGS[state.file](state.written()) == state
    assert state_of(FILES) == apt_state_of(FILES)
    assert state_of({}) is None


def test_a_machine_without_a_package_manager_tells_of_none() -> None:
    assert inventory_of({}) is None
    assert inventory_of({"told/rpm": b""}) is not None


def test_the_state_of_apt_is_kept_with_what_signs_its_sources() -> None:
    state = apt_state_of(FILES)
    assert state
    assert (state.architecture, state.foreign) == ("amd64", ("i386",))
    assert set(state.keyrings) == {"usr/share/keyrings/a.gpg", "etc/apt/trusted.gpg.d/c.asc"}
    assert set(state.sources) == {"etc/apt/sources.list", "etc/apt/sources.list.d/a.list"}
    assert set(state.preferences) == {"etc/apt/preferences.d/pin"}


def test_no_password_of_a_source_is_kept() -> None:
    state = apt_state_of(FILES)
    assert state
    assert "secret" not in str(state.written())
    assert "https://example.com/debian" in state.sources["etc/apt/sources.list.d/a.list"]


def test_a_bake_added_what_was_not_there_before() -> None:
    state = apt_state_of(FILES)
    assert state
    assert state.base
    assert added(state) == (("nginx", "wine:i386"), ("libnginx",))
    assert renewed(state) == ("base",)


def test_a_template_may_write_down_nothing_of_the_base() -> None:
    state = apt_state_of({path: text for path, text in FILES.items() if BASE not in path})
    assert state
    assert state.base == NOTHING
    assert not state.base


def test_a_state_is_the_same_when_it_was_written_and_read() -> None:
    state = apt_state_of(FILES)
    assert state
    assert states.reading(state.written()) == state
    with pytest.raises(ValueError, match="bakeswap apt state"):
        states.reading({**state.written(), "format": "another"})


def test_keyrings_are_named_in_both_spellings() -> None:
    texts = (
        "deb [arch=amd64 signed-by=/k/a.gpg,/k/b.gpg] http://example.com stable main",
        "Types: deb\nSigned-By: /k/c.gpg /k/d.asc\nComponents: main",
        "Types: deb\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----",
    )
    assert signed_by(texts) == {"k/a.gpg", "k/b.gpg", "k/c.gpg", "k/d.asc"}
