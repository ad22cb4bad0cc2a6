"""One JSON document per line and fact; `event` says which."""

from __future__ import annotations

import json
import sys
from typing import TextIO

from pipeline.advice import AdviceList
from pipeline.errors import PipelineError
from pipeline.output.advising import pairs, typed
from pipeline.output.facts import Planned
from pipeline.output.people import QUIET_BETWEEN
from pipeline.output.redaction import Redactor
from pipeline.planning.table import Table


class ForPrograms:
    """JSON lines on a stream."""

    def __init__(
        self, stream: TextIO | None = None, environment: str = "", rerun: str = ""
    ) -> None:
        """`environment` was chosen with `--env`; `rerun` is the command line of this process."""
        self._stream = stream or sys.stdout
        self._environment = environment
        self._rerun = rerun
        self._redactor = Redactor()
        self._last_word = 0.0

    def plan(self, plan: Planned) -> None:
        self._tell(
            "plan",
            title=plan.title,
            steps=[str(step) for step in plan.steps],
            because=plan.because,
            inverse=typed(plan.inverse, self._environment) if plan.inverse else "",
            notes=list(plan.notes),
        )

    def started(self, number: int, words: str) -> None:
        self._last_word = 0.0
        self._tell("started", number=number, step=words)

    def waiting(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        if seconds - self._last_word >= QUIET_BETWEEN:
            self._last_word = seconds
            self._tell("waiting", number=number, step=words, seconds=round(seconds, 1), seen=seen)

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

    def error(self, error: PipelineError) -> None:
        self._tell(
            "error",
            error=type(error).__name__,
            text=str(error),
            notes=list(getattr(error, "__notes__", ())),
            exit_code=error.exit_code,
            next=pairs(error.advice, self._environment, self._rerun),
        )

    def hide(self, secret: str) -> None:
        self._redactor.hide(secret)

    def _tell(self, event: str, **facts: object) -> None:
        self._write({"event": event, **facts})

    def _write(self, document: object) -> None:
        self._stream.write(self._redactor.clean(json.dumps(document, default=str)) + "\n")
        self._stream.flush()
