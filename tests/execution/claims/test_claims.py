"""Claims: one holder, whoever asks at once, whatever is lost, and however long somebody sleeps."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import AzureRefused, Overtaken, PipelineError, Refused, Unreachable
from pipeline.execution.claims.held import TIMES, Held, text_of
from pipeline.execution.claims.store import is_without_zone
from pipeline.planning.claims.claim import Claim
from pipeline.planning.record_names import record_id
from tests.conftest import Emulator
from tests.execution.claims.claimants import Claimant, zone_of_claims
from tests.execution.landing_zone import LandingZone, landing_zone

SOON = TIMES.renewed_every + 1
LATE = TIMES.trusted_for + 1


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A zone without claims."""
    return zone_of_claims(tmp_path, emulator)


@pytest.fixture
def one(zone: LandingZone) -> Claimant:
    """A run."""
    return Claimant(zone, "run-1")


@pytest.fixture
def other(zone: LandingZone) -> Claimant:
    """Another run."""
    return Claimant(zone, "run-2")


def on_records(zone: LandingZone, method: str, action: dict[str, Any], times: int = 1) -> None:
    """A fault of requests to record sets of this zone."""
    path = f"{zone.environment.resource_group}/.*/TXT/"
    zone.fault({"method": f"^{method}$", "path": path}, action, times)


