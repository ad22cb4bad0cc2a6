"""A belief: a sentence about Azure, where it comes from, and the test that states it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

import pytest

Kind = Literal["recorded", "documented", "inferred"]
"""Seen in recorded traffic, said by Microsoft, or concluded from either."""

F = TypeVar("F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Belief:
    """`says` is one sentence; `source` is where it comes from."""

    name: str
    says: str
    kind: Kind
    source: str


BELIEFS: dict[str, Belief] = {}
"""All of them, by the name of their test."""


def believed(says: str, kind: Kind, source: str) -> Callable[[F], F]:
    """Mark a test as the statement of a belief."""

    def mark(test: F) -> F:
        name = test.__name__.removeprefix("test_")
        BELIEFS[name] = Belief(name, says, kind, source)
        marked: F = pytest.mark.azure(test)
        return marked

    return mark
