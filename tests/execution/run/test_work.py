"""Requests of a step: what the last run sent is seen through once, and believed only if pending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused
from pipeline.execution.azure.requests import Body, Request, delete, put
from pipeline.execution.patience import SCALE_SET
from pipeline.execution.run.create import create_unless_there
from pipeline.execution.run.journal import Journal, read
from pipeline.execution.run.work import Work
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.ssh import public_key_nobody_holds
from pipeline.planning.plan import Plan
from pipeline.planning.swap.load_balancer import with_pool
from pipeline.planning.swap.scale_set_body import scale_set
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.swap.steps import CreateScaleSet
from tests.conftest import Emulator
from tests.execution.dying import Crash, dying_after
from tests.execution.landing_zone import LandingZone, landing_zone, until

SLOW = {"operation": "virtualMachineScaleSets .*/web-1-0-0$"}


@dataclass(frozen=True)
class Wanted:
    """A scale set that is not there."""

    resource: ResourceId
    body: Body


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """A landing zone."""
    made = landing_zone(tmp_path, emulator, capacity=1)
    made.create()
    return made


@pytest.fixture
def wanted(zone: LandingZone) -> Wanted:
    """A scale set of one instance that is not there."""
    zone.add_versions("1.0.0")
    steps = plan_stage(zone.survey()).steps
    step = next(step for step in steps if isinstance(step, CreateScaleSet))
    pool = step.pool.name
    zone.write_load_balancer(lambda body: body.update(with_pool(body, pool)))
    return Wanted(step.resource, scale_set(step, public_key_nobody_holds(), "test"))


def run(
    zone: LandingZone, step_by_step: Callable[[str, Work], None], journal: type[Journal] = Journal
) -> None:
    """A command of one step."""
    with begin(zone.session(journal=journal), "test") as started:
        carry_out(Plan("test", ("the step",)), started, step_by_step=step_by_step)


def sending(request: Request) -> Callable[[str, Work], None]:
    """A step that sends a request."""

    def step_by_step(step: str, work: Work) -> None:
        work.send(request, SCALE_SET)

    return step_by_step


def creating(wanted: Wanted) -> Callable[[str, Work], None]:
    """A step that creates a resource unless it is there."""

    def step_by_step(step: str, work: Work) -> None:
        create_unless_there(work, wanted.resource, lambda: wanted.body, SCALE_SET)

    return step_by_step


def requests(zone: LandingZone, method: str, resource: ResourceId) -> int:
    """How often a method was asked of a resource."""
    seen = zone.emulator.call("GET", "/emulator/requests").body["value"]
    path = str(resource).lower()
    return sum(one["method"] == method and one["path"].lower() == path for one in seen)


def newest_events(zone: LandingZone) -> list[str]:
    """The events of the last run."""
    runs = zone.session().runs.glob("*.jsonl")
    newest = max(runs, key=lambda path: path.stat().st_mtime_ns)
    return [entry["event"] for entry in read(newest)]


def test_a_pending_write_is_seen_through_and_not_sent_again(
    zone: LandingZone, wanted: Wanted
) -> None:
    zone.fault(SLOW, {"delay": 2})
    with pytest.raises(Crash):
        run(zone, creating(wanted), dying_after("accepted", "the step"))
    run(zone, creating(wanted))
    assert requests(zone, "PUT", wanted.resource) == 1
    assert zone.session().azure.state(wanted.resource) == "Succeeded"
    assert newest_events(zone).count("accepted") == 1


def test_a_write_that_failed_unseen_is_sent_again(zone: LandingZone, wanted: Wanted) -> None:
    zone.fault(SLOW, {"delay": 1, "fail": {"code": "InternalServerError", "status": 500}})
    with pytest.raises(Crash):
        run(zone, creating(wanted), dying_after("accepted", "the step"))
    run(zone, creating(wanted))
    assert requests(zone, "PUT", wanted.resource) == 2
    assert zone.session().azure.state(wanted.resource) == "Succeeded"


def test_a_pending_deletion_is_seen_through_and_not_sent_again(
    zone: LandingZone, wanted: Wanted
) -> None:
    zone.put(wanted.resource, wanted.body)
    zone.fault(SLOW, {"delay": 2})
    with pytest.raises(Crash):
        run(zone, sending(delete(wanted.resource)), dying_after("accepted", "the step"))
    run(zone, sending(delete(wanted.resource)))
    assert requests(zone, "DELETE", wanted.resource) == 1
    assert zone.session().azure.get(wanted.resource) is None


def test_a_deletion_of_what_was_made_anew_since_is_sent_again(
    zone: LandingZone, wanted: Wanted
) -> None:
    zone.put(wanted.resource, wanted.body)
    with pytest.raises(Crash):
        run(zone, sending(delete(wanted.resource)), dying_after("accepted", "the step"))
    until(lambda: zone.session().azure.get(wanted.resource) is None)
    zone.put(wanted.resource, wanted.body)
    run(zone, sending(delete(wanted.resource)))
    assert requests(zone, "DELETE", wanted.resource) == 2
    assert zone.session().azure.get(wanted.resource) is None


def test_a_token_for_one_operation_is_not_followed_by_another(
    zone: LandingZone, wanted: Wanted
) -> None:
    zone.fault(SLOW, {"delay": 2})
    with pytest.raises(Crash):
        run(zone, creating(wanted), dying_after("accepted", "the step"))
    until(lambda: zone.session().azure.state(wanted.resource) == "Succeeded")
    run(zone, sending(delete(wanted.resource)))
    assert requests(zone, "DELETE", wanted.resource) == 1
    assert zone.session().azure.get(wanted.resource) is None


def test_a_token_that_leads_nowhere_is_dropped(zone: LandingZone, wanted: Wanted) -> None:
    zone.fault(SLOW, {"delay": 2})
    with pytest.raises(Crash):
        run(zone, creating(wanted), dying_after("accepted", "the step"))
    zone.fault(
        {"method": "GET", "path": "/operations/"},
        {"fail": {"status": 404, "code": "NotFound", "message": "The operation has expired."}},
    )
    run(zone, creating(wanted))
    assert "dropped" in newest_events(zone)
    assert zone.session().azure.state(wanted.resource) == "Succeeded"


def test_what_azure_refuses_is_raised(zone: LandingZone, wanted: Wanted) -> None:
    zone.fault(SLOW, {"fail": {"status": 409, "code": "Conflict", "message": "No."}})
    with pytest.raises(AzureRefused, match="Conflict: No"):
        run(zone, sending(put(wanted.resource, wanted.body)))
    assert newest_events(zone)[-1] == "failed"
