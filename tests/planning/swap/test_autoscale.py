"""Autoscale that follows production: when it moves, and what is written."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline.arm import ResourceId
from pipeline.planning.names import scale_set_id
from pipeline.planning.plan import Plan
from pipeline.planning.prune.plan import plan_prune
from pipeline.planning.prune.steps import DeleteAutoscale
from pipeline.planning.swap.autoscale import Setting, autoscale_id, read, writes
from pipeline.planning.swap.backend import Instance, Member, with_owners
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.steps import FollowAutoscale, RecordSwap
from pipeline.planning.swap.survey import Survey
from tests.planning.swap.examples import (
    ENVIRONMENT,
    IMAGE,
    PROMOTE,
    ROLLBACK,
    SERVED,
    V0,
    V1,
    V2,
    scale_set,
    surveyed,
    swap_tags,
)
from tests.planning.swap.shapes import attached

RUN = "run"
SET_0, SET_1, SET_2 = (scale_set_id(ENVIRONMENT, name) for name in (V0, V1, V2))
OURS = {"system": "bakeswap", "image": "web"}
DEFINED = attached(
    "images/web/autoscale.json",
    json.dumps({"profiles": [{"name": "n", "rules": [{"metricTrigger": {}}]}]}).encode(),
)


def setting(
    target: ResourceId,
    *,
    on: bool = True,
    tags: dict[str, str] | None = None,
    name: str = "",
    **properties: Any,
) -> dict[str, Any]:
    """A setting as Azure lists it."""
    resource = autoscale_id(target)
    trigger = {"metricName": "Percentage CPU", "metricResourceUri": str(target).upper()}
    return {
        "id": str(replace(resource, segments=(("autoscaleSettings", name or resource.name),))),
        "name": name or resource.name,
        "type": "Microsoft.Insights/autoscaleSettings",
        "location": "westeurope",
        "tags": tags if tags is not None else OURS,
        "properties": {
            "enabled": on,
            "name": name or resource.name,
            "targetResourceUri": str(target),
            "fieldOfTheFuture": ["kept"],
            "profiles": [{"name": "default", "rules": [{"metricTrigger": trigger}]}],
            **properties,
        },
    }


def promoting(*settings: dict[str, Any], defined: bool = False) -> Survey:
    """1.0.0 serves, 1.0.1 is staged."""
    now = surveyed(scale_set("1.0.0"), scale_set("1.0.1"))
    shape = replace(IMAGE.scale_set, autoscale=DEFINED if defined else None)
    return replace(now, autoscale=read(settings), image=replace(IMAGE, scale_set=shape))


def following(plan: Plan[Any]) -> list[FollowAutoscale]:
    """The steps that let autoscale follow."""
    return [step for step in plan.steps if isinstance(step, FollowAutoscale)]


def body(now: Survey, step: FollowAutoscale) -> dict[str, dict[str, Any]]:
    """The bodies that are written, by the setting's name, in order."""
    return {where.name: dict(what) for where, what in writes(now.autoscale, step, RUN)}


def test_a_setting_follows_a_promotion_once_it_is_recorded() -> None:
    theirs = setting(SET_0, tags={"owner": "ops"}, name="cpu")
    now = promoting(theirs)

    plan = plan_swap(now, PROMOTE)

    (step,) = following(plan)
    assert str(step) == "let autoscale follow: on for web-1-0-1, off for web-1-0-0"
    recorded = next(one for one in plan.steps if isinstance(one, RecordSwap))
    assert plan.steps.index(step) == plan.steps.index(recorded) + 1
    written = body(now, step)
    assert list(written) == ["web-1-0-1", "cpu"]
    made = written["web-1-0-1"]
    assert made["tags"] == {"owner": "ops", **OURS, "run": RUN}
    tagged = body(now, replace(step, tags=(("Owner", "shop"),)))["web-1-0-1"]
    assert tagged["tags"] == {"Owner": "shop", **OURS, "run": RUN}
    assert made["properties"]["enabled"] is True
    assert made["properties"]["targetResourceUri"] == str(SET_1)
    assert made["properties"]["fieldOfTheFuture"] == ["kept"]
    (profile,) = made["properties"]["profiles"]
    assert profile["rules"][0]["metricTrigger"]["metricResourceUri"] == str(SET_1)
    off = {**theirs, "properties": {**theirs["properties"], "enabled": False}}
    assert written["cpu"] == {
        key: value for key, value in off.items() if key not in {"id", "name", "type"}
    }


