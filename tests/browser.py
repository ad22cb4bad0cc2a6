"""Headless Chromium, asked over its own protocol (https://chromedevtools.github.io/devtools-protocol).

`make setup` installs it. What a page says on the console, and each request, is kept.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = shutil.which("chromium") or ""
"""Where it is; "" where it is not."""
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"),
    *("--disable-dev-shm-usage", "--hide-scrollbars", "--disable-extensions"),
)


class Tab:
    """A tab of the browser; events are kept as they come."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._session = ""
        self._loaded = asyncio.Event()
        self.console: list[str] = []
        """Errors and warnings, of the page and of the browser about it."""
        self.requests: list[str] = []

    async def listen(self) -> None:
        """Take what comes, until the browser is gone."""
        async for message in self._socket:
            told = message.json()
            if "id" in told and (waiting := self._answers.pop(told["id"], None)):
                waiting.set_result(told)
            elif "method" in told:
                self._take(told["method"], told.get("params", {}))

    def _take(self, method: str, facts: dict[str, Any]) -> None:
        if method == "Network.requestWillBeSent":
            self.requests.append(facts["request"]["url"])
        elif method == "Log.entryAdded" and facts["entry"]["level"] in {"error", "warning"}:
            self.console.append(f"{facts['entry']['text']} {facts['entry'].get('url', '')}")
        elif method == "Runtime.exceptionThrown":
            self.console.append(str(facts["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and facts["type"] in {"error", "warning"}:
            self.console.append(str(facts["args"]))
        elif method == "Page.javascriptDialogOpening":
            self.console.append(f"a dialog: {facts['message']}")
        elif method == "Page.loadEventFired":
            self._loaded.set()

    async def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command, and its answer."""
        self._number += 1
        number, waiting = self._number, asyncio.get_running_loop().create_future()
        self._answers[number] = waiting
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        await self._socket.send_json(message)
        async with asyncio.timeout(60):
            answer = await waiting
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    async def attach(self) -> None:
        """Make the tab, and hear of everything in it."""
        made = await self.ask("Target.createTarget", url="about:blank")
        found = await self.ask("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        self._session = found["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime", "Accessibility", "DOM"):
            await self.ask(f"{domain}.enable")

    async def open(
        self,
        url: str,
        width: int = 1600,
        *,
        scripts: bool = True,
        dark: bool = False,
        media: str = "",
    ) -> None:
        """Show a page, once it is loaded."""
        await self.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.ask("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self._loaded.clear()
        self.requests.clear()
        await self.ask("Page.navigate", url=url)
        async with asyncio.timeout(60):
            await self._loaded.wait()

    async def value(self, expression: str) -> Any:
        """What an expression of JavaScript is in the page, whose own scripts may be off."""
        answer = await self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    async def overflow(self) -> int:
        """Pixels that the page is wider than its window."""
        width = "document.documentElement.scrollWidth - window.innerWidth"
        return int(await self.value(width))

    async def by_role(self, role: str) -> list[str]:
        """The accessible names of everything of a role, in order."""
        tree = await self.ask("Accessibility.getFullAXTree")
        return [
            node.get("name", {}).get("value", "")
            for node in tree["nodes"]
            if node.get("role", {}).get("value") == role and not node.get("ignored")
        ]

    async def text(self) -> str:
        """All text that is shown."""
        return str(await self.value("document.body.innerText"))

    async def picture(self, path: Path) -> None:
        """The whole page as a PNG file."""
        size = (await self.ask("Page.getLayoutMetrics"))["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = await self.ask("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))


@asynccontextmanager
async def a_tab() -> AsyncIterator[Tab]:
    """A browser of its own with one tab, ended with the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            *(PROGRAM, *FLAGS, f"--user-data-dir={folder}", "about:blank"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            address = await _address(process)
            async with (
                aiohttp.ClientSession() as client,
                client.ws_connect(address, max_msg_size=0) as socket,
            ):
                tab = Tab(socket)
                listening = asyncio.create_task(tab.listen())
                await tab.attach()
                yield tab
                listening.cancel()
        finally:
            process.terminate()
            await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    """Where it listens, as it says itself."""
    assert process.stderr is not None
    async with asyncio.timeout(60):
        async for line in process.stderr:
            if b"DevTools listening on " in line:
                return line.decode().rpartition(" ")[2].strip()
    raise AssertionError("chromium ended before it listened")
