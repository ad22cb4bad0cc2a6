"""What a recording holds, and what never."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.edge.recording import Recorder
from pipeline.emulator.files import FileError

SECRET = "correct horse battery staple"
PATH = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm"


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    """A recorder in a folder that it makes."""
    with closing(Recorder(tmp_path / "new")) as made:
        yield made


def recorded(folder: Path) -> list[dict[str, Any]]:
    """The lines of the one recording in the recorder's folder."""
    (file,) = folder.glob("new/*.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def asked(body: Any, path: str = PATH, method: str = "PUT") -> Exchange:
    """A request with a body."""
    headers = {"User-Agent": "packer", "Authorization": f"Bearer {SECRET}"}
    return Exchange.of(method, f"{path}?api-version=1", headers, json.dumps(body).encode())


def test_an_exchange_is_one_line(recorder: Recorder, tmp_path: Path) -> None:
    recorder.keep(asked({"tags": {}}), Answer(201, {"name": "vm"}), {"Retry-After": "1", "X": "y"})

    assert recorded(tmp_path) == [
        {
            "method": "PUT",
            "path": PATH,
            "status": 201,
            "body": {"tags": {}},
            "answer": {"name": "vm"},
            "headers": {"retry-after": "1"},
            "agent": "packer",
        }
    ]


def test_an_exchange_that_repeats_is_recorded_once(recorder: Recorder, tmp_path: Path) -> None:
    for _ in range(3):
        recorder.keep(asked({}), Answer(200), {})

    assert len(recorded(tmp_path)) == 1


def test_no_secret_is_recorded(recorder: Recorder, tmp_path: Path) -> None:
    profile = {"adminPassword": SECRET, "customData": SECRET, "computerName": "vm"}
    extension = {"protectedSettings": {"key": SECRET}, "settings": {}}
    machine = {"properties": {"osProfile": profile, "userData": SECRET, "each": [extension]}}
    parameters = {"adminUser": {"value": SECRET}, "vault": {"reference": {"secretName": "n"}}}
    recorder.keep(asked(machine), Answer(201, machine), {})
    recorder.keep(asked({"properties": {"parameters": parameters}}), Answer(201), {})
    recorder.keep_inner(ResourceId.parse(PATH), machine)
    recorder.keep(asked({"client_secret": SECRET}, "/tenant/oauth2/v2.0/token"), Answer(200), {})

    (file,) = tmp_path.glob("new/*.jsonl")
    assert SECRET not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    one, other, inner = recorded(tmp_path)
    assert one["body"]["properties"]["osProfile"]["computerName"] == "vm"
    assert other["body"]["properties"]["parameters"]["vault"] == parameters["vault"]
    assert (inner["status"], inner["agent"]) == (0, "deployment")


def test_a_body_that_is_no_json_is_none(recorder: Recorder, tmp_path: Path) -> None:
    for number, content in enumerate((b"no json", b'{"a":' * 100_000)):
        exchange = Exchange.of("PUT", f"{PATH}{number}", {}, content)
        recorder.keep(exchange, Answer(400, b"plain"), {})

    assert [(each["body"], each["answer"]) for each in recorded(tmp_path)] == [(None, None)] * 2


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(FileError, match="file"):
        Recorder(tmp_path / "file")