@pytest.mark.parametrize("settings", [(), (setting(SET_0, on=False),), (setting(SET_2),)])
def test_nothing_follows_where_nothing_scales_what_serves(
    settings: tuple[dict[str, Any], ...],
) -> None:
    assert following(plan_swap(promoting(*settings), PROMOTE)) == []


def test_a_setting_goes_back_with_a_rollback_and_the_owner_s_is_turned_on_again() -> None:
    theirs = setting(SET_0, on=False, tags={}, name="cpu")
    sets = (scale_set("1.0.1"), scale_set("1.0.0", tags=SERVED))
    now = surveyed(*sets, tags=swap_tags(V1, V0))
    now = replace(now, autoscale=read([theirs, setting(SET_1)]))

    (step,) = following(plan_swap(now, ROLLBACK))

    written = body(now, step)
    assert list(written) == ["cpu", "web-1-0-1"]
    assert written["cpu"]["properties"] == {**theirs["properties"], "enabled": True}
    assert written["web-1-0-1"]["properties"]["enabled"] is False


def test_our_own_setting_of_a_way_back_takes_the_limits_of_today() -> None:
    today = setting(SET_1, profiles=[{"name": "today", "rules": []}])
    sets = (scale_set("1.0.1"), scale_set("1.0.0", tags=SERVED))
    now = replace(
        surveyed(*sets, tags=swap_tags(V1, V0)),
        autoscale=read([setting(SET_0, on=False), today]),
    )

    (step,) = following(plan_swap(now, ROLLBACK))

    profiles = body(now, step)[V0]["properties"]["profiles"]
    assert profiles == [{"name": "today", "rules": []}]


def test_a_way_back_that_is_made_anew_is_followed_too() -> None:
    now = surveyed(scale_set("1.0.1"), tags=swap_tags(V1, V0))
    now = replace(now, autoscale=read([setting(SET_1)]))

    (step,) = following(plan_swap(now, ROLLBACK))

    assert (step.serves, step.left) == (SET_0, (SET_1,))


def test_what_the_definition_names_counts_and_measures_what_serves() -> None:
    now = promoting(setting(SET_0), defined=True)

    (step,) = following(plan_swap(now, PROMOTE))

    made = body(now, step)["web-1-0-1"]["properties"]
    assert "fieldOfTheFuture" not in made
    trigger = made["profiles"][0]["rules"][0]["metricTrigger"]
    assert trigger == {"metricResourceUri": str(SET_1)}
    (first,) = following(plan_swap(promoting(defined=True), PROMOTE))
    assert list(body(promoting(defined=True), first)) == ["web-1-0-1"]


def test_a_swap_that_died_before_has_it_left_to_do() -> None:
    sets = (scale_set("1.0.1"), scale_set("1.0.0", tags=SERVED))
    swapped = surveyed(*sets, tags=swap_tags(V1, V0))
    both_on = replace(swapped, autoscale=read([setting(SET_0), setting(SET_1)]))

    (step,) = following(plan_swap(both_on, PROMOTE))
    assert list(body(both_on, step)) == [V0]
    done = replace(swapped, autoscale=read([setting(SET_0, on=False), setting(SET_1)]))
    assert following(plan_swap(done, PROMOTE)) == []
    shape = replace(IMAGE.scale_set, autoscale=DEFINED)
    defined = replace(done, image=replace(IMAGE, scale_set=shape))
    assert following(plan_swap(defined, PROMOTE)) == []
    (missing,) = following(plan_swap(replace(defined, autoscale=()), PROMOTE))
    assert list(body(replace(defined, autoscale=()), missing)) == [V1]


