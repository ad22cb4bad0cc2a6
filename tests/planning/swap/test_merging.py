"""How one resource's properties are merged over another's."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pipeline.planning.swap.merging import merged


@pytest.mark.parametrize(
    ("below", "above", "both"),
    [
        ({"a": 1, "b": 2}, {"b": 3, "c": 4}, {"a": 1, "b": 3, "c": 4}),
        ({"a": {"x": 1, "y": {"z": 2}}}, {"a": {"y": {"z": 3}}}, {"a": {"x": 1, "y": {"z": 3}}}),
        ({"a": {"x": 1}}, {"a": 5}, {"a": 5}),
        ({"a": 5}, {"a": {"x": 1}}, {"a": {"x": 1}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": [{"name": "x"}]}, {"a": []}, {"a": []}),
        ({"a": [{"lun": 0}, {"lun": 1}]}, {"a": [{"lun": 0, "s": 1}]}, {"a": [{"lun": 0, "s": 1}]}),
        (
            {"a": [{"name": "X", "p": {"q": 1}}, {"name": "y"}]},
            {"a": [{"name": "z"}, {"name": "x", "p": {"r": 2}}]},
            {"a": [{"name": "x", "p": {"q": 1, "r": 2}}, {"name": "y"}, {"name": "z"}]},
        ),
        ({"a": [{"name": "x"}, {"b": 1}]}, {"a": [{"name": "y"}]}, {"a": [{"name": "y"}]}),
        ({"a": 1}, {"a": None}, {"a": None}),
        (
            {"imageReference": {"id": 1}},
            {"ImageReference": {"id": 2}},
            {"imageReference": {"id": 2}},
        ),
    ],
)
def test_what_is_above_counts(
    below: dict[str, Any], above: dict[str, Any], both: dict[str, Any]
) -> None:
    before = copy.deepcopy((below, above))

    assert merged(below, above) == both
    assert (below, above) == before
