"""Images times environments: order, states, words."""

from __future__ import annotations

import json

import pytest

from pipeline.planning.fleet.fleet import Fleet, Row, table
from tests.output.sample_fleet import DAY, RUN, fleet, status


def test_the_worst_comes_first_and_where_somebody_is_at_work_before_others() -> None:
    found = [(row.state, row.environment, row.image) for row in fleet().rows]
    assert found == [
        ("unknown", "us", "api"),
        ("degraded", "eu", "api"),
        ("too old", "us", "web"),
        ("well", "asia", "shop"),
        ("well", "eu", "web"),
    ]
    busy, idle = (Row("a", "r", name, status(name)) for name in ("z", "b"))
    claimed = Row("a", "r", "z", busy.status, claim=fleet().underway[0].claim)
    assert Fleet.of((idle, claimed)).rows == (claimed, idle)


def test_what_is_wrong_is_told_a_line_each() -> None:
    wrong = {(row.environment, row.image): row.wrong for row in fleet().rows}
    assert wrong["us", "api"] == ("AuthorizationFailed: no right",)
    assert wrong["eu", "api"] == ("1 of 2 healthy",)
    assert wrong["us", "web"] == ("45 days old, 30 days allowed",)
    assert wrong["eu", "web"] == ()


@pytest.mark.parametrize(
    ("age", "max_age", "is_too_old"),
    [(None, DAY, False), (DAY, 0.0, False), (DAY, DAY, False), (DAY + 1, DAY, True)],
)
def test_only_what_is_older_than_it_may_be_is_too_old(
    age: float | None, max_age: float, is_too_old: bool
) -> None:
    row = Row("eu", "r", "web", status("web"), age=age, max_age=max_age)
    assert (row.is_too_old, row.state) == (is_too_old, "too old" if is_too_old else "well")


def test_the_table_has_a_row_each_and_tells_what_is_wrong_and_who_is_at_work() -> None:
    told = str(table(fleet()))
    lines = told.splitlines()
    assert lines[0].split() == [
        *("environment", "region", "image", "state", "version", "age", "healthy", "rollback")
    ]
    assert lines[1].split() == ["us", "eastus2", "api", "unknown", "-", "-", "-", "-"]
    assert "api in eu: 1 of 2 healthy" in lines
    assert f"web in us: claimed by {RUN} (command promote, by ann on runner-7" in told
    assert "shop in asia: on hold since 2026-11-20T08:00:00Z" in told


def test_programs_get_all_of_it() -> None:
    document = json.loads(json.dumps(fleet().document))
    assert document["counts"] == {"unknown": 1, "degraded": 1, "too old": 1, "well": 2}
    worst, *_, best = document["images"]
    assert (worst["status"], worst["age_seconds"], worst["max_age_seconds"]) == (None, None, None)
    assert (best["age_seconds"], best["max_age_seconds"]) == (3 * DAY, 30 * DAY)
    assert best["moves"][0]["to"] == "1.0.1"


def test_a_row_is_found_by_its_environment_and_image() -> None:
    row = fleet().row("eu", "web")
    assert row is not None
    assert row.image == "web"
    assert fleet().row("eu", "nope") is None
