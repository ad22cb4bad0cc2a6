"""The prober accounts for every request: answered by which version, or lost and why."""

from __future__ import annotations

import threading

import pytest

from pipeline.execution.watch.exchange import UNNAMED, version_in
from pipeline.execution.watch.prober import Load, Prober
from pipeline.planning.watch.figures import Watched
from pipeline.planning.watch.targets import Target
from tests.conftest import Emulator
from tests.emulator.balancer.members import free_port
from tests.execution.watch.scripted_server import NEW, OLD, Script, ScriptedServer, serving

ENOUGH = 40
FAST = Load(rate=200, kept_alive=0)
KEPT = Load(rate=1, kept_alive=4, every=0.01)


def target(server: ScriptedServer, protocol: str = "http") -> Target:
    """The server as a rule's target."""
    path = "/healthz" if protocol == "http" else ""
    return Target("http", "http" if protocol == "http" else "tcp", "127.0.0.1", server.port, path)


def watched(script: Script, load: Load = FAST, requests: int = ENOUGH) -> Watched:
    """What is told of a server after at least so many requests."""
    with serving(script) as server:
        with Prober([target(server)], load) as prober:
            server.wait_for(requests)
        told = prober.watched
        assert told.total.all.sent == server.requests
    return told


def test_every_request_is_answered_and_counted_once() -> None:
    told = watched(lambda number: "answer")
    total = told.total
    assert total.fresh.sent == total.fresh.answered >= ENOUGH
    assert dict(total.versions) == {OLD: total.fresh.answered}
    assert (total.lost, total.since) == ((), total.fresh)
    assert 0 < total.median <= total.p99


