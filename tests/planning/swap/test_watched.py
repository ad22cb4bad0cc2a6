"""How a swap is proven and watched, as the plan says it."""

from __future__ import annotations

from dataclasses import replace

from pipeline.definition.promotion import Promotion
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.steps import SwapPools
from pipeline.planning.watch.steps import CheckProduction, Soak, StartWatching, StopWatching
from tests.planning.swap.examples import (
    PROMOTE,
    ROLLBACK,
    SERVED,
    V1,
    V2,
    body,
    members_of,
    pool,
    scale_set,
    surveyed,
    swap_tags,
)

LIVE = scale_set("1.0.0", tags=SERVED)
STAGED = scale_set("1.0.1")


def test_every_rule_is_proven_before_and_after_and_watched_all_the_while() -> None:
    plan = plan_swap(surveyed(LIVE, STAGED), PROMOTE)
    assert str(plan).splitlines() == [
        "Plan: promote web 1.0.0 -> 1.0.1",
        "   1  start watching http, metrics: 20 requests per second each",
        "   2  verify staging: 10 consecutive responses from 1.0.1 at"
        " http://203.0.113.2:8081/healthz",
        "   3  verify 10 consecutive responses of metrics-staging at tcp://203.0.113.2:9101",
        "   4  ask the probes of shop about http-staging, metrics-staging: every member up",
        "   5  swap in one write of shop: http, metrics -> web-1-0-1;"
        " http-staging, metrics-staging -> web-1-0-0",
        "   6  verify production: 10 consecutive responses from 1.0.1 at"
        " http://203.0.113.1:80/healthz",
        "   7  verify 10 consecutive responses of metrics at tcp://203.0.113.1:9100",
        "   8  ask the probes of shop about http, metrics: every member up",
        "   9  record the swap on web-1-0-1, web-1-0-0",
        "  10  watch for 2 min: at most 0 lost requests, every instance of web-1-0-1 healthy",
    ]


def test_a_rollback_is_watched_and_waits_neither_for_probes_nor_for_a_soak() -> None:
    now = surveyed(STAGED, LIVE, tags=swap_tags(V1, "web-1-0-0"))
    steps = plan_swap(now, ROLLBACK).steps
    assert isinstance(steps[-1], StopWatching)
    (start,) = [step for step in steps if isinstance(step, StartWatching)]
    assert (start.version, start.lost_budget) == ("1.0.0", None)
    assert not [step for step in steps if "probes" in str(step)]


def test_what_was_asked_for_takes_the_place_of_the_definition() -> None:
    how = Promotion(rate=5, lost_budget=7, timeout=30, soak=3600, patience=9)
    steps = plan_swap(surveyed(LIVE, STAGED), replace(PROMOTE, promotion=how)).steps
    (start,) = [step for step in steps if isinstance(step, StartWatching)]
    assert (start.rate, start.lost_budget, start.timeout) == (5, 7, 30)
    assert steps[-1] == Soak(STAGED.resource, 3600, 7)
    assert {getattr(step, "patience", 9) for step in steps} == {9}


def test_checks_that_are_marked_soak_ask_production_when_there_is_a_soak() -> None:
    now = surveyed(LIVE, STAGED)
    marked = replace(now, image=replace(now.image, has_soak_checks=True))
    (check,) = [s for s in plan_swap(marked, PROMOTE).steps if isinstance(s, CheckProduction)]
    assert (check.version, check.url, check.seconds) == ("1.0.1", now.health_url("production"), 120)
    rolled = surveyed(STAGED, LIVE, tags=swap_tags(V1, "web-1-0-0"))
    short = Promotion(soak=30, patience=90)
    steps = plan_swap(marked, replace(PROMOTE, promotion=short)).steps
    assert isinstance(steps[-2], CheckProduction)
    assert steps[-2].seconds == 90
    none = (
        plan_swap(marked, replace(PROMOTE, promotion=Promotion(soak=0))).steps,
        plan_swap(now, PROMOTE).steps,
        plan_swap(replace(rolled, image=marked.image), ROLLBACK).steps,
    )
    assert not [step for steps in none for step in steps if isinstance(step, CheckProduction)]


def test_what_is_forced_is_watched_and_no_probe_is_in_its_way() -> None:
    steps = plan_swap(surveyed(LIVE, STAGED), replace(PROMOTE, force=True)).steps
    assert not [step for step in steps if "probes" in str(step)]
    assert isinstance(steps[-1], Soak)


def test_a_rule_that_nobody_declared_is_watched_as_well() -> None:
    document = body(LIVE.name, STAGED.name, members=members_of(LIVE, STAGED))
    rules = document["properties"]["loadBalancingRules"]
    admin = {**rules[0], "name": "admin"}
    admin["properties"] = {**rules[0]["properties"], "frontendPort": 9443}
    rules.append(admin)
    steps = plan_swap(surveyed(LIVE, STAGED, load_balancer=document), PROMOTE).steps
    (start,) = [step for step in steps if isinstance(step, StartWatching)]
    assert [target.rule for target in start.targets] == ["http", "metrics", "admin"]
    (swap,) = [step for step in steps if isinstance(step, SwapPools)]
    assert (swap.followers, swap.production) == (("admin",), pool(V1))
    assert V2 not in str(steps)
