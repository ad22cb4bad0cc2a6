"""Traffic accounts for every request: answered by which version, or lost and why."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pipeline.execution.swap.traffic import Tally, Traffic, version_in

ENOUGH = 40


@contextmanager
def serving(status: int, body: bytes, seen: threading.Semaphore) -> Iterator[tuple[str, int]]:
    """A server on loopback that answers every request alike and counts them on `seen`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if status:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            seen.release()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield ("127.0.0.1", int(server.server_address[1]))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def tally_of(status: int, body: bytes) -> Tally:
    """What traffic tells about such a server after at least ENOUGH requests."""
    seen = threading.Semaphore(0)
    with (
        serving(status, body, seen) as (host, port),
        Traffic(host, port, "/healthz", rate=200) as traffic,
    ):
        for _ in range(ENOUGH):
            assert seen.acquire(timeout=30)
    return traffic.tally


def test_every_request_is_either_answered_or_lost() -> None:
    tally = tally_of(200, json.dumps({"version": "1.0.0"}).encode())
    assert tally.sent >= ENOUGH
    assert tally.answered == tally.sent
    assert set(tally.versions) == {"1.0.0"}
    assert len(tally.seconds) == tally.answered


def test_an_answer_that_is_not_a_success_is_lost() -> None:
    tally = tally_of(503, b"{}")
    assert tally.answered == 0
    assert tally.lost == {"HTTP 503": tally.sent}


def test_a_connection_closed_without_an_answer_is_lost() -> None:
    tally = tally_of(0, b"")
    assert tally.lost_total == tally.sent > 0


def test_a_refused_connection_is_lost() -> None:
    seen = threading.Semaphore(0)
    with serving(200, b"", seen) as (host, port):
        pass
    with Traffic(host, port, "/", rate=200) as traffic:
        while traffic.tally.sent < ENOUGH:
            threading.Event().wait(0.01)
    assert traffic.tally.lost == {"ConnectionRefusedError": traffic.tally.sent}


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (b'{"version": "1.0.1"}', "1.0.1"),
        (b'{"version": 3}', "?"),
        (b"[]", "?"),
        (b"<html>", "?"),
    ],
)
def test_the_version_is_read_from_a_health_page_and_from_nothing_else(
    body: bytes, version: str
) -> None:
    assert version_in(body) == version


def test_a_tally_says_what_was_lost_and_why() -> None:
    tally = Tally(sent=3)
    tally.versions["1.0.0"] = 2
    tally.lost["HTTP 503"] = 1
    tally.seconds.extend([0.01, 0.02])
    assert str(tally).startswith("3 requests, 1 lost (1 x HTTP 503); answered: 2 by 1.0.0;")
