"""The dashboard's web server: loopback, GET alone, nothing but pages and what changes of them.

Changes are server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html):
each is the whole of what changes, so a reader who was away needs the newest one only.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from pipeline.errors import PipelineError, StateFileError, Unreachable
from pipeline.execution.report.pages import PAGE
from pipeline.output.page import dashboard_page, dashboard_rows, image_page
from pipeline.output.redaction import Redactor
from pipeline.planning.fleet.fleet import Fleet
from pipeline.state_files import read_bytes

HOST = "127.0.0.1"
EVERY = 30.0
"""Seconds between two looks at Azure, which lets 25 reads a second through."""
EACH = 0.5
"""Seconds more for each image: three reads or so, at a quarter of that."""
KEEP_ALIVE = 15.0
"""Seconds without a change after which a comment tells the reader that it is still there."""
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass
class Shown:
    """What is shown now; `number` counts its changes."""

    fleet: Fleet | None = None
    at: float = 0.0
    problem: str = ""
    number: int = 0
    rows: str = ""
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)


class Dashboard:
    """Looks at Azure now and then, and tells whoever reads."""

    def __init__(
        self, look: Callable[[], Fleet], runs: Path, secrets: Redactor, every: float = EVERY
    ) -> None:
        """`look` asks Azure, in a thread; `runs` is where runs keep their pages."""
        self._look = look
        self._runs = runs
        self._secrets = secrets
        self._every = every
        self._started = f"{time.time():.0f}"
        self._ended = asyncio.Event()
        self.shown = Shown()

    async def serve(self, port: int, is_ready: Callable[[str], None]) -> None:
        """Serve until cancelled, at a free port for 0; Unreachable when the port is taken.

        `is_ready` is told the address.
        """
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/", self._page)
        app.router.add_get("/events", self._events)
        app.router.add_get("/images/{environment}/{image}", self._image)
        app.router.add_get("/runs/{run}", self._to_run)
        app.router.add_get(f"/runs/{{run}}/{PAGE}", self._run)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, HOST, port)
            try:
                await site.start()
            except OSError as error:
                raise Unreachable(f"{HOST}:{port}: {error.strerror or error}") from error
            address = runner.addresses[0]
            is_ready(f"http://{HOST}:{address[1]}/")
            await self._follow()
        finally:
            await runner.cleanup()

    async def _follow(self) -> None:
        while True:
            await self.look()
            fleet = self.shown.fleet
            pause = self._every + (EACH * len(fleet.rows) if fleet else 0.0)
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._ended.wait()

    async def look(self) -> None:
        """One look; what goes wrong is shown beside what was true before."""
        shown = self.shown
        try:
            shown.fleet = await asyncio.to_thread(self._look)
            shown.at, shown.problem = time.time(), ""
        except PipelineError as error:
            shown.problem = str(error)
        rows = self._clean(dashboard_rows(shown.fleet, shown.at, self._pages(), shown.problem))
        async with shown.changed:
            shown.rows, shown.number = rows, shown.number + 1
            shown.changed.notify_all()

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], object]
    ) -> web.StreamResponse:
        """Nobody is answered who came by another name: a page elsewhere cannot read this one."""
        port = request.transport.get_extra_info("sockname")[1] if request.transport else 0
        if request.headers.get("Host") not in {f"{HOST}:{port}", f"localhost:{port}"}:
            raise web.HTTPForbidden(text="the dashboard answers at its own address only")
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            raise web.HTTPForbidden(text="the dashboard answers its own pages only")
        response: web.StreamResponse = await handler(request)  # type: ignore[misc]
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        shown = self.shown
        return self._html(dashboard_page(shown.fleet, shown.at, self._pages(), shown.problem))

    async def _image(self, request: web.Request) -> web.StreamResponse:
        names = request.match_info["environment"], request.match_info["image"]
        row = self.shown.fleet.row(*names) if self.shown.fleet else None
        if row is None:
            raise web.HTTPNotFound(text="no such image in this environment")
        return self._html(image_page(row, self.shown.at, self._pages()))

    async def _to_run(self, request: web.Request) -> web.StreamResponse:
        """To where links from one page to another lead, as they do between files."""
        run = request.match_info["run"]
        if run not in self._pages():
            raise web.HTTPNotFound(text="no page of this run on this machine")
        return web.Response(status=302, headers={"Location": f"/runs/{quote(run)}/{PAGE}"})

    async def _run(self, request: web.Request) -> web.StreamResponse:
        """The page of a run, as it was written; nothing else of its folder."""
        run = request.match_info["run"]
        if run not in self._pages():
            raise web.HTTPNotFound(text="no page of this run on this machine")
        try:
            page = read_bytes(self._runs / run / PAGE)
        except StateFileError as error:
            raise web.HTTPNotFound(text="the page of this run cannot be read") from error
        return self._html(page.decode(errors="replace"))

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Every change from now on; at once what is shown, unless the reader has it already."""
        head = {**HEADERS, "Content-Type": "text/event-stream; charset=utf-8"}
        response = web.StreamResponse(headers=head)
        await response.prepare(request)
        seen = self._number_in(request.headers.get("Last-Event-ID", ""))
        with suppress(ConnectionError):
            while True:
                if self.shown.number > seen:
                    seen = self.shown.number
                    await response.write(self._event(seen))
                elif not await self._change():
                    await response.write(b": nothing has changed\n\n")
        return response

    async def _change(self) -> bool:
        """Wait for one; whether it came."""
        try:
            async with asyncio.timeout(KEEP_ALIVE), self.shown.changed:
                await self.shown.changed.wait()
        except TimeoutError:
            return False
        return True

    def _event(self, number: int) -> bytes:
        data = json.dumps(self.shown.rows)
        return f"id: {self._started}-{number}\nevent: rows\ndata: {data}\n\n".encode()

    def _number_in(self, last: str) -> int:
        """What a reader saw last of this process; another one's numbers mean nothing here."""
        process, _, number = last.partition("-")
        return int(number) if process == self._started and number.isdecimal() else 0

    def _pages(self) -> frozenset[str]:
        return frozenset(path.parent.name for path in self._runs.glob(f"*/{PAGE}"))

    def _html(self, page: str) -> web.Response:
        return web.Response(text=self._clean(page), content_type="text/html", charset="utf-8")

    def _clean(self, text: str) -> str:
        return self._secrets.clean(text)
