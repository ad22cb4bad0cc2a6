"""An output that tells another one everything: for those who listen to some of it."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.advice import AdviceList
from pipeline.errors import PipelineError
from pipeline.output.facts import Output, Planned, Work
from pipeline.planning.table import Table


class Relay:
    """Every fact as it came. Whoever extends it calls these first."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def plan(self, plan: Planned) -> None:
        self._output.plan(plan)

    def started(self, number: int, words: str) -> None:
        self._output.started(number, words)

    def waiting(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        self._output.waiting(number, words, seconds, seen)

    def watching(self, seconds: float, text: str, document: object) -> None:
        self._output.watching(seconds, text, document)

    def at_work(self, works: Sequence[Work]) -> None:
        self._output.at_work(works)

    def phase(self, number: int, text: str, seconds: float) -> None:
        self._output.phase(number, text, seconds)

    def finished(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        self._output.finished(number, words, seconds, seen)

    def failed(self, number: int, words: str, seconds: float) -> None:
        self._output.failed(number, words, seconds)

    def say(self, text: str) -> None:
        self._output.say(text)

    def truth(self, text: str, advice: AdviceList) -> None:
        self._output.truth(text, advice)

    def report(self, text: str | Table, document: object) -> None:
        self._output.report(text, document)

    def page(self, address: str) -> None:
        self._output.page(address)

    def error(self, error: PipelineError) -> None:
        self._output.error(error)

    def hide(self, secret: str) -> None:
        self._output.hide(secret)
