"""Reading `rebuild_on` and `max_age` of an image."""

from __future__ import annotations

from typing import Final

from pipeline.definition import rules
from pipeline.definition.reading import Section
from pipeline.definition.rebuilding import REASONS, USUAL, Reason

SHORTEST: Final = 3600.0
"""Seconds: a bake and its check may take that long."""

REASON: Final = rules.one_of("a reason to rebuild", *REASONS)
MAX_AGE: Final = rules.Rule(
    "an age",
    'a whole number and m, h or d, such as "30d", at least 1h',
    "30d",
    lambda text: rules.is_duration(text, SHORTEST),
)


def read_rebuild_on(section: Section) -> frozenset[Reason]:
    """The reasons that it names; the usual ones where it says nothing."""
    told = {text for text, _ in section.texts("rebuild_on", REASON)}
    named = frozenset(reason for reason in REASONS if reason in told)
    return named if section.has("rebuild_on") else USUAL


def read_max_age(section: Section) -> float:
    """In seconds; 0 where there is no limit."""
    return rules.seconds(section.text("max_age", MAX_AGE, default=""))
