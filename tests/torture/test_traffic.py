"""Swaps under steady traffic: no request is lost and no kept connection is cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.definition.balancing import PRODUCTION
from pipeline.execution.watch.prober import Load, Prober
from pipeline.planning.watch.targets import targets_of
from tests.conftest import Emulator
from tests.execution.landing_zone import at_once, landing_zone, with_one_staged

SWAPS, SAMPLE = 20, 4
"""Swaps in `make torture` and in `make test`."""
LOAD = Load(rate=200.0, kept_alive=100, late=60.0)
"""A machine that is busy answers late, and that is no loss of the swap."""


@pytest.mark.slow
def test_swaps_lose_no_request_and_cut_no_connection(
    tmp_path: Path, emulator: Emulator, pytestconfig: pytest.Config
) -> None:
    swaps = SWAPS if pytestconfig.getoption("rounds") else SAMPLE
    zone = with_one_staged(at_once(landing_zone(tmp_path, emulator)))
    now = zone.survey()
    balancer = now.load_balancer
    (target,) = targets_of(balancer.body, balancer.addresses, [now.health_rule(PRODUCTION)])

    with Prober([target], LOAD) as prober:
        for _ in range(swaps // 2):
            zone.promote(again=True)
            zone.rollback()

    total = prober.watched.total
    print(f"{swaps} swaps in {prober.watched.seconds:.0f} s: {total}")  # noqa: T201 - figures
    assert (total.all.lost, total.kept.cut) == (0, 0), str(total)
    assert set(dict(total.versions)) == {"1.0.0", "1.0.1"}
    assert total.kept.opened == LOAD.kept_alive
    assert total.fresh.answered > 0
