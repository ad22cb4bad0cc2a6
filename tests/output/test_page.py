"""The page of a run as text; in a browser: test_pages_in_a_browser.py."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from pipeline.output.page import as_page, clock, day, exactly, took
from tests.output.sample_report import BEGAN, HOSTILE, interrupted, report, small

LARGEST = 120_000
"""Bytes of a page of a long promotion."""


class Tags(HTMLParser):
    """The elements of a page, and their attributes that lead somewhere or run something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.leads: list[str] = []
        self.runs: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        for name, value in attrs:
            if name in {"src", "href", "action", "data"}:
                self.leads.append(value or "")
            if name.startswith("on") or name == "style":
                self.runs.append(name)


def test_a_page_says_what_was_planned_and_what_became_of_it() -> None:
    page = as_page(report())
    for words in (
        "promote web 1.0.0 -&gt; 1.0.1",
        "Waiting for SSH to become available",
        "write sent",
        "first answer of the new version",
        "connection refused",
        "production rule http: web-1-0-1 -&gt; web-1-0-0",
        "test_web::test_nginx_is_running",
        "3.0.16-1~deb12u1",
        "invoke status --env shop",
    ):
        assert words in page
    assert len(page) < LARGEST


def test_nothing_is_fetched_and_nothing_runs() -> None:
    tags = Tags(as_page(report(HOSTILE)))
    assert not tags.names & {"script", "iframe", "object", "embed", "img", "form"}
    assert tags.runs == []
    assert set(tags.leads) <= {"data:,", "packer.log", "junit.xml", "sbom.json"}


def test_what_others_wrote_stays_text() -> None:
    plain, hostile = Tags(as_page(report("mark"))), Tags(as_page(report(HOSTILE)))
    assert hostile.names == plain.names
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in as_page(report(HOSTILE))


def test_only_the_page_s_own_style_is_allowed() -> None:
    page = as_page(small())
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert f"style-src &#39;sha256-{digest}&#39;" in policy[1] or (
        f"style-src 'sha256-{digest}'" in policy[1]
    )
    assert "default-src 'none'" in policy[1].replace("&#39;", "'")


def test_what_a_run_did_not_have_is_not_on_its_page() -> None:
    page = as_page(small())
    for word in ("Packages", "Evidence", "traffic", "Checks", "Where the rules lead"):
        assert word not in page
    assert "Nothing to do: 1.0.1 has these inputs" in page


def test_an_interrupted_run_says_how_to_go_on() -> None:
    assert "Run the same command again to continue." in as_page(interrupted())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0 ms"),
        (0.312, "312 ms"),
        (4.12, "4.1 s"),
        (41.2, "41 s"),
        (192.0, "3 min 12 s"),
        (600.0, "10 min"),
        (7500.0, "2 h 5 min"),
        (273600.0, "3 d 4 h"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, words: str) -> None:
    assert took(seconds) == words


def test_times_are_utc() -> None:
    assert (day(BEGAN), clock(BEGAN), exactly(BEGAN + 0.1234)) == (
        *("2026-11-18", "11:06:40"),
        "11:06:40.123",
    )
    assert day(1e30) == "1970-01-01"