def test_each_version_is_counted_by_its_answers() -> None:
    told = watched(lambda number: "answer" if number < 10 else "new version")
    versions = dict(told.total.versions)
    assert versions == {OLD: 10, NEW: told.total.fresh.sent - 10}


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("500", "HTTP 500"),
        ("close", "connection closed"),
        ("reset", "connection reset"),
        ("noise", "no HTTP"),
    ],
)
def test_what_is_no_success_is_lost_and_why(act: str, reason: str) -> None:
    told = watched(lambda number: act if number % 4 == 0 else "answer")  # type: ignore[return-value, arg-type] # one of them
    total = told.total
    lost = -(-total.fresh.sent // 4)
    assert total.lost == ((reason, lost),)
    assert total.fresh.answered == total.fresh.sent - lost


def test_a_request_that_is_not_answered_in_time_is_lost() -> None:
    told = watched(lambda number: "hang", Load(rate=200, kept_alive=0, late=0.1))
    assert told.total.lost == (("no answer in 0.1 s", told.total.fresh.sent),)


def test_a_refused_connection_is_lost() -> None:
    nobody = Target("http", "http", "127.0.0.1", free_port("127.0.0.1"), "/")
    with Prober([nobody], FAST) as prober:
        while prober.watched.total.fresh.lost < ENOUGH:
            threading.Event().wait(0.01)
    assert prober.watched.total.lost == (("connection refused", prober.watched.total.fresh.sent),)


def test_a_hanging_target_holds_a_bounded_number_of_connections() -> None:
    with serving(lambda number: "hang") as server:
        load = Load(rate=1000, kept_alive=0, late=0.5, most_open=20)
        with Prober([target(server)], load) as prober:
            while not dict(prober.watched.total.lost).get("not sent: 20 unanswered"):
                threading.Event().wait(0.01)
        told = prober.watched.total
        assert server.connections == dict(told.lost)["no answer in 0.5 s"]
        assert told.fresh.lost == told.fresh.sent


def test_chunked_pages_are_read() -> None:
    assert dict(watched(lambda number: "chunked").total.versions).keys() == {OLD}
    assert dict(watched(lambda number: "chunked", KEPT).total.versions).keys() == {OLD}


def test_kept_connections_are_asked_again_and_again() -> None:
    told = watched(lambda number: "answer", KEPT).total
    assert (told.kept.opened, told.kept.cut) == (4, 0)
    assert told.kept.requests.answered == told.kept.requests.sent > 4


def test_a_kept_connection_that_is_cut_between_requests_loses_none() -> None:
    told = watched(lambda number: "cut after" if number == 20 else "answer", KEPT, 60).total
    assert told.kept.cut <= 1  # not when the fresh connection met it
    assert told.kept.requests.lost == 0
    assert told.kept.opened == 4 + told.kept.cut


def test_a_kept_connection_that_is_cut_at_a_request_loses_that_one() -> None:
    load = Load(rate=0.001, kept_alive=4, every=0.01)
    told = watched(lambda number: "close" if number == 20 else "answer", load, 60).total
    assert (told.kept.cut, told.kept.requests.lost) == (1, 1)
    assert told.lost == (("connection closed", 1),)


def test_a_connection_that_ends_as_announced_is_not_cut() -> None:
    told = watched(lambda number: "last" if number % 10 == 5 else "answer", KEPT, 60).total
    assert told.kept.opened > 4
    assert (told.kept.cut, told.kept.requests.lost) == (0, 0)


def test_a_failing_answer_leaves_a_kept_connection_open() -> None:
    load = Load(rate=0.001, kept_alive=4, every=0.01)
    told = watched(lambda number: "500" if number % 10 == 5 else "answer", load, 60).total
    assert (told.kept.opened, told.kept.cut) == (4, 0)
    assert dict(told.lost) == {"HTTP 500": told.kept.requests.lost}


def test_a_tcp_rule_is_answered_by_a_connection_that_stays_open() -> None:
    with serving(lambda number: "answer") as server:
        with Prober([target(server, "tcp")], FAST) as prober:
            while prober.watched.total.fresh.answered < ENOUGH:
                threading.Event().wait(0.01)
        told = prober.watched.total
        assert (told.fresh.lost, told.kept.opened) == (0, 0)
        assert told.fresh.answered == told.fresh.sent == server.connections
        assert told.p99 < 30


def test_a_rule_over_tls_is_asked_whoever_signed_its_certificate(emulator: Emulator) -> None:
    address, _, port = emulator.base.removeprefix("https://").partition(":")
    with Prober([Target("https", "https", address, int(port), "/")], FAST) as prober:
        while prober.watched.total.fresh.lost < ENOUGH:
            threading.Event().wait(0.01)
    (reason,) = dict(prober.watched.total.lost)
    assert reason.startswith("HTTP 4")


def test_each_rule_has_figures_of_its_own() -> None:
    with serving(lambda number: "answer") as well, serving(lambda number: "500") as ill:
        targets = [
            Target("well", "http", "127.0.0.1", well.port, "/"),
            Target("ill", "http", "127.0.0.1", ill.port, "/"),
        ]
        with Prober(targets, FAST) as prober:
            well.wait_for(ENOUGH)
            ill.wait_for(ENOUGH)
        told = prober.watched
    assert [(figures.rule, figures.all.sent) for figures in told.rules] == [
        ("well", well.requests),
        ("ill", ill.requests),
    ]
    assert [figures.all.lost for figures in told.rules] == [0, ill.requests]
    assert told.total.all.lost == ill.requests


def test_a_prober_ends_and_can_be_stopped_again() -> None:
    with serving(lambda number: "hang") as server:
        with Prober([target(server)], Load(rate=200, kept_alive=2, late=0.1)) as prober:
            server.wait_for(1)
            assert prober.is_asking
        prober.stop()
    assert not prober.is_asking
    assert "prober" not in {thread.name for thread in threading.enumerate()}
    before = prober.watched
    assert before.total.longest_gap == prober.watched.total.longest_gap


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (b'{"version": "1.0.1"}', "1.0.1"),
        (b'{"version": 3}', "?"),
        (b"[]", "?"),
        (b"<html>", "?"),
        (b'{"version": ""}', "?"),
        (b'{"version": "' + b"1" * 41 + b'"}', "?"),
        pytest.param(b"[" * 100_000, "?", id="deep"),
    ],
)
def test_the_version_is_read_from_a_health_page_and_from_nothing_else(
    body: bytes, version: str
) -> None:
    assert version_in(body) == version


@pytest.mark.parametrize(
    ("page", "version"),
    [
        (b"<p>web 1.0.12, all is well</p>", "1.0.12"),
        (b"shop/10.2.0\n", "10.2.0"),
        (b"1.0.1.7 on 127.0.0.1:80, 3.4", UNNAMED),
        (b"OK", UNNAMED),
        (b'{"version": "1.0.1"}', "1.0.1"),
    ],
)
def test_a_plain_page_tells_its_version_by_three_numbers(page: bytes, version: str) -> None:
    assert version_in(page, "text") == version
