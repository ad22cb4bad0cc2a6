"""Looking at a disk: each kind of leftover is found by name, and a clean disk has none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition import hygiene
from pipeline.hygiene.judging import KINDS, LOOKED, Expected, judged
from tests.hygiene.planted import (
    ADMIN,
    EXPECTED,
    OWN_KEY,
    PLANTED,
    SECRET,
    TOKENS,
    clean,
    found,
    look,
    newer,
    plant,
    write,
    wrong,
)


def test_every_kind_that_an_author_may_name_is_looked_for_and_planted_here() -> None:
    assert set(hygiene.KINDS) == set(KINDS) == set(PLANTED)
    assert len(KINDS) >= 15


def test_nothing_is_found_on_a_clean_disk(tmp_path: Path) -> None:
    assert wrong(clean(tmp_path)) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_found_by_name(tmp_path: Path, kind: str) -> None:
    thing = plant(clean(tmp_path), kind)

    assert wrong(tmp_path)[kind] == [thing]
    assert found(tmp_path).told(kind).startswith(f"{kind}: {thing}\n")


def test_all_kinds_are_found_at_once_and_no_secret_is_printed(tmp_path: Path) -> None:
    clean(tmp_path)
    for kind in KINDS:
        plant(tmp_path, kind)
    (tmp_path / "etc/passwd").write_text(PLANTED["build_user"][1])

    assert set(wrong(tmp_path)) == set(KINDS)
    assert SECRET not in look(tmp_path)


@pytest.mark.parametrize("shape", TOKENS)
def test_tokens_are_known_by_their_shape(tmp_path: Path, shape: str) -> None:
    write(clean(tmp_path), "root/notes.txt", f"x\nkey: {TOKENS[shape]}\n")

    assert wrong(tmp_path) == {"tokens": ["/root/notes.txt"]}


@pytest.mark.parametrize(
    "text",
    ["client_secret = ${var.client_secret}", "token: none", "sig=short", "AKIA", "ghp_ours"],
)
def test_words_about_tokens_are_none(tmp_path: Path, text: str) -> None:
    write(clean(tmp_path), "etc/app.conf", text)

    assert wrong(tmp_path) == {}


MADE_BY_A_BOOT = sorted(
    set(KINDS)
    - {"build_user", "sudoers", "password_hashes", "authorized_keys", "setuid", "listening"}
)
"""What is found on the captured disk alone; the others are wrong whenever they came to be."""


@pytest.mark.parametrize("kind", MADE_BY_A_BOOT)
def test_what_this_boot_made_was_not_on_the_captured_disk(tmp_path: Path, kind: str) -> None:
    last = write(clean(tmp_path), "usr/lib/last", "")
    boot = f"{last.stat().st_ctime_ns // 10**9}.{last.stat().st_ctime_ns % 10**9:09d}"
    newer(last, lambda: plant(tmp_path, kind))

    assert wrong(tmp_path, boot=boot) == {}


def test_a_secret_that_was_there_and_is_written_over_since_is_found(tmp_path: Path) -> None:
    last = write(clean(tmp_path), "etc/app.conf", "x")
    boot = f"{last.stat().st_ctime_ns // 10**9}.{last.stat().st_ctime_ns % 10**9:09d}"
    newer(last, lambda: last.write_text(f"ghp_{SECRET}\n"))

    assert wrong(tmp_path, boot=boot) == {"tokens": ["/etc/app.conf"]}


def test_the_home_of_the_check_s_own_account_may_not_be_on_the_captured_disk(
    tmp_path: Path,
) -> None:
    clean(tmp_path)
    told = f"#{LOOKED}\0#build_user\0{ADMIN} captured\0other now\0#done\0"

    assert judged(told, EXPECTED).things["build_user"] == (ADMIN, "other")
    assert judged(told.replace("captured", "unknown"), EXPECTED).things["build_user"] == ("other",)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("tcp 00000000:0050", ("tcp 80",)),
        ("tcp6 00000000000000000000000000000000:0050", ("tcp 80",)),
        ("tcp6 0000000000000000FFFF00000F02000A:0050", ("tcp 80",)),
        ("tcp6 0000000000000000FFFF00000100007F:0050", ()),
        ("tcp6 00000000000000000000000001000000:0050", ()),
        ("tcp 0100007F:0050", ()),
        ("tcp 00000000:1F90", ()),
        ("udp 00000000:00A1", ("udp 161",)),
        ("udp 00000000:0044", ()),
        ("udp 00000000:9C40", ()),
    ],
)
def test_what_listens_for_other_machines_is_told(line: str, told: tuple[str, ...]) -> None:
    assert judged(f"#{LOOKED}\0#listening\0{line}\0#done\0", EXPECTED).things["listening"] == told


def test_an_author_may_skip_kinds_and_allow_things(tmp_path: Path) -> None:
    clean(tmp_path)
    for kind in ("listening", "world_writable", "build_user", "journal"):
        plant(tmp_path, kind)
    allowing = replace(EXPECTED, allow=("tcp 9217", "/opt/app/*", "packer"))

    assert set(wrong(tmp_path, allowing)) == {"journal"}
    assert wrong(tmp_path, replace(allowing, skip=frozenset({"journal"}))) == {}


def test_of_many_things_some_are_named(tmp_path: Path) -> None:
    for number in range(7):
        write(tmp_path, f"var/tmp/left-{number}", "x")
    clean(tmp_path)

    told = found(tmp_path).told("temporary_files")
    assert told.startswith("temporary_files: /var/tmp/left-0, /var/tmp/left-1,")
    assert told.splitlines()[0].endswith("left-4 and 2 more")


def test_a_folder_that_all_may_write_is_found_unless_it_is_sticky(tmp_path: Path) -> None:
    for name, mode in {"open": 0o777, "sticky": 0o1777}.items():
        (clean(tmp_path) if name == "open" else tmp_path).joinpath(name).mkdir()
        (tmp_path / name).chmod(mode)

    assert wrong(tmp_path) == {"world_writable": ["/open"]}


def test_a_machine_whose_clock_tells_nothing_is_not_taken_for_a_clean_one(tmp_path: Path) -> None:
    told = found(clean(tmp_path), boot="1")

    assert "nothing in /usr is older than this boot" in told.problem
    assert told.told("tokens") == told.problem


@pytest.mark.parametrize("said", ["", "#looked\0#tokens\0"])
def test_a_look_that_did_not_come_to_its_end_is_no_clean_one(said: str) -> None:
    assert judged(said, EXPECTED).problem.endswith("the look ended early")


def test_what_is_expected_is_read_from_json() -> None:
    text = (
        f'{{"user": "{ADMIN}", "key": "{OWN_KEY}", "ports": [22, 8080], "skip": ["journal"],'
        ' "allow": ["/opt/*"]}'
    )
    assert Expected.read(text) == replace(EXPECTED, skip=frozenset({"journal"}), allow=("/opt/*",))
