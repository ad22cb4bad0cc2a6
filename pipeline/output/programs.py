"""One JSON document per line and fact; `event` says which.

A line can command nobody: it begins with a bracket or a quotation mark, control characters are
escaped by `json`, and so is the second of two `#`, which Azure Pipelines obeys anywhere in a line.
What a reader decodes is what was said, but for secrets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TextIO

from pipeline.advice import AdviceList
from pipeline.errors import PipelineError
from pipeline.output.advising import pairs, planned
from pipeline.output.edge import Edge
from pipeline.output.facts import Planned, Work
from pipeline.output.pace import WATCHED_BETWEEN, Pace, Paces
from pipeline.planning.table import Table


class ForPrograms:
    """JSON lines on a stream."""

    def __init__(
        self, stream: TextIO | None = None, environment: str = "", rerun: str = ""
    ) -> None:
        """`environment` was chosen with `--env`; `rerun` is the command line of this process."""
        self._environment = environment
        self._rerun = rerun
        self._edge = Edge(stream)
        self._pace = Pace()
        self._watch_pace = Pace(WATCHED_BETWEEN)
        self._paces = Paces()

    def plan(self, plan: Planned) -> None:
        self._tell("plan", **planned(plan, self._environment))

    def started(self, number: int, words: str) -> None:
        self._pace.start()
        self._tell("started", number=number, step=words)

    def waiting(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        if self._pace.is_due(seconds):
            self._tell("waiting", number=number, step=words, seconds=round(seconds, 1), seen=seen)

    def watching(self, seconds: float, text: str, document: object) -> None:
        if not text:
            self._watch_pace.start()
            self._tell("watched", figures=document)
        elif self._watch_pace.is_due(seconds):
            self._tell("watching", figures=document)

    def at_work(self, works: Sequence[Work]) -> None:
        self._paces.only(one.name for one in works)
        for one in works:
            if self._paces.of(one.name).is_due(one.seconds):
                facts = {"name": one.name, "now": one.words, "seconds": round(one.seconds, 1)}
                self._tell("at_work", **facts)

    def phase(self, number: int, text: str, seconds: float) -> None:
        self._tell("phase", number=number, text=text, seconds=round(seconds, 1))

    def finished(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        self._tell("finished", number=number, step=words, seconds=round(seconds, 3), seen=seen)

    def failed(self, number: int, words: str, seconds: float) -> None:
        self._tell("failed", number=number, step=words, seconds=round(seconds, 3))

    def say(self, text: str) -> None:
        self._tell("said", text=text)

    def truth(self, text: str, advice: AdviceList) -> None:
        self._tell("truth", text=text, next=pairs(advice, self._environment, self._rerun))

    def report(self, text: str | Table, document: object) -> None:
        self._write(document)

    def page(self, address: str) -> None:
        self._tell("page", address=address)

    def error(self, error: PipelineError) -> None:
        self._tell(
            "error",
            error=error.kind,
            text=str(error),
            notes=list(getattr(error, "__notes__", ())),
            exit_code=error.exit_code,
            next=pairs(error.advice, self._environment, self._rerun),
        )

    def hide(self, secret: str) -> None:
        self._edge.secrets.hide(secret)

    def _tell(self, event: str, **facts: object) -> None:
        self._write({"event": event, **facts})

    def _write(self, document: object) -> None:
        text = json.dumps(self._without_secrets(document), default=str)
        self._edge.write(self._edge.secrets.clean(text).replace("##", "#\\u0023") + "\n")

    def _without_secrets(self, value: object) -> object:
        # Before they are escaped: a secret with a quotation mark is not found in JSON.
        if isinstance(value, str):
            return self._edge.secrets.clean(value)
        if isinstance(value, Mapping):
            return {
                self._without_secrets(key): self._without_secrets(one) for key, one in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._without_secrets(one) for one in value]
        return value
