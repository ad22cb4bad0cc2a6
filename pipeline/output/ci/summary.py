"""The summary of a job: what was planned, what became of it, what is true now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.output.ci import markdown
from pipeline.planning.table import Table

DONE, FAILED, OPEN = "ok", "**failed**", "not done"
LARGEST = 200_000
"""Characters of one command's summary: a step may run several."""
MOST_SAID = 50
_LEFT_OUT = "\n\n_The rest is in the log._\n"


class Summary:
    """Markdown that grows with what is told."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._steps: dict[int, tuple[str, str, str]] = {}
        self._said: list[str] = []

    @property
    def text(self) -> str:
        """All of it; "" when nothing was told."""
        self._close()
        told = "\n\n".join(self._parts)
        if len(told) > LARGEST:
            told = told[:LARGEST].rpartition("\n")[0] + _LEFT_OUT
        return f"{told}\n\n" if told else ""

    def plan(
        self, title: str, steps: Sequence[str], because: str, notes: Iterable[str], undo: str
    ) -> None:
        """What is going to happen."""
        self._close()
        self._parts.append(f"### {markdown.text(title)}")
        if not steps:
            self._parts.append(f"Nothing to do: {markdown.text(because)}")
        self._steps = {number: (OPEN, words, "") for number, words in enumerate(steps, start=1)}
        told = [f"- {markdown.text(note)}" for note in notes]
        if undo:
            told.append(f"- to go back: {markdown.code(undo)}")
        if told:
            self._said = told

    def step(self, number: int, words: str, seconds: float, state: str) -> None:
        """What became of a step."""
        self._steps[number] = (state, words, f"{seconds:.0f} s")

    def said(self, text: str) -> None:
        """A fact on the way."""
        if text and len(self._said) < MOST_SAID:
            self._said.append(f"- {markdown.text(text)}")

    def truth(self, text: str, advice: Iterable[tuple[str, str]]) -> None:
        """What holds now, and how to go on."""
        self._close()
        if text:
            self._parts.append(f"**{markdown.text(text)}**")
        self._advise(advice)

    def report(self, told: str | Table) -> None:
        """An answer."""
        self._close()
        if isinstance(told, Table):
            rows = ([markdown.text(cell) for cell in row] for row in told.rows)
            self._parts.append(markdown.table([markdown.text(one) for one in told.headings], rows))
            for note in told.notes:
                self.said(note)
        else:
            self._parts.append(markdown.block(told))

    def error(
        self, heading: str, text: str, notes: Iterable[str], advice: Iterable[tuple[str, str]]
    ) -> None:
        """Why it ended badly."""
        self._close()
        self._parts.append(f"**{markdown.text(heading)}**\n\n{markdown.block(text)}")
        for note in notes:
            self.said(note)
        self._close()
        self._advise(advice)

    def _advise(self, advice: Iterable[tuple[str, str]]) -> None:
        lines = [f"- {markdown.text(wish)}: {markdown.code(command)}" for wish, command in advice]
        if lines:
            self._parts.append("\n".join(lines))

    def _close(self) -> None:
        """The steps and what was said belong together."""
        if self._steps:
            rows = [
                [str(number), state, markdown.text(words), took]
                for number, (state, words, took) in sorted(self._steps.items())
            ]
            self._parts.append(markdown.table(("", "", "step", "took"), rows))
        if self._said:
            self._parts.append("\n".join(self._said))
        self._steps, self._said = {}, []
