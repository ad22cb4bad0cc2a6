"""A recording of what was asked and answered, for tests that hold it to Azure's models.

One JSON line for each exchange: `method`, `path`, `status`, `body`, `answer`, `headers`, `agent`.
Only the management API is recorded, never a sign-in; secrets are blanked before they are written.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.files import FileError, open_regular

_log = logging.getLogger(__name__)

_BLANK = "***"
_SECRET = frozenset(
    {"adminpassword", "certificatedata", "clientsecret", "customdata", "keydata", "password"}
    | {"protectedsettings", "secret", "secureobject", "userdata"}
)
_PARAMETERS = "parameters"
_HEADERS = frozenset({"azure-asyncoperation", "etag", "location", "retry-after"})


class Recorder:
    """Appends to a private file of this process in a folder; answers that repeat are left out."""

    def __init__(self, folder: Path) -> None:
        """Raises FileError when the folder cannot be written."""
        path = folder / f"{os.getpid()}.jsonl"
        self._seen: set[int] = set()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise FileError.of(path, error) from error
        descriptor = open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._file = os.fdopen(descriptor, "a", encoding="utf-8")

    def keep(self, exchange: Exchange, answer: Answer, headers: Mapping[str, str]) -> None:
        """Record an exchange of the management API."""
        if exchange.words[:1] not in (["subscriptions"], ["providers"]):
            return
        self._write(
            {
                "method": exchange.method,
                "path": f"{exchange.path}{_expanded(exchange.query)}",
                "status": answer.status,
                "body": _json(exchange.content),
                "answer": None if isinstance(answer.body, bytes) else blanked(answer.body),
                "headers": {
                    name.lower(): value
                    for name, value in headers.items()
                    if name.lower() in _HEADERS
                },
                "agent": exchange.headers.get("user-agent", ""),
            }
        )

    def keep_inner(self, identifier: ResourceId, body: Mapping[str, Any]) -> None:
        """Record what a deployment writes: a body without an answer, whose status is 0."""
        self._write(
            {"method": "PUT", "path": str(identifier), "status": 0, "body": blanked(body)}
            | {"answer": None, "headers": {}, "agent": "deployment"}
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        text = json.dumps(line)
        if hash(text) in self._seen:
            return
        self._seen.add(hash(text))
        try:
            self._file.write(f"{text}\n")
            self._file.flush()
        except OSError as error:  # what is served does not depend on it
            _log.error("the recording is not whole: %s", error)


def _expanded(query: Mapping[str, str]) -> str:
    """What an answer holds beyond its model's own, as the query asked for it."""
    asked = query.get("$expand", "")
    return f"?$expand={asked}" if asked else ""


def blanked(value: Any, name: str = "") -> Any:
    """A body without its secrets: by their names, and every value of a deployment's parameters."""
    if name.lower() in _SECRET:
        return {} if isinstance(value, dict) else value and _BLANK
    if isinstance(value, dict):
        inner = _of_parameters(value) if name.lower() == _PARAMETERS else value
        return {each: blanked(found, each) for each, found in inner.items()}
    return [blanked(each) for each in value] if isinstance(value, list) else value


def _of_parameters(given: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: {**each, "value": _BLANK} if isinstance(each, dict) and "value" in each else each
        for name, each in given.items()
    }


def _json(content: bytes) -> Any:
    try:
        return blanked(json.loads(content)) if content.strip() else None
    except (ValueError, RecursionError):
        return None
