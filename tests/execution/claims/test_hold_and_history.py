"""Holds and the log of moves, through their commands."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import Refused, UsageError
from pipeline.execution.claims.history import append, moves, remember
from pipeline.execution.claims.hold import refuse_on_hold
from pipeline.execution.claims.now import underway
from pipeline.execution.commands import claims, swap
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin
from pipeline.output.programs import ForPrograms
from pipeline.planning.claims.claim import Actor
from pipeline.planning.claims.history import Move
from tests.conftest import Emulator
from tests.execution.claims.claimants import zone_of_claims
from tests.execution.landing_zone import LandingZone, landing_zone

ANN = Actor("ann", "runner-7", "https://ci.example/7")
RECORDS = "/TXT/"


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A zone without claims."""
    return zone_of_claims(tmp_path, emulator)


def as_ann(zone: LandingZone) -> Session:
    """A session of hers."""
    return replace(zone.session(), actor=ANN)


def answer(zone: LandingZone, image: str = "web", at: str = "") -> dict[str, Any]:
    """What `history --json` prints."""
    said = io.StringIO()
    claims.history(replace(zone.session(), output=ForPrograms(said)), image, at)
    found: dict[str, Any] = json.loads(said.getvalue().splitlines()[-1])
    return found


def move(number: int, direction: str = "promote", image: str = "web") -> Move:
    """The move of the n-th run, at an hour of its own."""
    return Move(
        f"2026-11-23T{number:02}:00:00Z",
        image,
        "test",
        direction,
        f"1.0.{number - 1}",
        f"1.0.{number}",
        f"20261123T{number:02}0000Z-Runner-7-00aa",
        ANN,
        "because",
    )


def test_a_held_image_is_not_promoted_and_tells_who_when_and_why(zone: LandingZone) -> None:
    claims.hold(as_ann(zone), "web", "  checkout errors,\nINC-7 ")
    told = zone.output

    with pytest.raises(Refused) as caught:
        swap.promote(zone.session(), "web")

    line = str(caught.value)
    assert line.startswith("web in test: on hold since 20")
    assert line.endswith(", by ann on runner-7, https://ci.example/7: checkout errors, INC-7")
    assert line.removeprefix("web in test: ") in told
    assert str(caught.value.advice[0].command) == "invoke release web"


def test_a_rollback_is_not_refused_for_a_hold(zone: LandingZone) -> None:
    claims.hold(as_ann(zone), "web", "INC-7")

    with pytest.raises(Refused, match="loadBalancers/front: does not exist"):
        swap.rollback(zone.session(), "web")


def test_a_released_image_is_held_no_more(zone: LandingZone) -> None:
    claims.hold(as_ann(zone), "web", "INC-7")
    claims.hold(zone.session(), "web", "INC-8")
    claims.release_image(zone.session(), "web")
    assert "is released; it was on hold since" in zone.output
    refuse_on_hold(zone.session(), "web")

    claims.release_image(zone.session(), "web")

    assert "nothing to release: web is not on hold" in zone.output


@pytest.mark.parametrize("fault", [{"lose": True}, {"drop": True}], ids=str)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_hold_and_a_release_pass_through_lost_answers(
    zone: LandingZone, method: str, fault: dict[str, Any]
) -> None:
    path = f"{zone.environment.resource_group}/.*{RECORDS}"
    zone.fault({"method": method, "path": path}, fault)

    claims.hold(as_ann(zone), "web", "INC-7")
    with pytest.raises(Refused, match="INC-7"):
        refuse_on_hold(zone.session(), "web")
    claims.release_image(zone.session(), "web")

    refuse_on_hold(zone.session(), "web")


def test_a_hold_that_cannot_be_asked_for_is_said_and_refuses_nothing(zone: LandingZone) -> None:
    claims.hold(as_ann(zone), "web", "INC-7")
    denied = {"fail": {"status": 403, "code": "AuthorizationFailed", "message": "No."}}
    zone.fault({"path": f"{zone.environment.resource_group}/.*{RECORDS}"}, denied)

    refuse_on_hold(zone.session(), "web")

    assert "could not ask whether web is on hold: continuing" in zone.output


def test_a_hold_needs_a_reason_and_an_image(zone: LandingZone) -> None:
    with pytest.raises(UsageError, match="--why"):
        claims.hold(zone.session(), "web", " ")
    with pytest.raises(UsageError, match="no image 'shop'"):
        claims.hold(zone.session(), "shop", "INC-7")


