"""The units of a night, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.definition.faulty import Faulty
from pipeline.definition.model import GalleryBase, Project
from pipeline.errors import Mistake
from pipeline.planning.fleet.results import NO_RESULT, is_bad
from pipeline.planning.fleet.units import (
    Result,
    matrix,
    report,
    table,
    table_of_results,
    units_of,
)
from tests.planning.swap.examples import ENVIRONMENT, IMAGE

GOLDEN = replace(IMAGE, name="golden")
CHILD = replace(IMAGE, name="child", base=GalleryBase("", "golden"))
GRANDCHILD = replace(IMAGE, name="a", base=GalleryBase("", "child"))
SHOP = Faulty("image", "shop", (Mistake("images/shop/image.hcl", 3, "no base"),))
PROJECT = Project(Path(), (GRANDCHILD, CHILD, GOLDEN, IMAGE), (ENVIRONMENT,), (SHOP,))
UNITS = units_of(PROJECT)


def test_an_image_and_all_that_is_made_of_it_are_one_unit() -> None:
    assert {one.name: one.images for one in UNITS} == {
        "golden": ("golden", "child", "a"),
        "shop": ("shop",),
        "web": ("web",),
    }


def test_a_unit_is_a_job_of_the_matrix() -> None:
    jobs = {one["unit"]: one["arguments"] for one in matrix(UNITS)["include"]}
    assert jobs["golden"] == "--image golden --image child --image a"
    assert "golden  golden, child, a" in str(table(UNITS))


def written(image: str, result: str) -> dict[str, Any]:
    """What `nightly --result` writes."""
    row = {"image": image, "version": "1.0.1", "result": result, "why": "because"}
    return {"environment": "production", "images": [row]}


def test_what_failed_and_what_left_no_result_comes_first() -> None:
    results = (*Result.of(written("golden", "built")), *Result.of(written("web", "failed")))
    found = report(results, UNITS)
    assert [(one.image, one.result) for one in found] == [
        ("a", NO_RESULT),
        ("child", NO_RESULT),
        ("shop", NO_RESULT),
        ("web", "failed"),
        ("golden", "built"),
    ]
    assert [is_bad(one.result) for one in found] == [True, True, True, True, False]
    assert "web     1.0.1    failed     because" in str(table_of_results(found))


@pytest.mark.parametrize("document", [{}, {"environment": "x"}, {"environment": "x", "images": 1}])
def test_another_document_is_none(document: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        Result.of(document)