def fails(status: int, **headers: str) -> dict[str, Any]:
    """What such a fault answers."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    words = {"code": "AFault", "message": "As asked.", "headers": named}
    return {"fail": {"status": status, **words}}


def aged(claimant: Claimant, seconds: float) -> None:
    """Write the claim as it would be, had its last renewal been so long ago."""
    kept = claimant.records.read(claimant.name)
    claim = Claim.read(kept.metadata or {})
    until = datetime.now(UTC) + timedelta(seconds=TIMES.lasts - seconds)
    old = replace(claim, expires=text_of(until))
    assert claimant.records.write(claimant.name, old.metadata, kept.etag)


def test_a_second_run_is_refused_in_one_line_that_names_the_first(
    one: Claimant, other: Claimant
) -> None:
    held = one.acquire()

    with pytest.raises(Refused) as caught:
        other.acquire()

    claim = held.claim
    assert str(caught.value) == (
        "web in test: claimed by run-1 (command promote, by ann on runner-7, https://ci.example/7)"
        f" since {claim.acquired}, until {claim.expires}"
    )
    assert other.holder() == "run-1"


def test_a_claim_tells_the_time_by_azures_clock(one: Claimant) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    claim = one.acquire().claim

    assert text_of(before) <= claim.acquired <= text_of(datetime.now(UTC))
    until = datetime.strptime(claim.expires, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    since = datetime.strptime(claim.acquired, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert (until - since).total_seconds() == TIMES.lasts


def test_what_was_given_back_can_be_claimed(one: Claimant, other: Claimant) -> None:
    one.acquire().release()
    assert one.holder() == ""

    other.acquire().check()

    assert other.holder() == "run-2"
    assert other.told == []


@pytest.mark.parametrize("count", [2, 3, 8])
def test_of_many_who_claim_at_once_one_wins_and_the_others_name_it(
    zone: LandingZone, count: int
) -> None:
    claimants = [Claimant(zone, f"run-{number}") for number in range(count)]

    def claim(claimant: Claimant) -> Held | Refused:
        try:
            return claimant.acquire()
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(count) as many:
        outcomes = list(many.map(claim, claimants))

    (winner,) = (outcome for outcome in outcomes if isinstance(outcome, Held))
    losers = [str(outcome) for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(losers) == count - 1
    assert all(f"claimed by {winner.claim.run} (" in line for line in losers)
    assert claimants[0].holder() == winner.claim.run


@pytest.mark.parametrize("count", [2, 4])
def test_of_many_who_take_over_by_force_the_last_one_has_it_and_the_others_are_told(
    zone: LandingZone, one: Claimant, count: int
) -> None:
    first = one.acquire()
    claimants = [
        Claimant(zone, f"run-b{number}", "rollback", force=True) for number in range(count)
    ]

    with ThreadPoolExecutor(count) as many:
        held = list(many.map(lambda claimant: claimant.acquire(), claimants))

    has = one.holder()
    for each in (first, *held):
        if each.claim.run == has:
            each.check()
            continue
        with pytest.raises(Overtaken, match=rf"^web in test: taken over by {has} \(command"):
            each.check()


@pytest.mark.parametrize("age", [0, TIMES.lasts, TIMES.lasts + TIMES.grace - 20])
def test_a_claim_is_not_taken_over_before_its_time_and_the_grace_are_over(
    one: Claimant, other: Claimant, age: float
) -> None:
    one.acquire()
    aged(one, age)

    with pytest.raises(Refused, match="claimed by run-1"):
        other.acquire()


def test_an_expired_claim_is_taken_over_and_the_run_that_lost_it_writes_nothing_more(
    one: Claimant, other: Claimant
) -> None:
    held = one.acquire()
    aged(one, TIMES.lasts + TIMES.grace + 2)

    taken = other.acquire()

    assert other.told == [f"web in test: taken over from {held.claim}"]
    for _ in range(2):
        with pytest.raises(Overtaken) as caught:
            held.check()
        assert str(caught.value) == (
            f"web in test: taken over by {taken.claim} at {taken.claim.acquired};"
            " this run writes nothing more"
        )
    held.release()
    assert other.holder() == "run-2"


def test_a_claim_that_was_taken_over_and_given_back_is_lost_all_the_same(
    one: Claimant, zone: LandingZone
) -> None:
    held = one.acquire()
    Claimant(zone, "run-2", "rollback", force=True).acquire().release()

    with pytest.raises(Overtaken, match="the claim of this run is gone"):
        held.check()


def test_a_run_of_this_checkout_that_died_leaves_its_claim_to_the_next(
    one: Claimant, zone: LandingZone
) -> None:
    one.acquire()

    Claimant(zone, "run-2", is_dead=lambda run: run == "run-1").acquire()

    assert one.holder() == "run-2"


def test_a_record_set_that_is_no_claim_is_named_with_the_command_that_deletes_it(
    one: Claimant, other: Claimant
) -> None:
    one.records.write(one.name, {"owner": "somebody"}, "")

    with pytest.raises(Refused, match="claimed by \\?") as caught:
        other.acquire()

    (advice,) = caught.value.advice
    assert "record-set txt delete -z claims.bakeswap.internal -n web.test.swap" in str(
        advice.command
    )
    assert Claimant(one.zone, "run-3", force=True).acquire().claim.run == "run-3"


# -- renewing --------------------------------------------------------------------------------------


def renewals(one: Claimant) -> int:
    """How often the claim was written."""
    return one.zone.writes("/TXT/")


def test_a_wait_renews_the_claim_when_it_is_due_and_not_before(one: Claimant) -> None:
    held = one.acquire()
    for _ in range(3):
        held.keep()
    assert renewals(one) == 1

    for _ in range(3):
        one.time.seconds += SOON
        held.keep()
        held.keep()

    assert renewals(one) == 4
    kept = Claim.read(one.records.read(one.name).metadata or {})
    assert kept == held.claim
    assert kept.expires > kept.acquired


def test_a_write_looks_at_the_claim_or_renews_it_when_that_is_due(one: Claimant) -> None:
    held = one.acquire()
    held.check()
    assert renewals(one) == 1
    one.time.seconds += SOON

    held.check()

    assert renewals(one) == 2


@pytest.mark.parametrize("ask", [Held.keep, Held.check])
def test_a_run_that_slept_for_ever_goes_on_if_nobody_took_its_claim(
    one: Claimant, ask: Callable[[Held], None]
) -> None:
    held = one.acquire()
    aged_etag = one.records.read(one.name).etag
    one.time.seconds += 100 * TIMES.lasts

    ask(held)

    assert one.records.read(one.name).etag != aged_etag
    held.check()


def test_a_wait_notices_that_the_claim_is_lost(one: Claimant, zone: LandingZone) -> None:
    held = one.acquire()
    Claimant(zone, "run-2", "rollback", force=True).acquire()
    held.keep()
    one.time.seconds += SOON

    with pytest.raises(Overtaken, match="taken over by run-2"):
        held.keep()


# -- faults ----------------------------------------------------------------------------------------

PASSING = [
    fails(429),
    fails(429, Retry_After="3"),
    fails(500),
    fails(503),
    {"drop": True},
    {"lose": True},
]


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_claim_is_taken_through_what_passes(
    one: Claimant, other: Claimant, zone: LandingZone, method: str, fault: dict[str, Any]
) -> None:
    on_records(zone, method, fault)

    held = one.acquire()

    held.check()
    with pytest.raises(Refused, match="claimed by run-1"):
        other.acquire()


@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_claim_is_given_back_through_what_passes(
    one: Claimant, zone: LandingZone, fault: dict[str, Any]
) -> None:
    held = one.acquire()
    on_records(zone, "DELETE", fault)

    held.release()

    assert one.holder() == ""


@pytest.mark.parametrize("ask", [Held.keep, Held.check])
def test_a_renewal_whose_answer_was_lost_loses_nothing(
    one: Claimant, zone: LandingZone, ask: Callable[[Held], None]
) -> None:
    held = one.acquire()
    on_records(zone, "PUT", {"lose": True})
    one.time.seconds += SOON

    ask(held)
    held.check()
    one.time.seconds += SOON
    ask(held)
    held.check()
    held.release()

    assert one.holder() == ""


def test_a_release_after_a_lost_renewal_deletes_what_that_wrote(
    one: Claimant, zone: LandingZone
) -> None:
    held = one.acquire()
    on_records(zone, "PUT", {"lose": True})
    one.time.seconds += SOON
    held.keep()

    held.release()

    assert one.holder() == ""


def test_where_azure_cannot_be_asked_a_claim_is_trusted_for_two_thirds_of_its_time(
    one: Claimant, zone: LandingZone
) -> None:
    held = one.acquire()
    on_records(zone, "(GET|PUT)", fails(500), times=99)
    held.check()
    one.time.seconds = TIMES.trusted_for - 30  # attempts take time themselves
    held.check()
    one.time.seconds = LATE
    held.keep()

    with pytest.raises(AzureRefused, match="AFault: As asked") as caught:
        held.check()

    (note,) = caught.value.__notes__
    assert "so that it writes nothing more" in note
    zone.emulator.call("DELETE", "/emulator/faults")
    held.check()


@pytest.mark.parametrize(
    ("fault", "error"), [(fails(403), AzureRefused), ({"drop": True}, Unreachable)]
)
def test_what_does_not_pass_is_told_as_it_is(
    one: Claimant, zone: LandingZone, fault: dict[str, Any], error: type[PipelineError]
) -> None:
    on_records(zone, "(GET|PUT)", fault, times=99)

    with pytest.raises(error):
        one.acquire()


def test_a_throttle_that_lasts_longer_than_the_patience_is_told_at_once(
    one: Claimant, zone: LandingZone
) -> None:
    on_records(zone, "GET", fails(429, Retry_After="60"))

    with pytest.raises(AzureRefused, match="AFault"):
        one.acquire()

    assert one.time.seconds == 0


def test_an_environment_without_a_zone_is_recognised(tmp_path: Path, emulator: Emulator) -> None:
    nowhere = Claimant(landing_zone(tmp_path, emulator), "run-1")
    with pytest.raises(AzureRefused) as caught:
        nowhere.acquire()
    assert is_without_zone(caught.value)

    group = nowhere.zone.environment.resource_group
    emulator.call("PUT", f"/resourceGroups/{group}", {"location": "westeurope"})
    with pytest.raises(AzureRefused) as caught:
        nowhere.acquire()
    assert is_without_zone(caught.value)
    assert str(record_id(nowhere.zone.environment, nowhere.name)) in str(caught.value)
