"""What a command of `az` is expected to end with, written as data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Passes:
    """The command ends with 0, and what a JMESPath query finds is `value`.

    The query is put to the command's own answer, or to that of `then`, a command after it.
    """

    text: str
    query: str = ""
    value: Any = None
    then: str = ""


@dataclass(frozen=True, slots=True)
class RefusedByAzure:
    """Azure refuses it too: the command fails with Azure's code."""

    text: str
    code: str


@dataclass(frozen=True, slots=True)
class NotServed:
    """The emulator refuses it by name: `what` is in the sentence of its 501."""

    text: str
    what: str


@dataclass(frozen=True, slots=True)
class ReadAlike:
    """The SDKs of other languages read what `text` shows: the same values of the same types.

    They also list what `listing` lists; it is "" for what is in no list. An `id` is for answers
    that have none; that of a view is the resource's, and the view's name after it.
    """

    type: str
    text: str
    listing: str = ""
    id: str = ""


OfAz: TypeAlias = Passes | RefusedByAzure | NotServed
Command: TypeAlias = OfAz | ReadAlike


def describe(command: Command) -> tuple[str, str]:
    """The outcome in one word or two, and what was true, for the page."""
    match command:
        case Passes(then=then, query=query, value=value):
            asked = f'`az {then} --query "{query}"`' if then else f"`{query}`"
            return "passed", f"{asked} is `{shown(value)}`" if query else "it ended with 0"
        case RefusedByAzure(code=code):
            return "passed", f"refused as Azure refuses it: `{code}`"
        case NotServed(what=what):
            return "refused", f"the emulator does not serve {what}"
        case ReadAlike(type=kind, listing=listing):
            listed = f", and list what `az {listing}` lists" if listing else ""
            return "read", f"the SDKs for Go and JavaScript read this `{kind}`{listed}"


def shown(value: Any) -> str:
    """A value as az prints it, text without quotes."""
    return value if isinstance(value, str) else json.dumps(value)
