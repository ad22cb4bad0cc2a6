"""The link from one run's page to another's."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.planning.report.report import OtherRun, other_run

RUN = "20261123T181500Z-runner-7-1a2b"


def test_pages_of_runs_are_side_by_side() -> None:
    assert other_run({"run": RUN}, "page.html") == OtherRun(RUN, f"../{RUN}/page.html")


@pytest.mark.parametrize(
    "document", [{}, {"run": 7}, {"run": ""}, {"run": "../elsewhere"}, {"run": "javascript:x"}]
)
def test_what_is_no_run_is_no_link(document: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        other_run(document, "page.html")
