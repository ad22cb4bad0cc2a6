"""The data of `make conformance` and its page agree; az itself is not run here."""

from __future__ import annotations

import pytest

from tests.conformance_az import page
from tests.conformance_az.azure_cli import Ended, judge
from tests.conformance_az.expected import NotServed, OfAz, Passes, RefusedByAzure
from tests.conformance_az.sections import SECTIONS

COMMANDS = [command for section in SECTIONS.values() for command in section]
REQUIRED = (
    "vmss update",
    "vmss extension set",
    "vmss create",
    "vmss identity assign",
    "network list-usages",
    "vm list-skus",
)


def test_there_are_at_least_120_commands_and_no_section_repeats_one() -> None:
    assert len(COMMANDS) >= 120
    for section in SECTIONS.values():
        texts = [command.text for command in section if isinstance(command, Passes)]
        assert len(texts) == len(set(texts))


@pytest.mark.parametrize("words", REQUIRED)
def test_a_command_that_must_pass_is_among_those_that_do(words: str) -> None:
    passing = [one for one in COMMANDS if isinstance(one, Passes) and one.text.startswith(words)]
    assert passing
    assert all(one.query for one in passing)


def test_the_page_shows_these_commands() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.text()


@pytest.mark.parametrize(
    ("command", "ended", "fault"),
    [
        (Passes("vm show", "name", "vm"), Ended(0, '"vm"', ""), ""),
        (Passes("vm show", "name", "vm"), Ended(0, '"web"', ""), "is 'web', not 'vm'"),
        (Passes("vm show", "name", "vm"), Ended(1, "", "ERROR: (X)"), "ended with 1: ERROR: (X)"),
        (RefusedByAzure("vm show", "X"), Ended(1, "", "ERROR: (X) no"), ""),
        (
            RefusedByAzure("vm show", "X"),
            Ended(1, "", "ERROR: (Y) no"),
            "(X) is not in: ERROR: (Y)",
        ),
        (RefusedByAzure("vm show", "X"), Ended(0, "", ""), "it was not refused"),
        (NotServed("vm x", "'x'"), Ended(1, "", "The emulator does not serve 'x'."), ""),
        (
            NotServed("vm x", "'x'"),
            Ended(1, "", "The emulator does not serve 'y'."),
            "'x' is not in:",
        ),
        (NotServed("vm x", "'x'"), Ended(2, "", "'x' is misspelled"), "does not serve is not in"),
    ],
)
def test_any_other_outcome_is_wrong(command: OfAz, ended: Ended, fault: str) -> None:
    said = judge(command, ended)
    assert fault in said
    assert bool(said) == bool(fault)
