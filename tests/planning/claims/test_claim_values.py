"""Claims, holds, moves and numbers as values: what they say, and that they survive being kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.planning.claims.claim import Actor, Claim, Hold
from pipeline.planning.claims.history import Move, in_order, serving_at, table
from pipeline.planning.claims.numbers import Number, taken
from pipeline.planning.claims.underway import Underway

ANN = Actor("ann", "runner-7", "https://ci.example/7")
CLAIM = Claim("run-1", "promote", ANN, "2026-11-23T18:15:00Z", "2026-11-23T18:17:00Z")
HOLD = Hold("INC-7", ANN, "2026-11-23T18:15:00Z")
MOVE = Move(
    "2026-11-23T18:16:00Z", "web", "production", "promote", "1.0.0", "1.0.1", "run-1", ANN, "x"
)


def test_a_claim_says_in_one_line_who_has_it_since_when_and_until_when() -> None:
    assert CLAIM.words == (
        "claimed by run-1 (command promote, by ann on runner-7, https://ci.example/7)"
        " since 2026-11-23T18:15:00Z, until 2026-11-23T18:17:00Z"
    )


def test_values_survive_being_kept() -> None:
    assert Claim.read(CLAIM.metadata) == CLAIM
    assert Hold.read(HOLD.metadata) == HOLD
    assert Move.read("web", "production", MOVE.metadata) == MOVE


@pytest.mark.parametrize(
    ("now", "is_over"),
    [
        ("2026-11-23T18:16:59Z", False),
        ("2026-11-23T18:17:00Z", False),
        ("2026-11-23T18:17:01Z", True),
        ("2026-12-01T00:00:00Z", True),
    ],
)
def test_a_claim_is_over_after_its_end(now: str, is_over: bool) -> None:
    assert CLAIM.is_over(now) == is_over


def test_what_is_no_claim_is_held_by_nobody_known_and_never_over() -> None:
    assert (
        Claim.read({"owner": "x"}).words == "claimed by ? (command ?, by ? on ?) since ?, until ?"
    )
    assert not Claim.read({}).is_over("9999-12-31T23:59:59Z")


def test_a_renewal_changes_only_the_end() -> None:
    later = CLAIM.renewed("2026-11-23T18:16:00Z", "2026-11-23T18:18:00Z")

    assert later == replace(CLAIM, expires="2026-11-23T18:18:00Z")


@pytest.mark.parametrize(
    ("actor", "tag"),
    [
        (ANN, "ann@runner-7 https://ci.example/7"),
        (Actor("ann", "laptop"), "ann@laptop"),
        (Actor("ann", "laptop", "x" * 250), "ann@laptop"),
        (Actor("a" * 300, "laptop"), "a" * 256),
    ],
)
def test_an_actor_fits_into_a_tag(actor: Actor, tag: str) -> None:
    assert actor.tag == tag


@pytest.mark.parametrize(
    ("tag", "actor"),
    [
        ("ann@laptop", Actor("ann", "laptop")),
        ("Ann Example@runner-7", Actor("Ann Example", "runner-7")),
        (
            "Ann Example@runner 7 https://ci.example/7",
            Actor("Ann Example", "runner 7", "https://ci.example/7"),
        ),
        ("ann@corp.example@laptop", Actor("ann@corp.example", "laptop")),
        ("", Actor("?", "?")),
        ("laptop", Actor("?", "laptop")),
    ],
)
def test_an_actor_is_read_back_from_a_tag(tag: str, actor: Actor) -> None:
    assert Actor.of_tag(tag) == actor


def test_moves_are_in_the_order_of_time_and_tell_what_served() -> None:
    back = replace(
        MOVE, at="2026-11-23T18:20:00Z", direction="rollback", before="1.0.1", after="", why=""
    )

    assert in_order([back, MOVE]) == (MOVE, back)
    assert serving_at([back, MOVE], "2026-11-23T18:19:59Z") == MOVE
    assert serving_at([back, MOVE], "2026-11-23T18:15:59Z") is None
    by = "by ann on runner-7, https://ci.example/7"
    assert table([MOVE, back]).rows == (
        (back.at, "-", "1.0.1", f"rollback {by}", "run-1", "-"),
        (MOVE.at, "1.0.1", "1.0.0", f"promote {by}", "run-1", "x"),
    )
    assert MOVE.document["image"] == "web"


def test_numbers_stay_taken_when_used_or_when_their_run_may_live() -> None:
    numbers = [
        Number("1.0.0", "2026-old", is_used=True),
        Number("1.0.1", "2026-old"),
        Number("1.0.2", "2027-mine"),
        Number("1.0.3", "2027-other"),
        Number("1.0.4", "2027-dead"),
    ]

    found = taken(numbers, run="2027-mine", dead=frozenset({"2027-dead"}), young="2026-z")

    assert found == ["1.0.0", "1.0.3"]


def test_what_is_underway_is_told_by_image() -> None:
    now = Underway({"web": CLAIM}, {"web": HOLD, "shop": HOLD})

    assert now.lines(["web", "api"]) == (f"web {CLAIM.words}", f"web {HOLD}")
    assert now.document("shop") == {"claim": None, "hold": HOLD.document}
    assert now.document("web")["claim"] == CLAIM.document
    assert Underway(problem="No.").lines(["web"]) == ("could not ask what is running: No.",)
