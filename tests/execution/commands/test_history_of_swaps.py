"""What the history tells after promotions and rollbacks, from whichever machine they came."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.execution.claims.history import moves
from pipeline.execution.commands import swap
from pipeline.planning.claims.claim import Actor
from pipeline.planning.claims.history import Move
from tests.conftest import Emulator
from tests.execution.dying import Crash, dying_after
from tests.execution.landing_zone import LandingZone, landing_zone, with_one_staged

ANN = Actor("ann example", "runner-7", "https://ci.example/7")


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone where 1.0.0 serves and 1.0.1 is staged."""
    return with_one_staged(landing_zone(tmp_path, emulator))


def logged(zone: LandingZone) -> tuple[Move, ...]:
    """All moves, the oldest first."""
    return moves(zone.session(), "web")


def test_each_swap_is_a_move_with_its_reason_and_whoever_did_it(zone: LandingZone) -> None:
    ann = replace(zone.session(), actor=ANN)
    swap.promote(ann, "web", why="release\n 42")
    zone.rollback()

    first, second, third = logged(zone)

    assert [(move.direction, move.before, move.after) for move in (first, second, third)] == [
        ("promote", "", "1.0.0"),
        ("promote", "1.0.0", "1.0.1"),
        ("rollback", "1.0.1", "1.0.0"),
    ]
    assert (second.why, second.actor) == ("release 42", ANN)
    assert (third.why, third.actor) == ("", zone.session().actor)
    assert third.at == zone.survey().since
    assert len({move.run for move in (first, second, third)}) == 3


def test_a_move_whose_run_died_is_written_by_the_next_one_in_its_name(zone: LandingZone) -> None:
    dying = replace(zone.session(journal=dying_after("accepted", "swap")), actor=ANN)
    with pytest.raises(Crash):
        swap.promote(dying, "web")
    assert [move.after for move in logged(zone)] == ["1.0.0"]

    swap.promote(zone.session(), "web")

    late = logged(zone)[-1]
    assert (late.direction, late.before, late.after) == ("promote", "1.0.0", "1.0.1")
    assert late.actor == ANN
    assert late.at == zone.survey().since
