"""`nightly`: build every image whose inputs or base changed, go on after a failure, tell all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

from pipeline.advice import Advice
from pipeline.advice import build_image as build_command
from pipeline.errors import ImagesFailed, PipelineError
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.build.survey import survey_build
from pipeline.execution.commands.build import build_image
from pipeline.execution.run.session import Session
from pipeline.planning.build.build import Build, plan_build
from pipeline.planning.table import Table

HEADINGS = ("image", "version", "result", "why")


@dataclass(frozen=True, slots=True)
class Row:
    """One image in the table at the end."""

    image: str
    version: str
    result: str
    why: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """As the table has them."""
        return (self.image, self.version or "-", self.result, self.why)


def nightly(session: Session, images: Sequence[str] = ()) -> None:
    """Build each image, by default all of the project, and print a table.

    Raises ImagesFailed naming those that failed, after all had their turn.
    """
    names = images or [image.name for image in session.project.images]
    for name in names:
        session.image(name)  # a wrong name is told before an hour of building
    done = _nothing_to_do(session, names)
    rows = [done.get(name) or _one(session, name) for name in names]
    document = {"environment": session.environment.name, "images": [asdict(row) for row in rows]}
    table = Table(HEADINGS, tuple(row.cells for row in rows))
    session.output.report(table, document)
    failed = [row.image for row in rows if row.result == "failed"]
    if failed:
        raise ImagesFailed(
            f"{len(failed)} of {len(rows)} images failed: {', '.join(failed)}",
            advice=tuple(Advice(f"build {name} again", build_command(name)) for name in failed),
        )


def _nothing_to_do(session: Session, names: Sequence[str]) -> dict[str, Row]:
    """The images whose newest version has their inputs and passed its check, seen at one look.

    What cannot be seen, or has something to do, has its turn with a look of its own.
    """
    look = session.looking()
    seen = side_by_side([partial(_look, look, name) for name in names])
    rows = {}
    for name, build in zip(names, seen, strict=True):
        if build is not None and build.plan.is_empty:
            session.output.plan(build.plan)
            if not session.plan_only:
                session.output.truth(build.plan.truth, build.plan.advice)
            rows[name] = Row(name, build.version, "nothing to do", build.why)
    return rows


def _look(look: Session, name: str) -> Build | None:
    try:
        return plan_build(survey_build(look, look.image(name), run=""))
    except PipelineError:
        return None  # it is told when the image has its turn


def _one(session: Session, name: str) -> Row:
    try:
        outcome = build_image(session, name)
    except PipelineError as error:
        session.output.error(error)
        return Row(name, "", "failed", _first_words(error))
    return Row(name, outcome.version, outcome.result, outcome.why)


def _first_words(error: PipelineError) -> str:
    """The kind of failure and its first line; the rest was told above the table."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
