"""No secret gets out, whoever reads."""

from __future__ import annotations

import io

import pytest

from pipeline.errors import AzureRefused
from pipeline.output.people import ForPeople
from pipeline.output.programs import ForPrograms
from pipeline.planning.table import Table
from tests.output.screen import Terminal

BOTH = pytest.mark.parametrize("dress", [ForPeople, ForPrograms])


@BOTH
@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("signed in with hunter2", "hunter2"),
        ("signed in with hun\x00ter2", "ter2"),
        ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
        ("GET https://x/operations/1?t=6&s=Ab-c_D3fGh1JkLmNoPqRsTuV&h=x", "Ab-c_D3fGh1JkLmNo"),
    ],
)
def test_no_secret_gets_out(
    dress: type[ForPeople] | type[ForPrograms], text: str, secret: str
) -> None:
    stream = io.StringIO()
    output = dress(stream)
    output.hide("hunter2")
    output.hide("hun\x00ter2")
    output.say(text)
    output.error(AzureRefused("web", "Code", text))
    output.report(Table(("a",), ((text,),)), {"a": [text]})
    assert secret not in stream.getvalue()
    assert "***" in stream.getvalue()


@BOTH
def test_a_secret_that_is_escaped_is_found_too(dress: type[ForPeople] | type[ForPrograms]) -> None:
    stream = io.StringIO()
    output = dress(stream)
    output.hide('pass"wörd\\')
    output.report('it is pass"wörd\\', {'pass"wörd\\': ('pass"wörd\\',)})
    assert "pass" not in stream.getvalue()


def test_a_secret_put_together_by_removing_an_escape_sequence_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with Terminal(80) as terminal:
        output = ForPeople(terminal.stream)
        output.hide("hunter2")
        output.say("with hun\x1b[0mter2")
        assert terminal.shown() == ["with ***"]


def test_hiding_an_empty_secret_hides_nothing() -> None:
    stream = io.StringIO()
    output = ForPeople(stream)
    output.hide("")
    output.say("all well")
    assert stream.getvalue() == "all well\n"
