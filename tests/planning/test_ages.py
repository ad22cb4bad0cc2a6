"""How long ago something was, in words."""

from __future__ import annotations

import pytest

from pipeline.planning.ages import lasting


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86399, "23 h"),
        (86400, "1 day"),
        (3 * 86400, "3 days"),
    ],
)
def test_the_largest_unit_that_is_whole(seconds: float, words: str) -> None:
    assert lasting(seconds) == words
