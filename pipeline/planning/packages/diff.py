"""What changed between two versions: one value for a terminal, a page and release notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.planning.packages.changes import Change
from pipeline.planning.table import Table

HEADINGS = ("package", "before", "after", "class")
SHOWN_SECURITY = 3
"""Packages with security fixes that are named in one line."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Names of tests of a version's check."""

    passed: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """Everything that is known to differ; `unknown` says what is not known, and why."""

    image: str
    before: str
    after: str
    packages: tuple[Change, ...] | None
    """Security first; None where a version's packages are not known."""
    inputs: tuple[str, ...] = ()
    """In words: `images/web/files/index.html changed`."""
    commits: tuple[str, ...] = ()
    """Short hash and subject, newest first, of those that touch the image's inputs."""
    checks: tuple[str, ...] = ()
    """In words: `new: test_web::test_it_serves`."""
    unknown: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """`web 1.0.0 -> 1.0.1`."""
        return f"{self.image} {self.before} -> {self.after}"

    @property
    def note(self) -> str:
        """The packages in one line, for a plan."""
        return f"packages since {self.before}: {brief(self.packages)}"

    @property
    def table(self) -> Table:
        """For people."""
        rows = tuple(
            (one.name, one.old or "-", one.new or "-", one.kind or "-")
            for one in self.packages or ()
        )
        notes = [f"{self.title}: {brief(self.packages)}" if self.packages is not None else ""]
        notes += [f"input: {one}" for one in self.inputs]
        notes += [f"commit: {one}" for one in self.commits]
        notes += [f"check: {one}" for one in self.checks]
        notes += [f"not known: {one}" for one in self.unknown]
        return Table(HEADINGS, rows, tuple(filter(None, notes)))

    @property
    def markdown(self) -> str:
        """Release notes."""
        lines = [f"## {self.title}", ""]
        if self.packages is not None:
            lines += ["### Packages", "", f"{brief(self.packages)}.", ""]
            if self.packages:
                lines += [_row(HEADINGS), _row("---" for _ in HEADINGS)]
                lines += [_row(row) for row in self.table.rows]
                lines.append("")
        for title, found in (
            ("Inputs", self.inputs),
            ("Commits", self.commits),
            ("Checks", self.checks),
            ("Not known", self.unknown),
        ):
            if found:
                lines += [f"### {title}", "", *(f"- {_escaped(one)}" for one in found), ""]
        return "\n".join(lines).rstrip() + "\n"

    @property
    def document(self) -> dict[str, Any]:
        """For programs."""
        known = self.packages is not None
        return {
            "image": self.image,
            "before": self.before,
            "after": self.after,
            "packages": [one.document for one in self.packages or ()] if known else None,
            "inputs": list(self.inputs),
            "commits": list(self.commits),
            "checks": list(self.checks),
            "unknown": list(self.unknown),
        }


def brief(found: tuple[Change, ...] | None) -> str:
    """In one line: how many, and the first security fixes."""
    if not found:
        return "the same packages"
    fixes = [one for one in found if one.is_security]
    noun = "package" if len(found) == 1 else "packages"
    if not fixes:
        return f"{len(found)} {noun} changed"
    named = ", ".join(f"{one.name} {one.old} -> {one.new}" for one in fixes[:SHOWN_SECURITY])
    more = f" and {len(fixes) - SHOWN_SECURITY} more" if len(fixes) > SHOWN_SECURITY else ""
    return f"{len(found)} {noun} changed, {len(fixes)} for security: {named}{more}"


def checks_changed(before: Checked, after: Checked) -> tuple[str, ...]:
    """Which tests are new, gone, or ended in another way."""
    old = {**dict.fromkeys(before.passed, "passed"), **dict.fromkeys(before.failed, "failed")}
    new = {**dict.fromkeys(after.passed, "passed"), **dict.fromkeys(after.failed, "failed")}
    return tuple(
        f"new: {name} {new[name]}"
        if name not in old
        else f"gone: {name}"
        if name not in new
        else f"{name} {old[name]} -> {new[name]}"
        for name in sorted(old | new)
        if old.get(name) != new.get(name)
    )


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_escaped(cell) for cell in cells)} |"


def _escaped(text: str) -> str:
    """Without what would be a column or a tag in Markdown."""
    return text.replace("|", "\\|").replace("<", "&lt;")
