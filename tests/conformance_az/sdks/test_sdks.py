"""What the readers are asked and how it is compared; their programs are not run here."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance_az.expected import ReadAlike
from tests.conformance_az.sdks import programs
from tests.conformance_az.sdks.reading import Reader, compare, differences, names_in
from tests.conformance_az.sections import SECTIONS

_DISK = "Microsoft.Compute/disks"
_ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/disks/web"
_SHOWN = {"id": _ID, "name": "web", "diskSizeGB": 4, "encrypted": True, "resourceGroup": "rg"}
_GOT = {"id": _ID, "name": "web", "properties": {"diskSizeGB": 4, "encrypted": True}}


@pytest.mark.parametrize(
    "source",
    [programs.GO / "kinds.go", programs.JAVASCRIPT / "read.js"],
    ids=["Go", "JavaScript"],
)
def test_each_type_that_a_program_reads_is_read_of_what_az_made(source: Path) -> None:
    of_program = set(re.findall(r'"(Microsoft\.\w+/[\w/]+)"', source.read_text(encoding="utf-8")))
    commands = [one for section in SECTIONS.values() for one in section]
    assert of_program == {one.type for one in commands if isinstance(one, ReadAlike)}


@pytest.mark.parametrize(
    ("shown", "got", "difference"),
    [
        (_SHOWN, _GOT, ""),
        ({"primary": True}, {"properties": {"primary": True}}, ""),
        ({"primary": True}, {"properties": {"primary": "true"}}, '`primary` is "true", az shows t'),
        ({"port": 80}, {"port": "80"}, '`port` is "80", az shows 80'),
        ({"threshold": 75.0}, {"threshold": 75}, ""),
        ({"on": True}, {"on": 1}, "`on` is 1, az shows true"),
        ({"zones": ["1", "2"]}, {"zones": ["1"]}, '`zones[1]` is not there, az shows "2"'),
        ({"name": "web"}, {"name": "web", "kind": "x"}, '`kind` is "x", az shows nothing'),
        ({"tags": None, "zones": []}, {"tags": {}}, ""),
        ({"publicIPAddress": "1"}, {"publicIpAddress": "1"}, ""),
        ({"made": "2026-01-02T03:04:05.678912+00:00"}, {"made": "2026-01-02T03:04:05.678Z"}, ""),
        ({"made": "2026-01-02T03:04:05+00:00"}, {"made": "2026-01-02T03:04:06Z"}, "`made` is"),
        ({"type": "A/b", "typePropertiesType": "Health"},
         {"type": "A/b", "properties": {"type": "Health"}}, ""),
    ],
)  # fmt: skip
def test_two_documents_agree_in_values_and_types(shown: Any, got: Any, difference: str) -> None:
    said = "; ".join(differences(shown, got))
    assert difference in said
    assert bool(said) == bool(difference)


@pytest.fixture
def reader(request: pytest.FixtureRequest) -> Iterator[Reader]:
    """A program that gives one answer."""
    given = json.dumps(request.param)
    command = [sys.executable, "-c", f"input(); print({given!r})"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as program:
        yield Reader("Go", program)


@pytest.mark.parametrize(
    ("reader", "fault"),
    [
        ({"got": _GOT, "listed": [_GOT]}, ""),
        ({"got": {**_GOT, "name": "x"}, "listed": [_GOT]}, '`name` is "x", az shows "web"'),
        ({"got": _GOT, "listed": []}, "it lists [], az ['web']"),
        ({"got": _GOT}, "it lists [], az ['web']"),
        ({"got": _GOT, "listed": [_GOT, {**_GOT, "name": "other"}]}, "it lists ['other', 'web']"),
        ({"got": _GOT, "listed": [{**_GOT, "zones": ["1"]}]}, '`zones[0]` is "1" in the list only'),
        ({"error": "GET: cannot\nunmarshal"}, "cannot read it: GET: cannot unmarshal"),
    ],
    indirect=["reader"],
)
def test_a_fault_names_the_language_the_type_and_what_differs(reader: Reader, fault: str) -> None:
    said = compare(reader, _DISK, names_in(_ID), _SHOWN, ["web"])
    assert fault in said
    assert said.startswith(f"Go, {_DISK}: ") == bool(fault)


def test_names_are_those_of_the_id_from_the_resource_group_on() -> None:
    view = _ID.replace("disks/web", "virtualMachineScaleSets/web/virtualMachines/0/instanceView")
    assert names_in(view) == ["rg", "web", "0"]


def test_packages_of_javascript_are_locked_by_sums_and_to_no_registry() -> None:
    lock = json.loads((programs.JAVASCRIPT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert len(packages) > len(lock["packages"][""]["dependencies"])
    for name, one in packages.items():
        assert one["integrity"].startswith("sha512-"), name
        assert "resolved" not in one, name


def test_what_locks_a_program_is_in_its_digest(tmp_path: Path) -> None:
    (tmp_path / "read.js").write_text("1")
    (tmp_path / "package-lock.json").write_text("1")
    before = programs.digest(tmp_path)
    assert programs.digest(tmp_path) == before
    (tmp_path / "package-lock.json").write_text("2")
    assert programs.digest(tmp_path) != before
