"""The page of faults says what happens: its calls, and a sample of its cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Emulator
from tests.torture.faults import BY_NAME, PAGE, Table, Trial, cells

SAMPLE = {"stage": "PUT loadBalancers", "promote": "PUT loadBalancers"}


@pytest.mark.slow
@pytest.mark.parametrize("command", sorted(SAMPLE))
def test_the_page_of_faults_says_what_happens(
    command: str, emulator: Emulator, tmp_path: Path
) -> None:
    table = Table(command)
    Trial(BY_NAME[command], emulator, tmp_path, table).run(only=SAMPLE[command])

    told = cells(PAGE.read_text(), command)

    assert table.wrongs == []
    assert list(told) == [str(call) for call in table.calls]
    found = {fault: outcome for (_, fault), outcome in table.cells.items()}
    assert told[SAMPLE[command]] == found
