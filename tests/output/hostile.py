"""What a guest could print to command the terminal, or the CI runner, that shows it."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.advice import Advice, Shell
from pipeline.errors import Refused
from pipeline.output.facts import Output, Work
from pipeline.planning.plan import Plan
from pipeline.planning.table import Table

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"]
DIRECTIONS = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
SEPARATORS = list("\u2028\u2029")
SEQUENCES = [
    "\x1b[2J",
    "\x1b[31m",
    "\x1b[1A",
    "\x9b2J",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b]52;c;unterminated",
    "\x1bP+q544e\x1b\\",
    "\x1b_apc\x1b\\",
    "\x1bc",
    "\x1b(0",
    "\x1b[6n",
    "\x1b",
]
ORDERS = [
    "::set-output name=x::y",
    "::add-mask::x",
    "::stop-commands::token",
    "  ::error file=a::b",
    "\u00a0::warning::x",
    "\ufeff::warning::x",
    ":\x1b[m:set-env name=PATH::x",
    "##[error]x",
    "##vso[task.setvariable variable=x]y",
    "#\x1b[m#vso[task.complete result=Succeeded]",
    "##teamcity[buildStop]",
]
TEXTS = [
    *CONTROLS,
    *DIRECTIONS,
    *SEPARATORS,
    *SEQUENCES,
    *ORDERS,
    *(f"a\n{order}" for order in ORDERS),
    *(f"a\r{order}" for order in ORDERS),
    "\ud800",
]


def everywhere(text: str) -> list[Callable[[Output], None]]:
    """Every fact there is, with the text in every place of it."""
    error = Refused(text, advice=(Advice(text, Shell(text)),))
    error.add_note(text)
    plan = Plan(text, (text, text), notes=(text,))
    empty: Plan[str] = Plan(text, (), because=text)
    return [
        lambda output: output.plan(plan),
        lambda output: output.plan(empty),
        lambda output: output.started(1, text),
        lambda output: output.waiting(1, text, 31.0, text),
        lambda output: _watched(output, text),
        lambda output: output.at_work((Work("web", text, 31.0), Work("api", text, 31.0))),
        lambda output: output.phase(1, text, 3.0),
        lambda output: output.finished(1, text, 3.0, text),
        lambda output: output.finished(1, text, 3.0),
        lambda output: output.failed(1, text, 3.0),
        lambda output: output.say(text),
        lambda output: output.truth(text, (Advice(text, Shell(text)),)),
        lambda output: output.report(text, {text: [text]}),
        lambda output: output.report(Table((text, "b"), ((text, text),), (text,)), text),
        lambda output: output.error(error),
    ]


def _watched(output: Output, text: str) -> None:
    output.watching(31.0, text, {text: text})
    output.waiting(1, text, 31.0, text)
