"""Contracts are spelled once: names and tags in planning/names.py, commands in advice.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

import tasks
from tests.sources import ROOT, literals, modules

NAMES = "pipeline/planning/names.py"
ADVICE = "pipeline/advice.py"
TASKS = "|".join(sorted(re.escape(name) for name in tasks.namespace.task_names))

ANYWHERE_IN = {
    r"-staging": "pipeline/definition/balancing.py",
    r"bakeswap-(build|check)-": NAMES,
    r"-(serves|previous|rolled-back|since)\b": NAMES,
    rf"\binvoke ({TASKS})\b": ADVICE,
}
"""What no string holds, by regular expression, and the one module that may."""

AS_A_WHOLE = {
    "rolled-back",
    "serves",
    "fingerprint",
    "system",
}
"""What no string is, but for those of planning/names.py."""

FRONTENDS = {"production", "staging"}
"""What no string is, but for those of definition/balancing.py."""

BALANCING = "pipeline/definition/balancing.py"

EXTENSIONS = "pipeline/definition/extensions.py"

OWNED = (
    (AS_A_WHOLE, NAMES),
    (FRONTENDS, BALANCING),
    ({"ApplicationHealth"}, EXTENSIONS),
)
"""What no string is, and the one module whose it is."""

NO_CONTRACT = {
    "pipeline/planning/swap/status.py": {"serves", "staging"},  # headings of a table
    "pipeline/planning/claims/history.py": {"serves"},  # a heading of a table
    "pipeline/definition/rules.py": {"production"},  # an example of an environment's name
    # what definitions may not say: tests/planning/test_names.py holds it to names.py
    "pipeline/definition/shape_rules.py": {
        *("system", "rolled-back", "served-since", "serves", "fingerprint"),
    },
    "pipeline/definition/shape_reading.py": {"system"},  # a key: the system-assigned identity
    "pipeline/planning/adopt/shape.py": {"system"},  # the same key
    "pipeline/demo.py": {"production"},  # a key of the document that `status --json` prints
}

BODY_KEYS = {"properties", "location", "sku"}
"""A mapping with one of these is a request body; planning makes them."""


def stray(file: str, source: str) -> list[str]:
    """The contracts that a module spells although another one owns them."""
    return [*_stray_strings(file, source), *_stray_tags(file, source), *_bodies(file, source)]


def _stray_strings(file: str, source: str) -> Iterator[str]:
    excepted = NO_CONTRACT.get(file, set())
    for found in literals(ast.parse(source)):
        for pattern, owner in ANYWHERE_IN.items():
            is_spelled = re.search(pattern, found.text) and found.text not in excepted
            if is_spelled and file != owner:
                yield f"{file}:{found.line}: {found.text!r} is a contract of {owner}"
        for names, owner in OWNED:
            if found.text in names - excepted and file != owner:
                yield f"{file}:{found.line}: {found.text!r} is a contract of {owner}"


def _stray_tags(file: str, source: str) -> Iterator[str]:
    """`tags["run"]`, `x.tags.get("run")`: a tag that is looked up by a literal."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript):
            place, key = node.value, node.slice
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".get") and node.args:
            place, key = node.func, node.args[0]
        else:
            continue
        of_tags = re.search(r"\btags\b['\"\])]*( or \{\}\))?(\.get)?$", ast.unparse(place))
        if of_tags and isinstance(key, ast.Constant):
            yield f"{file}:{node.lineno}: the tag {key.value!r} is a contract of {NAMES}"


def _bodies(file: str, source: str) -> Iterator[str]:
    if not file.startswith("pipeline/execution/"):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            written = (ast.unparse(key) for key, value in _filled(node) if key)
            if any(key.strip("'") in BODY_KEYS for key in written):
                yield f"{file}:{node.lineno}: a request body; pipeline/planning makes those"


def _filled(node: ast.Dict) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    """The pairs of a mapping, but for those whose value is an empty mapping."""
    for key, value in zip(node.keys, node.values, strict=True):
        if not (isinstance(value, ast.Dict) and not value.keys):
            yield key, value


PENDING: set[str] = set()
"""Known to spell one. A file that no longer does fails here: take it off the list."""

FILES = [file.relative_to(ROOT).as_posix() for file in modules(emulator=False)]


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(file, marks=pytest.mark.xfail(reason="pending")) if file in PENDING else file
        for file in FILES
    ],
)
def test_a_module_spells_no_contract_of_another(file: str) -> None:
    assert stray(file, (ROOT / file).read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        'rule = f"{pair}-staging"',
        'group = "bakeswap-build-" + image',
        'name = f"bakeswap-check-{image}"',
        'tag = f"{image}-serves"',
        'since = tags[f"{image}-since"]',
        'tag = "rolled-back"',
        'found.get("fingerprint")',
        'extension["name"] == "ApplicationHealth"',
        '{"system": "bakeswap"}',
        'VerifyVersion("staging", url)',
        'raise Refused("nothing is staged; invoke stage web")',
        'advice = f"type invoke emulator.start"',
        'owner = tags["run"]',
        'owner = found.tags.get("run", "")',
        'owner = (found.get("tags") or {}).get("run")',
    ],
)
def test_a_contract_that_is_spelled_elsewhere_is_seen(source: str) -> None:
    assert stray("pipeline/execution/swap/steps.py", source)


@pytest.mark.parametrize(
    "source", ['{"sku": {"capacity": 3}}', '{"location": "westeurope", "tags": {}}']
)
def test_a_request_body_outside_of_planning_is_seen(source: str) -> None:
    assert stray("pipeline/execution/swap/steps.py", source)
    assert stray("pipeline/planning/swap/scale_set_body.py", source) == []


@pytest.mark.parametrize(
    "source",
    [
        '"""Like `web-staging`, by `invoke stage web`."""',
        'f"{image} {version} serves at {url}"',
        '{"name": name, "tags": {}}',
        'body.get("tags")',
        'raise Refused("the production rules disagree")',
    ],
)
def test_words_are_no_contracts(source: str) -> None:
    assert stray("pipeline/execution/swap/steps.py", source) == []
