"""Recordings of emulators that tests started, held to Azure's models."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conformance.checker import Exchanged, check_exchange, place_of

HELD = ("azsdk-python", "packer", "deployment")
"""Whose requests must fit: the SDK's, Packer's and those of the deployments that Packer makes.

Raw requests of tests need not, nor do SDK calls of theirs that say `LOOSE`: they also send what
other clients send, such as a GET's answer with all that only Azure writes.
"""
LOOSE = "as-other-clients-do"
_MORE_AGENT = "AZURE_HTTP_USER_AGENT"
"""What azure-core adds to the name of every client."""
_NOT_HELD = (LOOSE, "azurecli")


@contextmanager
def sent_loosely() -> Iterator[None]:
    """What SDK clients send meanwhile need not fit: somebody else sends it."""
    os.environ[_MORE_AGENT] = LOOSE
    try:
        yield
    finally:
        os.environ.pop(_MORE_AGENT, None)


def violations_in(folder: Path) -> list[str]:
    """One line for each violation in the recordings of a folder, with the operation it is of."""
    found: Counter[str] = Counter()
    for exchanged in exchanges_in(folder):
        place = place_of(exchanged.method, exchanged.path)
        for violation in check_exchange(exchanged, is_held=_is_held(exchanged)):
            called = f"{place[1]} {place[0].name}" if place else exchanged.path
            found[f"{called}: {violation}"] += 1
    return [f"{line} ({count} times)" for line, count in sorted(found.items())]


def exchanges_in(folder: Path) -> Iterator[Exchanged]:
    """The recorded exchanges of all emulators; a line that a killed one left torn is skipped."""
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    recorded: dict[str, Any] = json.loads(line)
                except ValueError:
                    continue
                yield Exchanged(**recorded)


def _is_held(exchanged: Exchanged) -> bool:
    agent = exchanged.agent.lower()
    return any(held in agent for held in HELD) and not any(each in agent for each in _NOT_HELD)
