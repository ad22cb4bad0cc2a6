"""The rows of a night: what became of each image, and of the ways back that are rehearsed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.advice import Advice
from pipeline.advice import build_image as build_command
from pipeline.advice import rehearse as rehearse_command
from pipeline.errors import PipelineError
from pipeline.execution.commands.rehearse import rehearse
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_swap
from pipeline.planning.fleet.results import FAILED, NOT_REHEARSED, REHEARSED, STILL_FAILING
from pipeline.planning.packages.prediction import Judged
from pipeline.planning.swap.status import READY, status_of

HEADINGS = ("image", "version", "result", "why")


@dataclass(frozen=True, slots=True)
class Row:
    """One image in the table at the end."""

    image: str
    version: str
    result: str
    why: str
    packages: tuple[dict[str, Any], ...] = ()
    """What the bake of its newest version would install today, and did not."""
    prediction: Judged | None = None
    """Whether a bake installed what was foretold; None where nothing was."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Row:
        """Out of a night's document, where `dataclasses.asdict` has put it."""
        told = document["prediction"]
        prediction = Judged(told["is_right"], told["words"]) if told else None
        image, version, result, why = (
            str(document[key]) for key in ("image", "version", "result", "why")
        )
        return cls(image, version, result, why, tuple(document["packages"]), prediction)

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """As the table has them."""
        words = f"{self.why}; {self.prediction.words}" if self.prediction else self.why
        return (self.image, self.version or "-", self.result, words)


def what_failed(failed: Sequence[Row], count: int) -> str:
    """Of so many images, in words."""
    images = [row.image for row in failed if row.result in {FAILED, STILL_FAILING}]
    others = [row.image for row in failed if row.result == NOT_REHEARSED]
    told = (
        *((f"{len(images)} of {count} images failed: {', '.join(images)}",) if images else ()),
        *((f"a rollback could not be rehearsed: {', '.join(others)}",) if others else ()),
    )
    return "; ".join(told)


def again(row: Row) -> Advice:
    """How to try what failed once more."""
    if row.result == NOT_REHEARSED:
        return Advice(f"rehearse {row.image} again", rehearse_command(row.image))
    if row.result == STILL_FAILING:
        return Advice(f"bake {row.image} anyway", build_command(row.image, rebuild=True))
    return Advice(f"build {row.image} again", build_command(row.image))


def rehearsed(session: Session, name: str) -> tuple[Row, ...]:
    """A row where image.hcl asks for it and there is a way back in this environment."""
    asked = session.image(name).promotion.rehearse
    if not asked or session.environment.load_balancer_of(name) is None:
        return ()
    try:
        now = status_of(survey_swap(session, name))
        if not now.serving or not now.way_back.startswith(READY):
            return ()
        seconds = rehearse(session, name)
    except PipelineError as error:
        session.output.error(error)
        return (Row(name, "", NOT_REHEARSED, first_words(error)),)
    if seconds is None:
        return ()
    return (Row(name, now.serving, REHEARSED, f"a rollback leads back in {seconds:.1f} s"),)


def first_words(error: PipelineError) -> str:
    """The kind of failure and its first line; the rest was told above the table."""
    return in_short(error.kind, str(error))


def in_short(kind: str, text: str) -> str:
    """An error's kind and the first line of its text."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"{kind}: {lines[0]}" if lines else kind
