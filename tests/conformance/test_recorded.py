"""Answers that Azure gave, and what the emulator answers to the same calls."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.differences import REASONS, reason
from tests.conformance.replay import Replay
from tests.conftest import ROOT, Emulator, Reply

RECORDED: dict[str, Any] = json.loads(Path(__file__).with_name("recorded.json").read_text())
CASES: dict[str, dict[str, Any]] = RECORDED["cases"]
PAGE = ROOT / "docs" / "recorded-answers.md"
INTRODUCTION = """\
Answers that Azure gave in public recordings, and what the emulator answers to the same call:
status, headers, names and types of properties, states. Recordings are of several years and trimmed;
what only the emulator answers is no difference.
Made by `pytest tests/conformance --update-golden`.
"""
WORDS = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number"}


@pytest.fixture(scope="module")
def answers(emulator: Emulator) -> Iterator[Mapping[str, Reply]]:
    """The emulator's answers, by case."""
    group = "recorded-answers"
    made = emulator.call("PUT", f"/resourceGroups/{group}", {"location": "westeurope"})
    assert made.status == 201
    yield Replay(emulator, group).play()
    emulator.call("DELETE", f"/resourceGroups/{group}")


def shape_of(value: Any, path: str = "") -> dict[str, str]:
    """The types of an answer's properties, by path; items of an array are one."""
    found: dict[str, str] = {}
    if isinstance(value, list):
        for each in value:
            found |= shape_of(each, f"{path}[]")
    for name, each in value.items() if isinstance(value, dict) else ():
        own = f"{path}.{name}".lstrip(".")
        found |= {own: WORDS.get(type(each), "null"), **shape_of(each, own)}
    return found


def differences(recorded: Mapping[str, Any], reply: Reply | None) -> Iterator[str]:
    """What a recorded answer has and ours has not, or has otherwise."""
    if reply is None:
        yield "no answer"
        return
    if reply.status != recorded.get("status", reply.status):
        yield f"status {reply.status}, recorded {recorded['status']}"
    for name in recorded.get("headers", ()):
        if not any(header.startswith(name.rstrip("*")) for header in reply.headers):
            yield f"header {name} missing"
    ours = shape_of(reply.body)
    for path, word in recorded.get("shape", {}).items():
        if path not in ours:
            yield f"missing {path}"
        elif word not in ("any", ours[path]):
            yield f"type of {path}: {ours[path]}, recorded {word}"
    state = ours and (reply.body.get("properties") or {}).get("provisioningState")
    if recorded.get("state", state) != state:
        yield f"state {state}, recorded {recorded['state']}"


def outermost(found: list[str]) -> list[str]:
    """The differences without those inside of a property that is missing itself."""
    gone = [each.removeprefix("missing ") for each in found if each.startswith("missing ")]
    return [
        each
        for each in found
        if not any(each.startswith((f"missing {path}.", f"missing {path}[")) for path in gone)
    ]


def row(case: str, found: list[str]) -> str:
    """A line of the table."""
    recorded = CASES[case]
    compared = len(recorded.get("shape", {})) + len(recorded.get("headers", ())) + 1
    told = [f"`{each}`: {_why(case, each)}" for each in outermost(found)]
    where = f"[{recorded['call']}]({recorded['source']})"
    return f"| {where} | {compared} | {compared - len(found)} | {'<br>'.join(told) or 'nothing'} |"


def _why(case: str, difference: str) -> str:
    explained = reason(case, difference)
    return explained.why if explained else "not explained"


def page(found: Mapping[str, list[str]]) -> str:
    """The whole page."""
    return "\n".join(
        [
            "# Recorded answers",
            "",
            INTRODUCTION,
            "| recorded call | compared | the same | what differs, and why |",
            "|---|---|---|---|",
            *(row(case, lines) for case, lines in found.items()),
            "",
        ]
    )


@pytest.mark.parametrize("case", CASES)
def test_an_answer_has_what_azures_has_or_it_is_explained(
    answers: Mapping[str, Reply], case: str
) -> None:
    found = list(differences(CASES[case], answers.get(case)))

    assert [each for each in found if not reason(case, each)] == []


def test_the_page_says_what_differs(
    answers: Mapping[str, Reply], pytestconfig: pytest.Config
) -> None:
    made = page({case: list(differences(CASES[case], answers.get(case))) for case in CASES})
    if pytestconfig.getoption("--update-golden"):
        PAGE.write_text(made)

    assert made == PAGE.read_text(), "run pytest tests/conformance --update-golden"


def test_no_reason_is_out_of_date(answers: Mapping[str, Reply]) -> None:
    given = {
        reason(case, each) for case in CASES for each in differences(CASES[case], answers.get(case))
    }

    assert [one for one in REASONS if one not in given] == []


def test_a_difference_of_each_kind_is_seen() -> None:
    recorded = {
        "status": 201,
        "headers": ["etag"],
        "shape": {"name": "string", "tags": "object", "zones": "any"},
        "state": "Creating",
    }
    reply = Reply(200, {}, {"name": 1, "zones": [], "properties": {"provisioningState": "Done"}})

    assert list(differences(recorded, reply)) == [
        "status 200, recorded 201",
        "header etag missing",
        "type of name: number, recorded string",
        "missing tags",
        "state Done, recorded Creating",
    ]
    assert list(differences(recorded, None)) == ["no answer"]
    assert outermost(["missing a", "missing a.b", "missing a[].c", "missing ab"]) == [
        "missing a",
        "missing ab",
    ]
