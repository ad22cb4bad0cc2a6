"""Journals that die: what a killed process leaves, at a line of one's choice."""

from __future__ import annotations

from pathlib import Path

from pipeline.execution.run.journal import Journal, Subject


class Crash(BaseException):
    """Not an Exception, so that no handler can tidy up: the process is gone."""


def dying_after(deadly: str, words: str) -> type[Journal]:
    """A journal that dies once it has written the deadly event of a step whose words begin so."""

    class DyingJournal(Journal):
        """Remembers the words of the step at work."""

        def __init__(self, path: Path, subject: Subject) -> None:
            self._words = ""
            super().__init__(path, subject)

        def append(self, event: str, **fields: object) -> None:
            if event == "started":
                self._words = str(fields["words"])
            super().append(event, **fields)
            if event == deadly and self._words.startswith(words):
                raise Crash(self._words)

    return DyingJournal
