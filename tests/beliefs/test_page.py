"""The page of beliefs is made from the tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.beliefs import test_beliefs
from tests.beliefs.belief import BELIEFS

PAGE = Path(__file__).parent.parent.parent / "docs" / "beliefs.md"
HEAD = """# What we believe of Azure

The pipeline was built without a subscription of Azure. Each line is a test in `tests/beliefs`,
which runs against the emulator; `make verify-azure` runs the same tests against a subscription,
after saying what it makes, what that costs and that nothing is left. Until somebody has done so,
what is *inferred* here is confirmed by the emulator alone.
This page is written by `pytest tests/beliefs --update-golden`.

| belief | | source | test |
|---|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    lines = (
        f"| {one.says} | {one.kind} | {one.source} | `{one.name}` |"
        for one in sorted(BELIEFS.values(), key=lambda one: (one.kind, one.name))
    )
    return HEAD + "\n".join(lines) + "\n"


def test_the_page_lists_every_belief_with_its_source(pytestconfig: pytest.Config) -> None:
    assert any(name.startswith("test_") for name in vars(test_beliefs))
    if pytestconfig.getoption("--update-golden"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page()
