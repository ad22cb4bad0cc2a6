"""The page of a run in headless Chromium: quiet, whole, and readable however it is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pipeline.output.page import as_page
from tests.browser import Tab, a_tab
from tests.output.sample_report import HOSTILE, report

pytestmark = pytest.mark.browser

NARROW, WIDE = 400, 1600
"""Pixels across."""


def shown(page: str, folder: Path, ask: Callable[[Tab, str], Awaitable[None]]) -> None:
    """A page from a file, in a browser of its own."""
    file = folder / "report.html"
    file.write_text(page)

    async def look() -> None:
        async with a_tab() as tab:
            await ask(tab, file.as_uri())

    asyncio.run(look())


def test_a_page_is_quiet_asks_for_nothing_and_fits_in_every_way_it_is_shown(
    tmp_path: Path,
) -> None:
    async def ask(tab: Tab, url: str) -> None:
        for width in (NARROW, WIDE):
            for dark, media, scripts in (
                *((False, "", True), (True, "", True)),
                *((False, "print", True), (False, "", False)),
            ):
                await tab.open(url, width, dark=dark, media=media, scripts=scripts)
                assert await tab.overflow() == 0, (width, dark, media, scripts)
                assert tab.requests == [url]
        assert tab.console == []

    shown(as_page(report()), tmp_path, ask)


def test_its_parts_are_found_by_their_roles_without_scripts(tmp_path: Path) -> None:
    async def ask(tab: Tab, url: str) -> None:
        await tab.open(url, WIDE, scripts=False)
        headings = await tab.by_role("heading")
        assert headings[0] == "promote web 1.0.0 -> 1.0.1"
        assert {"Why it failed", "Production's traffic", "Where the rules lead"} <= set(headings)
        pictures = await tab.by_role("image")
        assert "step 1: 1 min 34 s, from 2.0 s on" in pictures
        assert "around the write: 528 requests answered by 1.0.1" in pictures
        assert "all that was watched: 1 requests lost" in pictures
        assert await tab.by_role("link") == ["412 packages", "packer.log", "junit.xml"]
        assert "✕ failed" in await tab.text()

    shown(as_page(report()), tmp_path, ask)


def test_the_dark_is_dark_and_paper_is_white(tmp_path: Path) -> None:
    async def ask(tab: Tab, url: str) -> None:
        background = "getComputedStyle(document.body).backgroundColor"
        colours = []
        for dark, media in ((False, ""), (True, ""), (True, "print")):
            await tab.open(url, WIDE, dark=dark, media=media)
            colours.append(await tab.value(background))
        assert colours == ["rgb(252, 252, 251)", "rgb(19, 22, 26)", "rgb(255, 255, 255)"]

    shown(as_page(report()), tmp_path, ask)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    async def ask(tab: Tab, url: str) -> None:
        for width in (NARROW, WIDE):
            await tab.open(url, width)
            assert await tab.overflow() == 0
            assert (await tab.text()).count(HOSTILE) >= 12
            assert await tab.value("document.querySelectorAll('script, img').length") == 0
        assert tab.console == []
        assert tab.requests == [url]

    shown(as_page(report(HOSTILE)), tmp_path, ask)
