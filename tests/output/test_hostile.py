"""What a guest prints commands nobody: no terminal, and no CI runner."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.output.facts import Output
from pipeline.output.harmless import one_line, without_control, without_orders
from pipeline.output.people import ForPeople
from pipeline.output.programs import ForPrograms
from tests.output import hostile
from tests.output.screen import Terminal

OURS = re.compile(
    rb"\x1b\[(?:3[12]|0)?m|\x1b\[[KAB]|\x1b\[\?7[lh]|\x1b[78]|\x1b\]2;settled \d+\x07|\r|\n"
)
"""What we write to a terminal: two colours, erasing rows, and the tests' marks."""
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def obeyed(line: str) -> bool:
    """Whether a runner of GitHub, Azure Pipelines or TeamCity takes a line for an order."""
    bare = line.lstrip().lstrip("\ufeff").lstrip()
    return bare.startswith("::") or re.search(r"##\w*\[", line) is not None


def told(output: Callable[[Any], Output], text: str) -> str:
    """Everything that is written when each fact holds the text in each place."""
    stream = io.StringIO()
    for tell in hostile.everywhere(text):
        tell(output(stream))
    return stream.getvalue()


@pytest.mark.parametrize("text", hostile.TEXTS, ids=ascii)
def test_nothing_in_a_log_is_obeyed(text: str) -> None:
    written = told(ForPeople, text)
    assert not CONTROL.search(written)
    assert not [line for line in written.splitlines() if obeyed(line)]
    assert written.encode("utf-8")


@pytest.mark.parametrize("text", hostile.TEXTS, ids=ascii)
def test_nothing_in_json_lines_is_obeyed_and_everything_can_be_read(text: str) -> None:
    written = told(ForPrograms, text)
    assert written.isascii()
    assert not CONTROL.search(written)
    assert not [line for line in written.split("\n") if obeyed(line)]
    documents = [json.loads(line) for line in written.splitlines()]
    assert {"event": "said", "text": text} in documents
    assert {text: [text]} in documents


@pytest.mark.parametrize("text", hostile.TEXTS, ids=ascii)
def test_nothing_on_a_screen_is_obeyed(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with Terminal(40) as terminal:
        output = ForPeople(terminal.stream)
        for tell in hostile.everywhere(text):
            tell(output)
        lines = terminal.shown()
        rest = OURS.sub(b"", bytes(terminal.raw)).decode()
    assert not CONTROL.search(rest)
    assert not [line for line in lines if obeyed(line)]


@pytest.mark.parametrize("order", hostile.ORDERS, ids=ascii)
def test_what_would_be_an_order_can_still_be_read(order: str) -> None:
    shown = without_orders(without_control(order))
    assert re.sub(r"^\| |(?<=##) ", "", shown) == re.sub("\x1b\\[m", "", order)


def test_wrapping_makes_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    with Terminal(30) as terminal:
        ForPeople(terminal.stream).say("a word and another one here ::add-mask::secret")
        assert not [line for line in terminal.shown() if obeyed(line)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\", "here"),
        ("10 %\r20 %", "10 % 20 %"),
        ("a\r\nb", "a\nb"),
        ("a\tb", "a\tb"),
        ("bell\x07", "bell\ufffd"),
        ("\u202etxt.exe", "\ufffdtxt.exe"),
        ("plain 東京 é", "plain 東京 é"),
    ],
)
def test_text_stays_and_control_goes(text: str, shown: str) -> None:
    assert without_control(text) == shown


def test_ordinary_colons_and_hashes_stay_as_they_are() -> None:
    for text in ("a::b", "## heading", "std::vector", "[::1]:8080", "# [x]"):
        assert without_orders(text) == text


def test_a_step_of_several_lines_is_told_in_one() -> None:
    assert one_line("a\nb") == "a b"
