"""What earlier checks of a version said: kept in one of its tags, for any machine to read.

A version never changes. So a check that says now this, now that of it, though no file of the checks
changed in between, is flaky: its verdict is taken as it is, and told as such.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.planning.names import Check

_WORDS = 3
LONGEST = 256
"""Characters of a tag's value, by Azure's limits."""


@dataclass(frozen=True, slots=True)
class Checked:
    """One check of a version: what it said, in which run, by which checks (a digest)."""

    verdict: str
    run: str
    checks: str

    def __str__(self) -> str:
        return f"{self.verdict} {self.run} {self.checks}"


def history(tag: str) -> tuple[Checked, ...]:
    """The checks that a tag tells of, the last one last; what is no such text is left out."""
    entries = (entry.split() for entry in tag.split(","))
    return tuple(Checked(*words) for words in entries if len(words) == _WORDS)


def with_verdict(tag: str, now: Checked) -> str:
    """The tag with one check more; the oldest are forgotten where it would be too long."""
    entries = [*(one for one in history(tag) if one.run != now.run), now]
    while len(text := ",".join(map(str, entries))) > LONGEST:
        entries = entries[1:]
    return text


def contradictions(tag: str) -> tuple[Checked, ...]:
    """The checks that were the same as the last one, where they did not all say the same."""
    checks = history(tag)
    alike = tuple(one for one in checks if one.checks == checks[-1].checks)
    return alike if {one.verdict for one in alike} == {Check.PASSED, Check.FAILED} else ()


def flaky(tag: str) -> str:
    """That a version's check is flaky, with its history; "" where it is not."""
    told = ", ".join(f"{one.verdict} in {one.run}" for one in contradictions(tag))
    return f"its check is flaky: {told}, by the same checks" if told else ""
