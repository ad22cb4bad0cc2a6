"""What operations take and answer, read out of the source of an azure-mgmt package.

The SDK says it nowhere else: which model a body has, which statuses mean success, what may go on
behind the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

_BUILDER = re.compile(r"^def (build_\w+_request)\(", re.MULTILINE)
_BUILT_AS = re.compile(r'HttpRequest\(\s*method="(\w+)"')
_PATH = re.compile(r'_url =[^"]*"(/[^"]*)"')
_VERSION = re.compile(r'"api-version", "([\w-]+)"')
_METHOD = re.compile(r"^    def (\w+)\(", re.MULTILINE)
_CALLED = re.compile(r"_request = (build_\w+_request)\(")
_CODES = re.compile(r"status_code not in \[([\d, ]+)\]")
_BODY = re.compile(r"\w+: (?:Optional\[\s*)?Union\[\s*_models\.(\w+),\s[^\]]*IO\[bytes\]")
_ANSWER = re.compile(r"[= ]_deserialize\(\s*_models\.(\w+)")
_ITEM = re.compile(r"_deserialize\(\s*[Ll]ist\[_models\.(\w+)\]")
_ID = re.compile(r"\{\w+\}")

Operation = dict[str, Any]


def operations_of(types: Sequence[str], text: str) -> dict[str, dict[str, Operation]]:
    """By type and method, what the operations of a package take and answer.

    `PUT`, `GET` and so on are of one resource, `GET *` of a collection, `POST x` and `GET x` of an
    action or a view. `api` is the api-version, `codes` are the statuses of success, `body` and
    `answer` names of models; `long` means that the operation may go on behind the answer, `many`
    that this is a list of what is in `answer`.
    """
    builders = _builders(text)
    found: dict[str, dict[str, Operation]] = {}
    for called, operation in _operations(text):
        method, path, api = builders[called]
        place = _place(path, types)
        if place is not None:
            name, what = place
            verb = f"{method} {what}".rstrip()
            found.setdefault(name, {}).setdefault(verb, {"api": api, **operation})
    return {name: dict(sorted(verbs.items())) for name, verbs in sorted(found.items())}


def _place(path: str, types: Sequence[str]) -> tuple[str, str] | None:
    """The type that a path leads to, and what of it: "" for one, `*` for all, or an action."""
    known = {name.lower(): name for name in types}
    words, names = _parts(path)
    if not all(map(_ID.fullmatch, names)) or any(map(_ID.fullmatch, words)):
        return None
    is_one = len(words) == len(names) + 1
    whole = known.get("/".join(words).lower())
    if whole is not None:
        return whole, "" if is_one else "*"
    above = known.get("/".join(words[:-1]).lower())
    return (above, words[-1]) if above and not is_one else None


def _parts(path: str) -> tuple[list[str], list[str]]:
    """The words of a type, its namespace first, and the names in between."""
    parts = [part for part in path.split("/") if part]
    if "providers" in parts:
        namespace, *rest = parts[parts.index("providers") + 1 :] or [""]
    elif parts[2:3] and parts[2].lower() == "resourcegroups":
        namespace, rest = "Microsoft.Resources", ["resourceGroups", *parts[3:]]
    else:
        namespace, rest = "", []
    if rest[:2] == ["locations", "{location}"]:  # no resource of its own
        rest = ["/".join(("locations", *rest[2:]))]
    return [namespace, *rest[::2]], rest[1::2]


def _builders(text: str) -> dict[str, tuple[str, str, str]]:
    """Method, path and api-version of each request that the package can build."""
    chunks = _BUILDER.split(text[: text.index("\nclass ")])
    return {
        name: (_first(_BUILT_AS, body), _first(_PATH, body), _first(_VERSION, body))
        for name, body in zip(chunks[1::2], chunks[2::2], strict=True)
    }


def _operations(text: str) -> Iterator[tuple[str, Operation]]:
    """The builder that each operation calls, and what it takes and answers.

    A long one comes as two methods: `_x_initial`, which sends, and `begin_x`, which reads the end.
    """
    chunks = _METHOD.split(text[text.index("\nclass ") :])
    methods = list(zip(chunks[1::2], chunks[2::2], strict=True))
    for position, (name, body) in enumerate(methods):
        called = _CALLED.search(body)
        if called is None:
            continue
        is_long = name.startswith("_") and name.endswith("_initial")
        yield called[1], _operation(body, _ending(methods[position + 1 :]) if is_long else body)


def _ending(methods: list[tuple[str, str]]) -> str:
    """What reads the end of a long operation: the last of the overloads that follow."""
    own = methods[0][0]
    last = ""
    for name, body in methods:
        if name != own and not name.startswith("get_long"):
            break
        last = body
    return last


def _operation(body: str, ending: str) -> Operation:
    made: Operation = {"codes": [int(code) for code in _first(_CODES, body).split(",")]}
    item = _first(_ITEM, ending)
    named = {
        "body": _first(_BODY, body),
        "answer": item or _first(_ANSWER, ending),
        "long": ending is not body,
        "many": bool(item),
    }
    return made | {key: value for key, value in named.items() if value}


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
