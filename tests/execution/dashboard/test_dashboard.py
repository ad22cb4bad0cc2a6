"""The dashboard's server: its own machine, its own names, and what changes of it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import pytest

from pipeline.errors import Unreachable
from pipeline.execution.dashboard import server
from pipeline.execution.dashboard.server import Dashboard
from pipeline.output.redaction import Redactor
from pipeline.planning.fleet.fleet import Fleet
from tests.browser import a_tab
from tests.output.sample_fleet import RUN, fleet
from tests.output.sample_report import HOSTILE

Ask = Callable[[Dashboard, str], Awaitable[None]]


class Azure:
    """What each look finds: the answers one after the other, the last one for ever."""

    def __init__(self, *answers: Fleet | Unreachable) -> None:
        self.answers = list(answers)

    def __call__(self) -> Fleet:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Unreachable):
            raise answer
        return answer


def served(tmp_path: Path, azure: Azure, ask: Ask, secrets: Iterable[str] = ()) -> None:
    """A dashboard at work while it is asked; it looks again only when it is told to."""
    redactor = Redactor()
    for secret in secrets:
        redactor.hide(secret)

    async def serve() -> None:
        board = Dashboard(azure, tmp_path, redactor, every=3600)
        ready = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(board.serve(0, ready.set_result))
        async with asyncio.timeout(120):
            address = await ready
            while board.shown.number == 0:
                async with board.shown.changed:
                    await board.shown.changed.wait()
            await ask(board, address)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(serve())


async def get(url: str, **headers: str) -> tuple[int, str]:
    """Status and text of an answer."""
    async with aiohttp.ClientSession() as client, client.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


@asynccontextmanager
async def events(address: str, last: str = "") -> AsyncIterator[AsyncIterator[dict[str, str]]]:
    """The events as they come, comments as `comment`."""

    async def each(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, str]]:
        fields: dict[str, str] = {}
        async for line in answer.content:
            name, _, value = line.decode().rstrip("\n").partition(":")
            if name or value:
                fields[name or "comment"] = value.strip()
            else:
                yield fields
                fields = {}

    headers = {"Last-Event-ID": last} if last else {}
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{address}events", headers=headers) as answer,
    ):
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield each(answer)


def test_pages_are_of_this_machine_and_by_its_own_name(tmp_path: Path) -> None:
    async def ask(_: Dashboard, address: str) -> None:
        port = address.rstrip("/").rpartition(":")[2]
        assert address.startswith("http://127.0.0.1:")
        status, page = await get(address)
        assert (status, "45 days old, 30 days allowed" in page) == (200, True)
        assert (await get(address, Host=f"localhost:{port}"))[0] == 200
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1"):
            assert (await get(address, Host=host))[0] == 403
        assert (await get(address, **{"Sec-Fetch-Site": "cross-site"}))[0] == 403
        async with aiohttp.ClientSession() as client:
            async with client.post(address) as answer:
                assert answer.status == 405
            async with client.get(address) as answer:
                assert answer.headers["X-Frame-Options"] == "DENY"
                assert answer.headers["Cache-Control"] == "no-store"

    served(tmp_path, Azure(fleet()), ask)


def test_only_pages_of_runs_are_shown_and_nothing_else_of_their_folders(tmp_path: Path) -> None:
    folder = tmp_path / RUN
    folder.mkdir()
    (folder / "report.html").write_text("the page of hunter2")
    (folder / "facts.jsonl").write_text("{}")
    (tmp_path / "broken" / "report.html").mkdir(parents=True)

    async def ask(_: Dashboard, address: str) -> None:
        assert await get(f"{address}runs/{RUN}") == (200, "the page of ***")
        other = urljoin(f"{address}runs/other/report.html", f"../{RUN}/report.html")
        assert await get(other) == (200, "the page of ***")  # as pages lead to each other
        for path in (f"runs/{RUN}/facts.jsonl", "runs/nope", "runs/broken", "runs/..%2F.."):
            assert (await get(f"{address}{path}"))[0] == 404
        assert (await get(f"{address}images/eu/web"))[0] == 200
        assert (await get(f"{address}images/eu/nope"))[0] == 404

    served(tmp_path, Azure(fleet()), ask, ["hunter2"])


def test_a_change_is_told_once_to_each_who_reads(tmp_path: Path) -> None:
    azure = Azure(fleet(), fleet("hunter2"), Unreachable("no answer"))

    async def ask(board: Dashboard, address: str) -> None:
        async with events(address) as told:
            first = await anext(told)
            assert first["event"] == "rows"
            await board.look()
            second = await anext(told)
            assert "***" in json.loads(second["data"])
            assert "hunter2" not in second["data"]
            await board.look()
            third = json.loads((await anext(told))["data"])
            assert "the last look failed" in third
            assert "no answer" in third
            assert "45 days old" in third
        async with events(address, first["id"]) as told:
            assert "the last look failed" in json.loads((await anext(told))["data"])
        async with events(address, "another-7") as told:
            assert (await anext(told))["event"] == "rows"

    served(tmp_path, azure, ask, ["hunter2"])


def test_who_has_seen_all_of_it_is_told_only_that_somebody_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "KEEP_ALIVE", 0.01)

    async def ask(_: Dashboard, address: str) -> None:
        async with events(address) as told:
            last = (await anext(told))["id"]
        async with events(address, last) as told:
            assert await anext(told) == {"comment": "nothing has changed"}

    served(tmp_path, Azure(fleet()), ask)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    board = Dashboard(Azure(fleet()), tmp_path, Redactor())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unreachable, match=f"127.0.0.1:{port}: "):
            asyncio.run(board.serve(port, lambda address: None))


@pytest.mark.browser
def test_in_a_browser_it_is_quiet_follows_changes_and_hostile_text_stays_text(
    tmp_path: Path,
) -> None:
    azure = Azure(fleet(), fleet(HOSTILE))

    async def ask(board: Dashboard, address: str) -> None:
        async with a_tab() as tab:
            for width in (400, 1600):
                for dark in (False, True):
                    await tab.open(address, width, dark=dark)
                    assert await tab.overflow() == 0
            await tab.until("document.getElementById('link').textContent === 'live'")
            assert await tab.by_role("heading") == ["Dashboard", "Under way", "Images"]
            assert "▲ too old" in await tab.text()
            await board.look()
            await tab.until("document.body.innerText.includes('onerror=alert')")
            assert (await tab.text()).count(HOSTILE) >= 4
            assert await tab.value("document.querySelectorAll('main script, img').length") == 0
            assert await tab.overflow() == 0
            assert set(tab.requests) <= {address, f"{address}events"}
            await tab.open(f"{address}images/eu/web", 400)
            assert await tab.overflow() == 0
            assert "History" in await tab.by_role("heading")
            await tab.open(address, scripts=False)
            assert "Load it again" in await tab.text()
            assert tab.console == []

    served(tmp_path, azure, ask)
