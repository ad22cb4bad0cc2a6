"""Keeps what a run tells, as JSON lines in the run's folder, while it is told as ever.

Everything passes the redaction that output uses. What cannot be kept never changes how a run ends.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from pipeline.advice import AdviceList
from pipeline.errors import PipelineError, StateFileError
from pipeline.output.advising import pairs, planned
from pipeline.output.facts import Output, Planned
from pipeline.output.redaction import Redactor, cleaned
from pipeline.output.relaying import Relay
from pipeline.state_files import naming, open_regular

FACTS = "facts.jsonl"
"""In a run's folder: what it told, a JSON object each."""
MOST_FACTS = 4000
"""Of one run; only its end is kept after so many."""
LONGEST_FACT = 16_000
"""Characters of one text in it."""


class Keeping(Relay):
    """An Output that tells another one, and keeps the facts of the run at work.

    The page of a run that ended badly is told after its error, or else on leaving: never before.
    """

    def __init__(self, output: Output, environment: str = "", rerun: str = "") -> None:
        """`environment` and `rerun` as the other output has them."""
        super().__init__(output)
        self._environment = environment
        self._rerun = rerun
        self.secrets = Redactor()
        """What the run's page must not show either."""
        self._file: int | None = None
        self._path = Path()
        self._facts = 0
        self._untold: list[str] = []

    def __enter__(self) -> Keeping:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tell_pages()

    @property
    def is_at_work(self) -> bool:
        """Whether the facts of a run are being kept."""
        return self._file is not None

    def begin(self, folder: Path, subject: Mapping[str, object]) -> None:
        """A run begins; raises StateFileError where its facts cannot be kept."""
        self._path, self._facts = folder / FACTS, 0
        self._file = open_regular(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._keep("run", **subject, typed=self._rerun)

    def end(self, outcome: str, error: BaseException | None) -> None:
        """It ended; with what ended it, and how to go on."""
        advice = error.advice if isinstance(error, PipelineError) else ()
        self._facts = 0
        self._keep(
            "ended",
            outcome=outcome,
            error=type(error).__name__ if error else "",
            text=str(error) if error else "",
            notes=list(getattr(error, "__notes__", ())),
            next=pairs(advice, self._environment, self._rerun),
        )
        self._close()

    def page_later(self, address: str) -> None:
        """Tell a page once the error that belongs to it was told."""
        self._untold.append(address)

    def plan(self, plan: Planned) -> None:
        super().plan(plan)
        self._keep("plan", **planned(plan, self._environment))

    def started(self, number: int, words: str) -> None:
        super().started(number, words)
        self._keep("started", number=number)

    def phase(self, number: int, text: str, seconds: float) -> None:
        super().phase(number, text, seconds)
        self._keep("phase", number=number, text=text)

    def finished(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        super().finished(number, words, seconds, seen)
        self._keep("finished", number=number, seen=seen)

    def failed(self, number: int, words: str, seconds: float) -> None:
        super().failed(number, words, seconds)
        self._keep("failed", number=number)

    def say(self, text: str) -> None:
        super().say(text)
        self._keep("said", text=text)

    def truth(self, text: str, advice: AdviceList) -> None:
        super().truth(text, advice)
        self._keep("truth", text=text, next=pairs(advice, self._environment, self._rerun))

    def error(self, error: PipelineError) -> None:
        super().error(error)
        self._keep("said", text=f"{type(error).__name__}: {error}")
        self._tell_pages()

    def hide(self, secret: str) -> None:
        super().hide(secret)
        self.secrets.hide(secret)

    def _tell_pages(self) -> None:
        untold, self._untold = self._untold, []
        for address in untold:
            self._output.page(address)

    def _keep(self, event: str, **fields: object) -> None:
        self._facts += 1
        if self._file is None or self._facts > MOST_FACTS:
            return
        short = {name: _shortened(value) for name, value in fields.items()}
        fact = cleaned({"event": event, "at": round(time.time(), 3), **short}, self.secrets)
        try:
            with naming(self._path):
                os.write(self._file, f"{json.dumps(fact, default=str)}\n".encode())
        except StateFileError as error:
            self._close()
            self._output.say(f"{error}: this run has no whole page")

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _shortened(value: object) -> object:
    return value[:LONGEST_FACT] if isinstance(value, str) else value
