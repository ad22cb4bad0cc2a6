"""What of a body, a status or a header does not fit Azure's models: one line for each violation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.emulator.models.table import (
    Model,
    Operation,
    Property,
    Shape,
    Type,
    model_of,
    spellings_of,
    type_of,
)
from tests.conformance.exceptions import NEVER_ANSWERED, is_excepted

Side = Literal["request", "answer"]
_WRITE_ONLY = "write-only property answered"
_RUNNING = frozenset({"Creating", "Updating", "Deleting", "Migrating"})
_ADDRESS = re.compile(r"https://[^/]+/subscriptions/\S+[?&]api-version=\d{4}-\d{2}-\d{2}")
_EXACT = {
    "string": str,
    "datetime": str,
    "boolean": bool,
    "model": dict,
    "map": dict,
    "array": list,
}


@dataclass(frozen=True, slots=True)
class Violation:
    """Where (`properties.probes[].port`, or `status`, or a header), what is there, what belongs."""

    side: Side
    path: str
    what: str
    expected: str

    def __str__(self) -> str:
        return f"{self.side}: {self.path}: {self.what}; expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A recorded exchange: `answer` and `body` are JSON or None, names of headers in lower case.

    A status of 0 means a write without an answer of its own, inside of a deployment.
    """

    method: str
    path: str
    status: int
    body: Any = None
    answer: Any = None
    headers: Mapping[str, str] | None = None
    agent: str = ""


def check_body(package: str, model: str, body: Mapping[str, Any], side: Side) -> list[Violation]:
    """The violations of a body, each once for all items of an array."""
    return list(dict.fromkeys(_object(model_of(package, model), body, "", side)))


def check_exchange(exchanged: Exchanged, *, is_held: bool = True) -> list[Violation]:
    """The violations of an exchange; of the request only when the client is held to the models.

    Nothing is said of paths that no model is known of.
    """
    place = place_of(exchanged.method, exchanged.path)
    if place is None:
        return []
    kind, _, operation = place
    if exchanged.status >= 400:
        return list(_refusal(exchanged.answer))
    found = list(_status(exchanged, operation)) if exchanged.status else []
    if is_held and operation.body and isinstance(exchanged.body, dict):
        sent = check_body(kind.package, operation.body, exchanged.body, "request")
        is_patch = exchanged.method == "PATCH"  # it says only what changes
        found += [each for each in sent if not (is_patch and each.what == "missing")]
    for body in _answered(operation, exchanged.answer):
        if operation.answer:
            told = check_body(kind.package, operation.answer, body, "answer")
            found += [each for each in told if not _was_asked_for(exchanged, each)]
    return list(dict.fromkeys(found))


def _was_asked_for(exchanged: Exchanged, violation: Violation) -> bool:
    """Whether a query named with `$expand` what is never answered without."""
    asked = exchanged.path.partition("?$expand=")[2].lower().split(",")
    name = violation.path.rpartition(".")[2].lower()
    return violation.what == _WRITE_ONLY and name in asked


def place_of(method: str, path: str) -> tuple[Type, str, Operation] | None:
    """The type, the operation's name and the operation that a request means."""
    words, names = _parts(path.partition("?")[0])
    whole = type_of("/".join(words))
    if whole is not None:
        return _operation(whole, method if len(names) == len(words) - 1 else f"{method} *")
    above = type_of("/".join(words[:-1]))
    return _operation(above, f"{method} {words[-1]}") if above and words else None


def _operation(kind: Type, wanted: str) -> tuple[Type, str, Operation] | None:
    for verb, operation in kind.operations.items():
        if verb.lower() == wanted.lower():
            return kind, verb, operation
    return None


def _parts(path: str) -> tuple[list[str], list[str]]:
    """The words of a type, its namespace first, and the names between them."""
    parts = [part for part in path.split("/") if part]
    lowered = [part.lower() for part in parts]
    if "providers" in lowered:
        last = len(lowered) - 1 - lowered[::-1].index("providers")
        rest = parts[last + 1 :]
    elif lowered[2:3] == ["resourcegroups"]:
        rest = ["Microsoft.Resources", "resourceGroups", *parts[3:]]
    else:
        return [], []
    if [part.lower() for part in rest[1:2]] == ["locations"]:
        rest = [rest[0], "/".join(("locations", *rest[3:]))]
    return [*rest[:1], *rest[1::2]], rest[2::2]


def _answered(operation: Operation, answer: Any) -> list[Mapping[str, Any]]:
    """The bodies in an answer: one, those of a list, or none."""
    if not isinstance(answer, dict):
        return []
    if operation.many:
        return [each for each in answer.get("value") or [] if isinstance(each, dict)]
    return [answer]