def test_the_first_version_that_serves_has_nothing_to_be_followed_from() -> None:
    now = surveyed(scale_set("1.0.1"), tags=swap_tags(V1))
    assert following(plan_swap(now, PROMOTE)) == []
    untagged = surveyed(scale_set("1.0.1"))
    on = replace(untagged, autoscale=read([setting(SET_1)]))
    assert following(plan_swap(on, PROMOTE)) == []


def test_of_several_sets_that_serve_together_all_are_left() -> None:
    first = scale_set("1.0.0")
    sets = (first, replace(scale_set("1.0.2"), pools=first.pools), scale_set("1.0.1", size=4))
    now = replace(surveyed(*sets, staging=V1), autoscale=read([setting(SET_0)]))

    (step,) = following(plan_swap(now, PROMOTE))

    assert (step.serves, step.left) == (SET_1, (SET_0, SET_2))


def test_a_prediction_without_history_is_noted() -> None:
    learnt = setting(SET_0, predictiveAutoscalePolicy={"scaleMode": "Enabled"})

    notes = plan_swap(promoting(learnt), PROMOTE).notes

    assert any("web-1-0-0 scales predictively" in note for note in notes)


def test_settings_that_scale_nothing_are_passed_over() -> None:
    assert read([{"id": "x", "properties": {"targetResourceUri": None}}]) == ()


def test_prune_deletes_our_settings_of_what_is_gone_and_no_other() -> None:
    sets = (
        scale_set("1.0.2"),
        scale_set("1.0.1", tags=SERVED),
        scale_set("1.0.0", tags=SERVED),
    )
    now = surveyed(*sets, staging=V1, tags=swap_tags(V2, V1))
    ours = [setting(SET_2), setting(SET_1, on=False), setting(SET_0, on=False)]
    elsewhere = replace(scale_set_id(ENVIRONMENT, "gone"), resource_group="other")
    others = [
        setting(scale_set_id(ENVIRONMENT, "app"), tags={}, name="theirs"),
        setting(scale_set_id(ENVIRONMENT, "db"), tags={**OURS, "image": "db"}, name="db"),
        setting(elsewhere, name="elsewhere"),
    ]
    now = replace(now, autoscale=read([*ours, *others]))

    plan = plan_prune(now, lambda _: 1e9)

    deleted = [step for step in plan.steps if isinstance(step, DeleteAutoscale)]
    assert [str(step) for step in deleted] == [
        "delete the autoscale setting web-1-0-0 of web-1-0-0"
    ]
    left = replace(now, scale_sets=now.scale_sets[:2])
    again = replace(left, load_balancer=surveyed(*sets[:2], tags=swap_tags(V2, V1)).load_balancer)
    assert [type(step) for step in plan_prune(again, lambda _: 1e9).steps] == [DeleteAutoscale]


def test_a_setting_of_ours_is_known_by_its_tag() -> None:
    (ours, theirs) = read([setting(SET_0), setting(SET_1, tags={})])
    assert isinstance(ours, Setting)
    assert (ours.is_ours, theirs.is_ours) == (True, False)


def test_interfaces_of_machines_are_members_of_their_scale_set() -> None:
    pool, nic = ResourceId.parse(f"{SET_0}/pools/web"), ResourceId.parse(f"{SET_0}/nics/one")
    machine = Instance("web-1-0-0_a", "healthy", "web-1-0-0_a", (nic,))
    flexible = replace(scale_set("1.0.0"), instances=(machine,))
    stranger = Member(ResourceId.parse(f"{SET_1}/nics/two"))

    found = with_owners({pool: (Member(nic), stranger)}, [flexible])

    assert found == {pool: (Member(SET_0, "web-1-0-0_a"), stranger)}
