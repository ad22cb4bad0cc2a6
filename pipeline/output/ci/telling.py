"""An output that tells a CI runner as well, beside whoever is told already."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import TextIO

from pipeline.advice import AdviceList
from pipeline.errors import DefinitionError, PipelineError
from pipeline.output.advising import pairs, typed
from pipeline.output.ci.agents import MOST_ANNOTATIONS, Agent, Annotation, agent_of
from pipeline.output.ci.summary import DONE, FAILED, Summary
from pipeline.output.edge import Edge
from pipeline.output.facts import Output, Planned
from pipeline.output.harmless import without_control
from pipeline.output.lines import heading_of
from pipeline.output.relaying import Relay
from pipeline.planning.table import Table


class InCi(Relay):
    """Annotations and progress as they come, and the summary on leaving it.

    They go to the standard error, where they disturb no JSON: both runners read both streams.
    """

    def __init__(
        self,
        output: Output,
        agent: Agent | None = None,
        environment: str = "",
        rerun: str = "",
        stream: TextIO | None = None,
    ) -> None:
        """`agent` None where this process is no job of a runner that is known: nothing is added.

        `environment` and `rerun` as the other output has them.
        """
        super().__init__(output)
        self._agent = agent
        self._environment = environment
        self._rerun = rerun
        self._edge = Edge(stream or sys.stderr)
        self._summary = Summary()
        self._steps = 0
        self._annotations = 0

    def __enter__(self) -> InCi:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        told = self._summary.text
        if self._agent and told:
            self._order(self._agent.summarize(told))

    def plan(self, plan: Planned) -> None:
        super().plan(plan)
        self._steps = len(plan.steps)
        undo = typed(plan.inverse, self._environment) if plan.inverse else ""
        self._summary.plan(
            self._clean(plan.title),
            [self._clean(str(step)) for step in plan.steps],
            self._clean(plan.because),
            [self._clean(note) for note in plan.notes],
            self._clean(undo),
        )

    def finished(self, number: int, words: str, seconds: float, seen: str = "") -> None:
        super().finished(number, words, seconds, seen)
        self._summary.step(number, self._clean(seen or words), seconds, DONE)
        if self._agent:
            self._order(self._agent.progress(number, self._steps, self._clean(words)))

    def failed(self, number: int, words: str, seconds: float) -> None:
        super().failed(number, words, seconds)
        self._summary.step(number, self._clean(words), seconds, FAILED)

    def say(self, text: str) -> None:
        super().say(text)
        self._summary.said(self._clean(text))

    def truth(self, text: str, advice: AdviceList) -> None:
        super().truth(text, advice)
        self._summary.truth(self._clean(text), self._advice(advice))

    def report(self, text: str | Table, document: object) -> None:
        super().report(text, document)
        if isinstance(text, Table):
            headings, *rows = (tuple(map(self._clean, row)) for row in (text.headings, *text.rows))
            notes = tuple(map(self._clean, text.notes))
            self._summary.report(Table(headings, tuple(rows), notes))
        else:
            self._summary.report(self._clean(text))

    def error(self, error: PipelineError) -> None:
        super().error(error)
        notes = [self._clean(note) for note in getattr(error, "__notes__", ())]
        kind = heading_of(error)
        self._summary.error(kind, self._clean(str(error)), notes, self._advice(error.advice))
        for wrong in self._annotated(kind, error):
            if self._agent and self._annotations < MOST_ANNOTATIONS:
                self._annotations += 1
                self._order(self._agent.annotation(wrong))

    def hide(self, secret: str) -> None:
        super().hide(secret)
        self._edge.secrets.hide(secret)

    def _annotated(self, kind: str, error: PipelineError) -> list[Annotation]:
        """One for each mistake in a file, or one of the whole."""
        if not isinstance(error, DefinitionError):
            return [Annotation(kind, self._clean(str(error)))]
        return [
            Annotation(
                kind,
                self._clean(f"{one.what}; {one.right}" if one.right else one.what),
                self._clean(one.file),
                one.line,
            )
            for one in error.mistakes
        ]

    def _advice(self, advice: AdviceList) -> list[tuple[str, str]]:
        told = pairs(advice, self._environment, self._rerun)
        return [(self._clean(wish), self._clean(command)) for wish, command in told]

    def _clean(self, text: str) -> str:
        """Without secrets, and without what commands a terminal; the agent sees to orders."""
        secrets = self._edge.secrets
        return secrets.clean(without_control(secrets.clean(text)))

    def _order(self, line: str) -> None:
        if line:
            self._edge.write(f"{line}\n")


def in_ci(output: Output, environment: str = "", rerun: str = "") -> InCi:
    """Of the runner that this process is a job of, if any."""
    return InCi(output, agent_of(os.environ), environment, rerun)