def test_the_history_tells_the_moves_of_one_image_the_newest_first(zone: LandingZone) -> None:
    session = zone.session()
    for number in (2, 1, 3):
        append(session, move(number))
    append(session, move(3, "rollback"))
    append(session, move(3))  # again, as after a lost answer
    append(session, move(4, image="shop"))

    claims.history(session, "web")

    rows = [line.split()[:4] for line in zone.output.splitlines()[1:]]
    assert rows == [
        ["2026-11-23T03:00:00Z", "1.0.3", "1.0.2", rows[0][3]],
        ["2026-11-23T03:00:00Z", "1.0.3", "1.0.2", rows[1][3]],
        ["2026-11-23T02:00:00Z", "1.0.2", "1.0.1", "promote"],
        ["2026-11-23T01:00:00Z", "1.0.1", "1.0.0", "promote"],
    ]
    assert {rows[0][3], rows[1][3]} == {"promote", "rollback"}
    assert answer(zone)["moves"][0] == move(1).document


def test_a_move_survives_its_way_through_azure(zone: LandingZone) -> None:
    append(zone.session(), move(1))

    assert moves(zone.session(), "web") == (move(1),)


@pytest.mark.parametrize(
    ("at", "served"),
    [
        ("2026-11-23T00:59:59Z", None),
        ("2026-11-23T01:00:00Z", "1.0.1"),
        ("2026-11-23T02:59:59", "1.0.2"),
        ("2026-11-23T05:00+01:00", "1.0.3"),
        ("2026-11-24", "1.0.3"),
    ],
)
def test_the_history_tells_what_served_at_a_time(
    zone: LandingZone, at: str, served: str | None
) -> None:
    for number in (1, 2, 3):
        append(zone.session(), move(number))

    found = answer(zone, at=at)["move"]

    assert (found and found["to"]) == served
    claims.history(zone.session(), "web", at)
    assert (f": {served} served, since" in zone.output) == (served is not None)


def test_a_time_that_is_none_is_a_mistake_of_the_command_line(zone: LandingZone) -> None:
    with pytest.raises(UsageError, match="'yesterday' is no time"):
        claims.history(zone.session(), "web", "yesterday")


def test_a_long_history_is_read_whole(zone: LandingZone) -> None:
    for number in range(120):
        run = f"20261123t000000z-host-{number:04}"
        append(zone.session(), replace(move(1), run=run))

    assert len(moves(zone.session(), "web")) == 120


def test_a_move_that_cannot_be_written_is_said_and_stops_nothing(zone: LandingZone) -> None:
    denied = {"fail": {"status": 403, "code": "AuthorizationFailed", "message": "No."}}
    zone.fault({"path": f"{zone.environment.resource_group}/.*{RECORDS}"}, denied)

    remember(zone.session(), move(1))

    assert "this move is missing in the history" in zone.output


def test_status_learns_what_is_running_and_on_hold(zone: LandingZone) -> None:
    claims.hold(as_ann(zone), "web", "INC-7")
    with begin(as_ann(zone), "stage", "web") as run:
        found = underway(zone.session())

    held = (found.claims["web"].run, found.holds["web"].why)
    assert held == (run.id, "INC-7")
    running, on_hold = found.lines(["web", "shop"])
    assert running.startswith(f"web claimed by {run.id} (command stage, by ann on runner-7, ")
    assert on_hold.startswith("web on hold since ")
    assert found.document("web")["claim"] == found.claims["web"].document
    assert found.document("shop") == {"claim": None, "hold": None}


def test_status_says_where_it_could_not_learn_it(zone: LandingZone) -> None:
    denied = {"fail": {"status": 403, "code": "AuthorizationFailed", "message": "No."}}
    zone.fault({"path": f"{zone.environment.resource_group}/.*/TXT"}, denied)

    (line,) = underway(zone.session()).lines(["web"])

    assert line.startswith("could not ask what is running: ")


@pytest.fixture
def without(tmp_path: Path, emulator: Emulator) -> Iterator[LandingZone]:
    """An environment that was made before there were claims."""
    (tmp_path / "old").mkdir()
    made = landing_zone(tmp_path / "old", emulator)
    group = made.environment.resource_group
    emulator.call("PUT", f"/resourceGroups/{group}", {"location": "westeurope"})
    yield made


def test_an_environment_without_the_zone_says_how_to_get_it(without: LandingZone) -> None:
    session = without.session()
    commands: list[Callable[[], None]] = [
        lambda: claims.hold(session, "web", "INC-7"),
        lambda: claims.release_image(session, "web"),
        lambda: claims.history(session, "web"),
    ]
    for command in commands:
        with pytest.raises(Refused, match="no private DNS zone for claims and holds") as caught:
            command()
        assert str(caught.value.advice[0].command) == "invoke create-environment"
    refuse_on_hold(session, "web")
    remember(session, move(1))
    assert underway(session).lines(["web"]) == ()
    assert without.output == ""
