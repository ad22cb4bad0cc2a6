"""Reading the `hygiene` block of an image."""

from __future__ import annotations

from pipeline.definition import rules
from pipeline.definition.hygiene import ALL_KINDS, KINDS, ON, Hygiene
from pipeline.definition.reading import Section

KIND = rules.Rule(
    "a hygiene check",
    f"one of {', '.join(KINDS)}, or {ALL_KINDS}",
    "listening",
    lambda text: text in {*KINDS, ALL_KINDS},
)
ALLOWED = rules.Rule(
    "something that hygiene may find",
    "a path, a user or a port as it is found, * for any text",
    "/opt/app/tmp",
    lambda text: bool(text.strip()) and text.isprintable(),
)


def read_hygiene(section: Section) -> Hygiene:
    """The block, or every check without it."""
    skip = [text for text, _ in section.texts("skip", KIND)]
    allow = [text for text, _ in section.texts("allow", ALLOWED)]
    return (
        ON if section.is_absent else Hygiene(tuple(filter(None, skip)), tuple(filter(None, allow)))
    )
