r"""Text that cannot command: no terminal and no CI runner obeys what a guest or Azure said.

Terminals obey control characters. GitHub's runner obeys lines that begin with `::`, after white
space; it and Azure Pipelines' agent obey `##[…]` and `##vso[…]` anywhere in a line, and TeamCity
`##teamcity[…]`. What is taken for an order stays legible: `| ::…` and `## vso[…]`.
"""

from __future__ import annotations

import re

NEUTRAL = "| "
"""Before a line that would be an order to a CI runner."""

_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colour, cursor, erasing
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, ...
    r"|\x1b[ -/]*[0-~]"  # the others: reset, character sets, keypad
)
# C0 but for newline and tab, DEL, C1, line separators, what turns the direction of writing, and
# halves of surrogate pairs, which no encoding can write.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_ORDER = re.compile(r"^(?=(?:[^\S\n]|[\u200b\u2060\ufeff])*::)", re.MULTILINE)
_BRACKET_ORDER = re.compile(r"##(?=\w*\[)")


def without_control(text: str) -> str:
    """The text with escape sequences removed and other control characters as U+FFFD.

    A carriage return becomes a space: what would have been overwritten stays to be read.
    """
    text = _SEQUENCE.sub("", text.replace("\r\n", "\n"))
    return _CONTROL.sub("\ufffd", text.replace("\r", " "))


def without_orders(text: str) -> str:
    """The text with every order to a CI runner made visible text."""
    return _BRACKET_ORDER.sub("## ", _ORDER.sub(NEUTRAL, text))


def one_line(text: str) -> str:
    """The text on a line of its own."""
    return " ".join(text.splitlines()) if "\n" in text else text
