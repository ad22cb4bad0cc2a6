"""A table on a screen of any width: every word whole, every row readable."""

from __future__ import annotations

import io

import pytest

from pipeline.output.people import ForPeople
from pipeline.planning.table import Table
from tests.output.screen import Terminal

STATUS = Table(
    ("image", "serves", "since", "healthy", "staging", "rollback", "newest checked"),
    (
        ("web", "1.0.1", "2026-11-23T20:22:08Z", "2 of 2", "1.0.2 (staged, 2 of 2)", "1.0.0", "-"),
        ("shop", "1.4.2", "2026-11-21T08:01:44Z", "4 of 4", "", "none", "1.4.2"),
    ),
    ("web production: http://127.81.0.2:8080/healthz",),
)


@pytest.fixture(autouse=True)
def terminal_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A usual terminal, wherever the tests run."""
    monkeypatch.setenv("TERM", "xterm-256color")


def shown(columns: int, table: Table = STATUS) -> list[str]:
    """The screen with a table on it."""
    with Terminal(columns) as terminal:
        ForPeople(terminal.stream).report(table, {})
        return terminal.shown()


def test_a_wide_screen_shows_what_a_pipe_gets() -> None:
    pipe = io.StringIO()
    ForPeople(pipe).report(STATUS, {})
    assert pipe.getvalue() == f"{STATUS}\n"
    assert shown(200) == str(STATUS).splitlines()


def test_at_80_columns_cells_go_on_below_themselves() -> None:
    assert shown(80) == [
        "image  serves  since                 healthy  staging          rollback  newest",
        "                                                                         checked",
        "web    1.0.1   2026-11-23T20:22:08Z  2 of 2   1.0.2 (staged,   1.0.0     -",
        "                                              2 of 2)",
        "shop   1.4.2   2026-11-21T08:01:44Z  4 of 4                    none      1.4.2",
        "web production: http://127.81.0.2:8080/healthz",
    ]


def test_at_60_columns_each_row_is_stacked() -> None:
    assert shown(60) == [
        "image           web",
        "serves          1.0.1",
        "since           2026-11-23T20:22:08Z",
        "healthy         2 of 2",
        "staging         1.0.2 (staged, 2 of 2)",
        "rollback        1.0.0",
        "newest checked  -",
        "",
        "image           shop",
        "serves          1.4.2",
        "since           2026-11-21T08:01:44Z",
        "healthy         4 of 4",
        "staging",
        "rollback        none",
        "newest checked  1.4.2",
        "web production: http://127.81.0.2:8080/healthz",
    ]


@pytest.mark.parametrize("columns", [30, 50, 75, 78, 80, 90, 100, 110, 200])
def test_every_word_is_whole_at_every_width(columns: int) -> None:
    lines = shown(columns)
    words = {
        word for row in (STATUS.headings, *STATUS.rows) for cell in row for word in cell.split()
    }
    assert words <= {word for line in lines for word in line.split()}
    assert max(map(len, lines)) <= columns


def test_a_table_without_rows_is_its_headings_or_nothing() -> None:
    empty = Table(("image", "serves"), (), ("no image is declared",))
    assert shown(60, empty) == ["image  serves", "no image is declared"]
    assert shown(10, empty)[-1] == "declared"
