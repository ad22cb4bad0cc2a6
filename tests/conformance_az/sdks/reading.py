"""What a program of another language reads, beside what az shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.setup.commands import Command
from tests.conformance_az.azure_cli import AzureCli
from tests.conformance_az.expected import ReadAlike
from tests.conformance_az.sdks import programs
from tests.conftest import Emulator

_ID = re.compile(r"/resourceGroups/([^/]+)/providers/[^/]+/(.+)", re.IGNORECASE)
_ADDED_BY_AZ = "resourceGroup"  # beside every id
_RENAMED = re.compile(r"(\w+)Properties(\w+)")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Read:
    """What an SDK's models hold of a resource, and of all that are in its list."""

    got: Any
    listed: list[Any]


class CannotReadError(Exception):
    """An SDK could not; its own sentence."""


class Reader:
    """One program, signed in to one emulator."""

    def __init__(self, language: str, process: subprocess.Popen[str]) -> None:
        self.language = language
        self._process = process

    def read(self, kind: str, names: Sequence[str]) -> Read:
        """GET and LIST a resource of a type by the names in its id; raises CannotReadError."""
        asked, answered = self._process.stdin, self._process.stdout
        if asked is None or answered is None:
            raise RuntimeError(f"the {self.language} program has no pipes")
        asked.write(json.dumps({"type": kind, "names": list(names)}) + "\n")
        asked.flush()
        answer = json.loads(answered.readline() or '{"error": "the program ended"}')
        if "error" in answer:
            raise CannotReadError(answer["error"])
        return Read(answer["got"], answer.get("listed") or [])


@contextmanager
def readers(emulator: Emulator) -> Iterator[tuple[Reader, ...]]:
    """The programs of all languages. They verify the emulator's certificate."""
    environment = {
        **os.environ,
        "AZURE_AUTHORITY_HOST": str(emulator.facts["authority"]),
        "AZURE_CLIENT_ID": str(emulator.facts["client_id"]),
        "AZURE_CLIENT_SECRET": emulator.secret,
        "AZURE_TENANT_ID": str(emulator.facts["tenant"]),
        "NODE_EXTRA_CA_CERTS": emulator.ca_file,
        "SSL_CERT_FILE": emulator.ca_file,
    }
    with ExitStack() as stack:
        yield tuple(
            Reader(language, stack.enter_context(_started(command, emulator, environment)))
            for language, command in programs.ensure().items()
        )


def _started(
    command: Command, emulator: Emulator, environment: Mapping[str, str]
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, emulator.base, emulator.subscription],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def verdict(az: AzureCli, by: Sequence[Reader], command: ReadAlike) -> str:
    """What was wrong with a read, by language; "" when all read the same as az."""
    shown = az.run(f"{command.text} --output json")
    listed = az.run(f"{command.listing} --query [].name --output json") if command.listing else None
    for ended in (shown, listed):
        if ended and ended.code:
            return f"it ended with {ended.code}: {ended.reason}"
    resource_id = az.filled(command.id) or shown.value["id"]
    names = names_in(resource_id)
    faults = (
        compare(one, command.type, names, shown.value, listed.value if listed else []) for one in by
    )
    return "; ".join(filter(None, faults))


def names_in(resource_id: str) -> list[str]:
    """The names in an id, from the resource group's on."""
    match = _ID.search(resource_id)
    if not match:
        raise ValueError(f"{resource_id} is no resource's id")
    return [match[1], *match[2].split("/")[1::2]]


def compare(
    reader: Reader, kind: str, names: Sequence[str], shown: Any, listed: Sequence[str]
) -> str:
    """How what an SDK reads differs from what az shows and lists; "" when it does not."""
    try:
        read = reader.read(kind, names)
    except CannotReadError as error:
        said = [f"cannot read it: {' '.join(str(error).split())}"]
    else:
        said = [*differences(shown, read.got), *_misread_list(read, sorted(listed))]
    return f"{reader.language}, {kind}: {'; '.join(said)}" if said else ""


def _misread_list(read: Read, names: Sequence[str]) -> Iterator[str]:
    """A list must have these names, and nothing of a resource that it has not by itself."""
    listed = sorted(str(each["name"]) for each in read.listed)
    if listed != names:
        yield f"it lists {listed}, az {names}"
    for each in read.listed:
        if each.get("id") == read.got.get("id"):
            yield from (
                f"`{path}` is {value} in the list only"
                for path, value in sorted({*leaves(each)} - {*leaves(read.got)})
            )


def differences(shown: Any, got: Any) -> Iterator[str]:
    """The paths at which two documents have not the same value of the same type."""
    ours, theirs = set(leaves(shown)), set(leaves(got))
    for path in sorted({path for path, _ in ours ^ theirs}):
        az, sdk = (sorted(value for at, value in side if at == path) for side in (ours, theirs))
        yield f"`{path}` is {', '.join(sdk) or 'not there'}, az shows {', '.join(az) or 'nothing'}"


def leaves(document: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The values of a document as JSON text, each with its path; what is null or empty has none.

    ARM's envelope `properties` is in no path, for az and the SDK for JavaScript take it away: an
    extension's own type is then beside that of the resource. Paths are in small letters, for
    languages write acronyms differently. Times are in UTC, to the millisecond that JavaScript has.
    """
    match document:
        case float() if document.is_integer():
            yield path, str(int(document))
        case dict():
            for key, value in document.items():
                if key == _ADDED_BY_AZ:
                    continue
                enveloped = key == "properties" and isinstance(value, dict)
                word = "" if enveloped else _own_name(key).lower()
                yield from leaves(value, f"{path}.{word}".strip("."))
        case list():
            for index, value in enumerate(document):
                yield from leaves(value, f"{path}[{index}]")
        case None | "":
            return
        case str() if _TIME.match(document):
            yield path, datetime.fromisoformat(document).isoformat(timespec="milliseconds")
        case _:
            yield path, json.dumps(document)


def _own_name(key: str) -> str:
    """`type` of `typePropertiesType`: so flattened models call what is beside another `type`."""
    twice = _RENAMED.fullmatch(key)
    return twice[1] if twice and twice[1].lower() == twice[2].lower() else key
