"""Proving by fresh connections which version answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import chain, repeat
from pathlib import Path
from threading import Thread

import pytest

from pipeline.definition.model import Cloud
from pipeline.errors import NotConfirmed, Overtaken
from pipeline.execution.run.work import Work
from pipeline.execution.watch import answers
from pipeline.planning.names import network_id
from pipeline.planning.watch.steps import VerifyVersion
from tests.execution.landing_zone import environment_of
from tests.execution.offline import OfflineSession

Script = list[tuple[int, str]]


class Page(HTTPServer):
    """A health page that answers by a script, the last answer again and again."""

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = chain(script, repeat(script[-1]))
        self.asked = 0

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_address[1]}/healthz"


class Handler(BaseHTTPRequestHandler):
    """One request of a connection."""

    server: Page

    def do_GET(self) -> None:
        self.server.asked += 1
        status, content = next(self.server.script)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def page() -> Iterator[Page]:
    with Page([(200, "")]) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def version(name: str) -> tuple[int, str]:
    """An answer of a version."""
    return 200, json.dumps({"ApplicationHealthState": "Healthy", "version": name})


def verify(
    root: Path, url: str, wanted: str = "1.0.1", look: Callable[[], None] = lambda: None
) -> str:
    """As a step of a run does, answering what was told; time passes only by waiting."""
    pool = network_id(environment_of(Cloud()), "loadBalancers", "x")

    def carry_out(step: str, work: Work) -> None:
        answers.verify(VerifyVersion("staging", url, step, 3, "web", pool, 300), work, look)

    session = OfflineSession(root)
    session.run((wanted,), carry_out)
    return session.said.getvalue()


def test_answers_count_only_in_a_row(page: Page, tmp_path: Path) -> None:
    old, new = version("1.0.0"), version("1.0.1")
    page.script = chain([new, new, old, new, (503, ""), new], repeat(new))
    told = verify(tmp_path, page.url)
    assert page.asked == 8
    assert "3 consecutive responses from 1.0.1" in told


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        (version("1.0.0"), "x 1.0.0"),
        ((503, "sick"), "x HTTP 503"),
        ((200, "{}"), "x a response that names no version"),
        ((200, "[]"), "x a response that names no version"),
        ((200, "<html>"), "x a response that names no version"),
    ],
)
def test_what_was_seen_instead_is_told(
    page: Page, tmp_path: Path, answer: tuple[int, str], seen: str
) -> None:
    page.script = chain(repeat(answer))
    with pytest.raises(NotConfirmed, match=seen):
        verify(tmp_path, page.url)


def test_a_refused_connection_is_told(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/healthz"
        with pytest.raises(NotConfirmed, match="x connection refused"):
            verify(tmp_path, url)


@pytest.mark.parametrize("answer", [version("7"), (200, "<html>")])
def test_of_what_another_hand_made_any_response_counts(
    page: Page, tmp_path: Path, answer: tuple[int, str]
) -> None:
    page.script = chain([(503, "")], repeat(answer))
    assert "3 consecutive responses at http" in verify(tmp_path, page.url, wanted="")


def test_while_nothing_answers_as_it_should_it_is_looked_whether_anything_can(
    page: Page, tmp_path: Path
) -> None:
    def gone() -> None:
        raise Overtaken("nothing is there any more")

    page.script = chain(repeat((503, "")))
    with pytest.raises(Overtaken, match="nothing is there any more"):
        verify(tmp_path, page.url, look=gone)
