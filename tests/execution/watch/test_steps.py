"""Watching as steps of a run, against the emulator: what is told, kept, and refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from pipeline.errors import NotConfirmed, WatchFailed
from pipeline.execution.run.work import Work
from pipeline.execution.runner import begin, carry_out, carry_out_step
from pipeline.execution.wait import Clock
from pipeline.planning.names import scale_set_id
from pipeline.planning.plan import Plan
from pipeline.planning.steps import AnyStep
from pipeline.planning.watch.steps import Soak, StartWatching, StopWatching, VerifyRules
from pipeline.planning.watch.targets import Target
from tests.conftest import Emulator
from tests.emulator.balancer.members import free_port
from tests.execution.landing_zone import LandingZone, landing_zone
from tests.execution.watch.scripted_server import Act, ScriptedServer, serving


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> LandingZone:
    """A landing zone where 1.0.0 is staged, two instances."""
    made = landing_zone(tmp_path_factory.mktemp("zone"), emulator, capacity=2)
    made.create()
    made.add_versions("1.0.0")
    made.stage()
    _ = made.output
    return made


@dataclass
class Passing:
    """A clock on which time passes when it is waited, and something happens at each wait."""

    happens: Callable[[int], None]
    time: float = 0.0
    waits: int = 0

    def clock(self) -> Clock:
        """As the session takes it."""
        return Clock(lambda: self.time, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.time += max(seconds, 0.1)
        self.waits += 1
        self.happens(self.waits)


def carried_out(zone: LandingZone, clock: Clock, *steps: AnyStep) -> None:
    """A plan of these steps; what is counted counts from the start of watching on."""

    def carry_out_one(step: AnyStep, work: Work) -> None:
        carry_out_step(step, work)
        if isinstance(step, StartWatching) and work.run.beside:
            work.run.beside.swapping()

    with begin(zone.session(clock=clock), "test", "web") as run:
        carry_out(Plan("test", steps), run, step_by_step=carry_out_one)


def start(server: ScriptedServer, lost_budget: int | None = 0, timeout: float = 5) -> StartWatching:
    """Ask the server."""
    target = Target("http", "http", "127.0.0.1", server.port, "/healthz")
    return StartWatching((target,), 200, "1.0.0", lost_budget, timeout)


def soak(zone: LandingZone, seconds: float = 20, lost_budget: int = 0) -> Soak:
    """Watch the scale set that is staged."""
    return Soak(scale_set_id(zone.environment, "web-1-0-0"), seconds, lost_budget)


def journalled(zone: LandingZone) -> dict[str, Any]:
    """The figures that the last run kept."""
    runs = (zone.root / ".pipeline" / "runs").glob("*.jsonl")
    newest = max(runs, key=lambda path: path.stat().st_mtime_ns)
    lines = [json.loads(line) for line in newest.read_text().splitlines()]
    (watched,) = [line for line in lines if line.get("event") == "watched"]
    figures: dict[str, Any] = watched["figures"]
    return figures


def test_a_soak_without_loss_ends_with_the_figures_told_and_kept(zone: LandingZone) -> None:
    with serving(lambda number: "answer") as server:
        time = Passing(lambda waits: server.wait_for(10 * waits))
        carried_out(zone, time.clock(), start(server), soak(zone))
    told = zone.output
    figures = journalled(zone)
    assert f" ok      1  http at http://127.0.0.1:{server.port}/healthz\n" in told
    assert f"; {figures['total']['sent']} requests, 0 lost; answered: " in told
    assert figures["total"]["answered"] == figures["total"]["sent"] == server.requests >= 200
    assert time.time >= 20


def test_figures_are_told_while_it_lasts(zone: LandingZone) -> None:
    with serving(lambda number: "answer") as server:
        time = Passing(lambda waits: server.wait_for(10 * waits))
        carried_out(zone, time.clock(), start(server), soak(zone, 35))
    assert zone.output.count(" ..      2  watch for 35 s: at most 0 lost requests") == 3


def test_one_request_more_than_the_budget_ends_the_soak(zone: LandingZone) -> None:
    def script(number: int) -> Act:
        return "500" if number >= 40 and number % 10 == 0 else "answer"

    with serving(script) as server:
        time = Passing(lambda waits: server.wait_for(20 * waits))
        with pytest.raises(WatchFailed, match=r"requests lost of \d+ since the swap, 2 allowed"):
            carried_out(zone, time.clock(), start(server, 2), soak(zone, 600, lost_budget=2))
    assert time.time < 60
    assert journalled(zone)["total"]["reasons"]["HTTP 500"] >= 3
    assert " FAILED  2  watch for 10 min" in zone.output


def test_a_budget_that_is_not_used_up_is_no_failure(zone: LandingZone) -> None:
    with serving(lambda number: "500" if number in {3, 9} else "answer") as server:
        time = Passing(lambda waits: server.wait_for(20 * waits))
        carried_out(zone, time.clock(), start(server, 2), soak(zone, 5, lost_budget=2))
    assert "2 lost (2 x HTTP 500)" in zone.output


def test_a_request_is_lost_when_its_time_is_over(zone: LandingZone) -> None:
    with serving(lambda number: "hang" if number >= 40 else "answer") as server:
        time = Passing(lambda waits: server.wait_for(20 * waits))
        with pytest.raises(WatchFailed, match=r"no answer in 0\.25 s"):
            carried_out(zone, time.clock(), start(server, timeout=0.25), soak(zone, 600))


def test_an_instance_that_falls_ill_ends_the_soak(zone: LandingZone) -> None:
    def fall_ill(waits: int) -> None:
        if waits == 3:
            zone.sicken("web-1-0-0/virtualMachines/0")

    with serving(lambda number: "answer") as server:
        time = Passing(fall_ill)
        # Health is probed by a real clock: the soak lasts as long as that takes.
        with pytest.raises(
            WatchFailed, match=r"1 of 2 instances healthy; not healthy: web-1-0-0_0"
        ):
            carried_out(zone, time.clock(), start(server), soak(zone, 1e6))
    zone.heal("web-1-0-0/virtualMachines/0")
    _ = zone.output


def test_watching_can_be_ended_without_a_verdict(zone: LandingZone) -> None:
    with serving(lambda number: "500") as server:
        time = Passing(lambda waits: None)
        carried_out(zone, time.clock(), start(server, None), StopWatching())
    assert " ok      2  " in zone.output
    assert journalled(zone)["total"]["answered"] == 0


def test_a_run_that_is_interrupted_ends_its_prober_and_keeps_the_figures(zone: LandingZone) -> None:
    def interrupt(waits: int) -> None:
        if waits == 2:
            raise KeyboardInterrupt

    with serving(lambda number: "answer") as server:
        with pytest.raises(KeyboardInterrupt):
            carried_out(zone, Passing(interrupt).clock(), start(server), soak(zone))
        sent = journalled(zone)["total"]["sent"]
        assert sent == server.requests
    _ = zone.output


def rules(*ports: int) -> VerifyRules:
    """The proof of rules at these ports."""
    targets = tuple(Target(f"r{port}", "tcp", "127.0.0.1", port) for port in ports)
    return VerifyRules(targets, 10, 60.0)


def test_each_rule_is_proven_by_connections_that_stay_open(zone: LandingZone) -> None:
    with serving(lambda number: "answer") as one, serving(lambda number: "answer") as two:
        carried_out(zone, Clock(), rules(one.port, two.port))
        assert (one.connections, two.connections) == (10, 10)
    told = zone.output
    assert f" ok      1  10 consecutive responses of r{one.port}, r{two.port}\n" in told


def test_a_rule_that_nothing_listens_behind_is_not_proven(zone: LandingZone) -> None:
    closed = free_port("127.0.0.1")
    with serving(lambda number: "answer") as server:
        time = Passing(lambda waits: None)
        with pytest.raises(NotConfirmed) as caught:
            carried_out(zone, time.clock(), rules(server.port, closed))
    assert re.fullmatch(
        r"could not confirm that every rule answers in 60 s; seen: \d+ x"
        rf" r{closed}: connection refused",
        str(caught.value),
    )
    _ = zone.output


def test_a_page_that_answers_an_error_at_times_is_not_proven(zone: LandingZone) -> None:
    with serving(lambda number: "500" if number % 10 == 9 else "answer") as server:
        target = Target("http", "http", "127.0.0.1", server.port, "/")
        step = VerifyRules((target,), 10, 5.0)
        with pytest.raises(NotConfirmed, match="x http: HTTP 500"):
            carried_out(zone, Passing(lambda waits: None).clock(), step)
    _ = zone.output


def test_a_watch_of_a_run_goes_on_when_production_is_led_back(zone: LandingZone) -> None:
    with serving(lambda number: "500") as server:
        again = replace(start(server, None), version="0.9.9")
        carried_out(zone, Passing(lambda waits: None).clock(), start(server), again, StopWatching())
    assert journalled(zone)["version"] == "0.9.9"
    _ = zone.output
