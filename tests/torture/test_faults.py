"""The page of faults says what happens: its calls, and a sample of its cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Emulator
from tests.torture.faults import BY_NAME, PAGE, Table, Trial, cells

COMMAND, CALL = "promote", "PUT loadBalancers"
SAMPLE = ("answer lost", "401", "409", "412", "failed")


@pytest.mark.nightly
@pytest.mark.slow
def test_the_page_of_faults_says_what_happens(emulator: Emulator, tmp_path: Path) -> None:
    table = Table(COMMAND)
    Trial(BY_NAME[COMMAND], emulator, tmp_path, table).run(CALL, SAMPLE)

    told = cells(PAGE.read_text(), COMMAND)

    assert table.wrongs == []
    assert list(told) == [str(call) for call in table.calls]
    assert {fault: told[CALL][fault] for fault in SAMPLE} == {
        fault: outcome for (_, fault), outcome in table.cells.items()
    }