def _refusal(answer: Any) -> Iterator[Violation]:
    if answer is None:  # a HEAD, or 412 without a body
        return
    inner = answer.get("error", answer) if isinstance(answer, dict) else {}
    for name in ("code", "message"):
        if not isinstance(inner.get(name), str):
            yield Violation("answer", f"error.{name}", "missing", "ARM's error shape")


def _status(exchanged: Exchanged, operation: Operation) -> Iterator[Violation]:
    codes = ", ".join(map(str, operation.codes))
    if exchanged.status not in operation.codes and not is_excepted(
        "status", f"{exchanged.method} {exchanged.status}"
    ):
        yield Violation("answer", "status", str(exchanged.status), codes)
    headers = exchanged.headers or {}
    addresses = [headers[each] for each in ("azure-asyncoperation", "location") if each in headers]
    if operation.long and _goes_on(exchanged):
        if not addresses:
            yield Violation("answer", "headers", "no address of the operation",
                            "Azure-AsyncOperation or Location")  # fmt: skip
        if not headers.get("retry-after", "0").isdigit():
            yield Violation("answer", "headers.Retry-After", headers["retry-after"], "seconds")
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            yield Violation("answer", "headers", "an address that no poller takes",
                            "https://…/subscriptions/…?api-version=…")  # fmt: skip


def _goes_on(exchanged: Exchanged) -> bool:
    """Whether the answer says that the operation has not ended."""
    if exchanged.method == "GET":
        return False
    answer = exchanged.answer if isinstance(exchanged.answer, dict) else {}
    state = (answer.get("properties") or {}).get("provisioningState")
    return exchanged.status == 202 or state in _RUNNING


# -- bodies ----------------------------------------------------------------------------------------


def _object(model: Model, body: Mapping[str, Any], path: str, side: Side) -> Iterator[Violation]:
    for name, value in body.items():
        where = f"{path}.{name}".lstrip(".")
        known = model.properties.get(name)
        if known is None:
            if not is_excepted(side, f"{model.name}.{name}"):
                yield Violation(side, where, "unknown property", _alike(model, name))
            continue
        if not is_excepted(side, f"{model.name}.{name}"):
            yield from _written_by(known, f"{model.name}.{name}", where, side)
        if value is None:
            if side == "answer" or known.required:
                yield Violation(side, where, "null", str(known.shape))
        else:
            yield from _value(known.shape, value, where, side)
    for name, known in model.properties.items():
        is_there = name in body or (known.read_only and side == "request")
        if known.required and not is_there and not is_excepted(side, f"{model.name}.{name}"):
            where = f"{path}.{name}".lstrip(".")
            yield Violation(side, where, "missing", f"{known.shape}, which is compulsory")


def _alike(model: Model, name: str) -> str:
    spelled = model.spellings.get(name.lower())
    return f"'{spelled}'" if spelled else f"a property of {model.name}"


def _written_by(known: Property, name: str, where: str, side: Side) -> Iterator[Violation]:
    if side == "request" and known.read_only:
        yield Violation(side, where, "read-only property sent", "nothing")
    if side == "answer" and (known.write_only or name in NEVER_ANSWERED):
        yield Violation(side, where, _WRITE_ONLY, "nothing")


def _value(shape: Shape, value: Any, path: str, side: Side) -> Iterator[Violation]:
    if shape.word == "any":
        return
    if not _fits(shape, value):
        yield Violation(side, path, f"{type(value).__name__}", str(shape))
    elif shape.word == "model":
        yield from _object(model_of(shape.package, shape.name), value, path, side)
    elif shape.word == "enum":
        yield from _enum(shape, value, path, side)
    elif shape.of is not None:
        inner = value if isinstance(value, list) else value.values()
        where = f"{path}[]" if isinstance(value, list) else f"{path}.*"
        for each in inner:
            yield from _value(shape.of, each, where, side)


def _fits(shape: Shape, value: Any) -> bool:
    if shape.word in {"integer", "number"}:
        wanted = int if shape.word == "integer" else int | float
        return isinstance(value, wanted) and not isinstance(value, bool)
    return isinstance(value, _EXACT.get(shape.word, str))


def _enum(shape: Shape, value: str, path: str, side: Side) -> Iterator[Violation]:
    spellings = spellings_of(shape.package, shape.name)
    spelled = spellings.get(value.lower())
    if spelled is None:
        if not is_excepted(side, shape.name) and not is_excepted(side, f"{shape.name}={value}"):
            values = ", ".join(sorted(spellings.values())[:8])
            yield Violation(side, path, f"value '{value}'", f"one of {values}")
    elif spelled != value and not is_excepted(side, f"{shape.name}={value}"):
        yield Violation(side, path, f"spelling '{value}'", f"'{spelled}'")
