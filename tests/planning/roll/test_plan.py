"""Planning an in-place roll: which instances together, of what they are made, and when never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.advice import Advice, roll, status
from pipeline.errors import Refused, UsageError
from pipeline.planning.names import Tag, image_version_id
from pipeline.planning.plan import Plan
from pipeline.planning.roll.plan import plan_roll
from pipeline.planning.roll.steps import PointModel, RecordRoll, RollBatch, RollStep, RollWish
from pipeline.planning.swap.backend import ScaleSet
from pipeline.planning.swap.reference import ImageReference
from pipeline.planning.watch.steps import Soak, StartWatching, StopWatching
from tests.planning.swap.examples import ENVIRONMENT, scale_set, stranger, surveyed, version
from tests.planning.swap.examples import body as balancer_body

Body = dict[str, Any]
HEALTH = {"publisher": "Microsoft.ManagedServices", "type": "ApplicationHealthLinux"}
DEBIAN = {"publisher": "Debian", "offer": "debian-12", "sku": "12-gen2"}
OLD, NEW = "0.20260101.1", "0.20261101.1"


def gallery(number: str) -> Body:
    """A reference to a version of the image."""
    return {"id": str(image_version_id(ENVIRONMENT, "web", number))}


def fleet(
    size: int = 5,
    *,
    model: Body | None = None,
    made_from: Body | None = None,
    domains: int = 5,
    mode: str = "Manual",
    tags: dict[str, str] | None = None,
    sick: int = 0,
    **properties: Any,
) -> ScaleSet:
    """The scale set of 1.0.0, of a model and of instances that are made from something."""
    named = model or gallery("1.0.0")
    found = scale_set("1.0.0", size=size, sick=sick, tags=tags)
    profile = {
        "storageProfile": {"imageReference": named},
        "extensionProfile": {"extensions": [{"name": "health", "properties": HEALTH}]},
    }
    mine = ImageReference.read({"storageProfile": {"imageReference": made_from or named}})
    instances = tuple(
        replace(one, domain=number % domains if domains else None, made_from=mine)
        for number, one in enumerate(found.instances)
    )
    policy = {"upgradePolicy": {"mode": mode}} if mode else {}
    body = {"properties": {**policy, "virtualMachineProfile": profile, **properties}}
    return replace(found, instances=instances, body=body)


def batches_of(plan: Plan[RollStep]) -> list[tuple[str, ...]]:
    """The instances of each batch."""
    return [step.instances for step in plan.steps if isinstance(step, RollBatch)]


def model_of(plan: Plan[RollStep]) -> PointModel:
    """The write of the model."""
    (step,) = (one for one in plan.steps if isinstance(one, PointModel))
    return step


def record_of(plan: Plan[RollStep]) -> RecordRoll:
    """What is written down."""
    (step,) = (one for one in plan.steps if isinstance(one, RecordRoll))
    return step


@pytest.mark.parametrize(
    ("size", "percent", "wanted"),
    [
        (2, 20, [("0",), ("1",)]),
        (5, 100, [("0",), ("1",), ("2",), ("3",), ("4",)]),
        (10, 20, [("0", "5"), ("1", "6"), ("2", "7"), ("3", "8"), ("4", "9")]),
        (10, 19, [(str(one),) for one in (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)]),
        (12, 20, [("0", "5"), ("10",), ("1", "6"), ("11",), ("2", "7"), ("3", "8"), ("4", "9")]),
    ],
    ids=["two", "all", "as-many", "one-less", "more"],
)
def test_a_batch_is_of_one_domain_and_of_a_share_at_most(
    size: int, percent: int, wanted: list[tuple[str, ...]]
) -> None:
    plan = plan_roll(surveyed(fleet(size)), RollWish(percent=percent))
    assert batches_of(plan) == wanted


def test_the_sick_come_first_as_they_serve_nobody() -> None:
    plan = plan_roll(surveyed(fleet(4, sick=0)), RollWish())
    assert batches_of(plan)[0] == ("0",)
    found = fleet(4)
    ill = replace(found.instances[3], health="unhealthy")
    now = surveyed(replace(found, instances=(*found.instances[:3], ill)))
    with pytest.raises(Refused, match="3 of 4 instances healthy"):
        plan_roll(now, RollWish())
    plan = plan_roll(now, RollWish(force=True))
    assert batches_of(plan)[0] == ("3",)
    assert plan.notes == ("forced, although 3 of 4 instances healthy",)


def test_machines_of_a_flexible_set_have_no_domain_and_are_named() -> None:
    found = fleet(4, domains=0, mode="")
    named = tuple(replace(one, number=f"web_{one.number}a") for one in found.instances)
    now = surveyed(replace(found, instances=named))
    plan = plan_roll(now, RollWish(percent=50))
    assert batches_of(plan) == [("web_0a", "web_1a"), ("web_2a", "web_3a")]
    assert "roll instances web_0a, web_1a of web-1-0-0: no new connections" in str(plan)


def test_the_words_of_a_batch_name_few_and_count_many() -> None:
    plan = plan_roll(surveyed(fleet(50)), RollWish())
    assert "roll 10 instances of web-1-0-0 (update domain 0): no new connections," in str(plan)
    assert "10 min for old ones, upgrade, healthy, in again" in str(plan)


def test_the_newest_version_is_rolled_to_and_the_way_back_is_named() -> None:
    plan = plan_roll(surveyed(fleet()), RollWish(why="openssl"))
    assert plan.title == "roll web 1.0.0 -> 1.0.1"
    assert plan.inverse == roll("web", "1.0.0")
    assert plan.advice == (
        Advice("go back", roll("web", "1.0.0")),
        Advice("show the state", status()),
    )
    model = model_of(plan)
    assert model.label == "web 1.0.1"
    assert dict(model.tags) == {
        Tag.VERSION: "1.0.1",
        Tag.IMAGE_RUN: "",
        Tag.ROLLED_FROM: "1.0.0",
    }
    record = record_of(plan)
    assert (record.before, record.after, record.why) == ("1.0.0", "1.0.1", "openssl")
    assert record.rolled_back is None
    assert isinstance(plan.steps[0], StartWatching)
    assert isinstance(plan.steps[-1], Soak)


def test_under_the_policy_rolling_azure_makes_the_batches() -> None:
    plan = plan_roll(surveyed(fleet(mode="Rolling")), RollWish())
    assert batches_of(plan) == []
    assert "Azure brings its instances to it, batch by batch" in str(model_of(plan))


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (fleet(mode="Automatic"), "its upgrade policy is Automatic"),
        (
            fleet(
                upgradePolicy={
                    "mode": "Manual",
                    "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True},
                }
            ),
            "Azure upgrades the system of its instances by itself",
        ),
        (fleet(model={"id": "/subscriptions/s/images/golden"}), "the managed image golden"),
        (fleet(1), "a single instance serves"),
    ],
    ids=["automatic", "by-itself", "managed-image", "alone"],
)
def test_what_cannot_be_rolled_is_refused(found: ScaleSet, why: str) -> None:
    with pytest.raises(Refused, match=why):
        plan_roll(surveyed(found), RollWish())


def test_nothing_and_a_mixture_cannot_be_rolled() -> None:
    with pytest.raises(Refused, match="nothing serves"):
        plan_roll(surveyed(), RollWish())
    mixed = balancer_body("web-1-0-0", members={"web-1-0-0": [stranger("odd")]})
    with pytest.raises(Refused, match="odd, web-1-0-0 serve together"):
        plan_roll(surveyed(fleet(), load_balancer=mixed), RollWish())


def test_one_that_is_being_changed_is_refused() -> None:
    found = replace(fleet(), provisioning_state="Updating")
    with pytest.raises(Refused, match="it is Updating"):
        plan_roll(surveyed(found), RollWish())


def test_a_single_instance_is_rolled_by_force_and_nothing_is_judged() -> None:
    plan = plan_roll(surveyed(fleet(1)), RollWish(force=True))
    assert isinstance(plan.steps[-1], StopWatching)
    assert plan.notes == (
        "forced, although a single instance serves: nothing would while it is rolled",
    )


def test_without_a_report_of_health_nobody_is_sick() -> None:
    found = fleet()
    silent = tuple(replace(one, health="") for one in found.instances)
    body: Body = {"properties": {"virtualMachineProfile": {"storageProfile": {
        "imageReference": gallery("1.0.0")}}}}  # fmt: skip
    plan = plan_roll(surveyed(replace(found, instances=silent, body=body)), RollWish())
    (first, *_) = (one for one in plan.steps if isinstance(one, RollBatch))
    assert (first.reports_health, first.is_out_first) == (False, False)


def test_where_a_probe_reports_health_it_is_asked_once_they_are_in_again() -> None:
    found = fleet()
    profile = dict(found.profile)
    del profile["extensionProfile"]
    profile["networkProfile"] = {"healthProbe": {"id": "/probes/alive"}}
    body = {"properties": {"virtualMachineProfile": profile}}
    plan = plan_roll(surveyed(replace(found, body=body)), RollWish())
    (first, *_) = (one for one in plan.steps if isinstance(one, RollBatch))
    assert (first.reports_health, first.is_out_first) == (True, False)


def test_nothing_is_to_do_where_all_have_it() -> None:
    found = fleet(model=gallery("1.0.1"), tags={"version": "1.0.1"})
    plan = plan_roll(surveyed(found), RollWish())
    assert plan.is_empty
    assert plan.because == "all 5 instances of web-1-0-0 have it"


def test_an_instance_that_lags_behind_the_model_is_rolled() -> None:
    found = fleet(model=gallery("1.0.1"), tags={"version": "1.0.1"})
    late = replace(found.instances[2], is_latest=False)
    some = (*found.instances[:2], late, *found.instances[3:])
    plan = plan_roll(surveyed(replace(found, instances=some)), RollWish())
    assert batches_of(plan) == [("2",)]


def test_a_roll_that_died_goes_on_with_those_that_are_left_or_still_out() -> None:
    tags = {"version": "1.0.1", Tag.ROLLING: "r1", Tag.ROLLED_FROM: "1.0.0"}
    found = fleet(model=gallery("1.0.1"), made_from=gallery("1.0.1"), tags=tags, sick=1)
    old = replace(found.instances[4], made_from=fleet().made_from)
    now = surveyed(replace(found, instances=(*found.instances[:4], old)))
    out = {now.production_pool: (now.load_balancer.members[now.production_pool][1],)}
    now = replace(now, load_balancer=replace(now.load_balancer, taken_out=out))
    plan = plan_roll(now, RollWish())
    assert batches_of(plan) == [("1",), ("4",)]
    assert plan.notes == ("goes on with the roll of the run r1",)
    assert plan.inverse == roll("web", "1.0.0")


def test_what_somebody_took_out_is_not_let_in() -> None:
    now = surveyed(fleet())
    out = {now.production_pool: (now.load_balancer.members[now.production_pool][1],)}
    now = replace(now, load_balancer=replace(now.load_balancer, taken_out=out))
    with pytest.raises(Refused, match="1 get no new connections"):
        plan_roll(now, RollWish())


def test_a_failed_roll_is_taken_back_without_a_judge_and_the_version_is_marked() -> None:
    tags = {"version": "1.0.1", Tag.ROLLING: "r1", Tag.ROLLED_FROM: "1.0.0"}
    found = fleet(model=gallery("1.0.1"), made_from=gallery("1.0.1"), tags=tags, sick=5)
    plan = plan_roll(surveyed(found), RollWish("1.0.0", is_back=True))
    assert len(batches_of(plan)) == 5
    record = record_of(plan)
    assert (record.before, record.after) == ("1.0.1", "1.0.0")
    assert record.rolled_back == image_version_id(ENVIRONMENT, "web", "1.0.1")
    assert "record the roll of web-1-0-0 to 1.0.0 and that 1.0.1 was rolled back" in str(plan)
    assert isinstance(plan.steps[-1], StopWatching)
    with pytest.raises(Refused, match=r"web 0\.9\.0 is gone from images"):
        plan_roll(surveyed(found), RollWish("0.9.0", is_back=True))


def test_a_roll_that_died_may_be_taken_back_by_hand_and_marks_what_it_leaves() -> None:
    tags = {"version": "1.0.1", Tag.ROLLING: "r1", Tag.ROLLED_FROM: "1.0.0"}
    found = fleet(model=gallery("1.0.1"), made_from=gallery("1.0.1"), tags=tags)
    plan = plan_roll(surveyed(found), RollWish("1.0.0"))
    record = record_of(plan)
    assert (record.before, record.after) == ("1.0.1", "1.0.0")
    assert record.rolled_back == image_version_id(ENVIRONMENT, "web", "1.0.1")
    assert plan.inverse is None


def test_what_was_rolled_back_is_rolled_to_again_when_asked_for() -> None:
    bad = replace(version("1.0.1"), tags={"check": "passed", Tag.ROLLED_BACK: "yesterday"})
    now = surveyed(fleet(), versions=(version("1.0.0"), bad))
    with pytest.raises(Refused, match=r"1\.0\.1 was rolled back on yesterday"):
        plan_roll(now, RollWish("1.0.1"))
    plan = plan_roll(now, RollWish("1.0.1", again=True))
    assert record_of(plan).promoted_again == image_version_id(ENVIRONMENT, "web", "1.0.1")


def test_a_set_that_follows_the_marketplace_is_reimaged_and_keeps_its_model() -> None:
    model = {**DEBIAN, "version": "latest"}
    found = fleet(model=model, made_from={**model, "exactVersion": OLD}, tags={"system": ""})
    plan = plan_roll(surveyed(found), RollWish(), (OLD, NEW))
    assert plan.title.endswith(f"-> Debian:debian-12:12-gen2:{NEW}")
    assert model_of(plan).after.body == model
    first = next(one for one in plan.steps if isinstance(one, RollBatch))
    assert (first.by_reimage, first.to.version) == (True, NEW)
    assert record_of(plan).before == OLD
    assert plan.inverse == roll("web", OLD)
    done = fleet(model=model, made_from={**model, "exactVersion": NEW}, tags={"system": ""})
    assert plan_roll(surveyed(done), RollWish(), (OLD, NEW)).is_empty


def test_a_set_of_a_pinned_marketplace_version_gets_another_in_its_model() -> None:
    model = {**DEBIAN, "version": OLD}
    plan = plan_roll(surveyed(fleet(model=model)), RollWish(NEW), (OLD, NEW))
    assert model_of(plan).after.body == {**DEBIAN, "version": NEW}
    first = next(one for one in plan.steps if isinstance(one, RollBatch))
    assert not first.by_reimage
    with pytest.raises(UsageError, match=rf"there is no version 1\.0\.0; the newest is {NEW}"):
        plan_roll(surveyed(fleet(model=model)), RollWish("1.0.0"), (OLD, NEW))
    with pytest.raises(Refused, match="Azure has no version of it in this region any more"):
        plan_roll(surveyed(fleet(model=model)), RollWish())
