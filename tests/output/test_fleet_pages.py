"""Pages of a fleet as text; the dashboard in a browser: tests/execution/dashboard."""

from __future__ import annotations

from pipeline.output.page import dashboard_page, dashboard_rows, fleet_page, image_page
from tests.output.sample_fleet import RUN, fleet
from tests.output.sample_report import BEGAN, HOSTILE
from tests.output.test_page import Tags


def test_the_page_of_a_fleet_leads_nowhere_and_runs_nothing() -> None:
    tags = Tags(fleet_page(fleet(HOSTILE), BEGAN))
    assert tags.leads == ["data:,"]
    assert not tags.names & {"script", "img", "form"}
    assert tags.runs == []


def test_the_dashboard_runs_its_own_script_alone() -> None:
    page = dashboard_page(fleet(HOSTILE), BEGAN, {RUN})
    assert page.count("<script>") == 1
    assert "script-src 'sha256-" in page
    assert "connect-src 'self'" in page
    assert "&lt;script&gt;alert(1)" in page


def test_before_the_first_look_the_dashboard_says_so() -> None:
    assert "The first look at Azure is under way." in dashboard_page(None, 0.0, ())
    failed = dashboard_rows(fleet(), BEGAN, (), "no answer")
    assert "the last look failed" in failed
    assert "too old" in failed


def test_each_row_leads_to_its_image_and_to_the_pages_that_are_here() -> None:
    leads = Tags(dashboard_rows(fleet(), BEGAN, {RUN})).leads
    assert "/images/eu/web" in leads
    assert leads.count(f"/runs/{RUN}") == 2
    assert f"/runs/{RUN}" not in Tags(dashboard_rows(fleet(), BEGAN, ())).leads


def test_the_page_of_an_image_has_its_history() -> None:
    row = fleet(HOSTILE).row("eu", "web")
    assert row is not None
    page = image_page(row, BEGAN, {RUN})
    assert Tags(page).leads == ["data:,", "/", f"/runs/{RUN}"]
    assert "not on this machine" in page
    for found in fleet().rows:
        assert found.image in image_page(found, BEGAN, ())
