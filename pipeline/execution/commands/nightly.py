"""`nightly`: build every image whose inputs or base changed, go on after a failure, tell all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial

from pipeline.advice import Advice
from pipeline.advice import build_image as build_command
from pipeline.advice import rehearse as rehearse_command
from pipeline.definition.bases import parents_first
from pipeline.definition.faulty import Faulty
from pipeline.definition.model import Project
from pipeline.errors import ImagesFailed, PipelineError
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.build.survey import survey_build
from pipeline.execution.commands.build import build_image
from pipeline.execution.commands.rehearse import rehearse
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_swap
from pipeline.planning.build.build import Build, plan_build
from pipeline.planning.swap.status import READY, status_of
from pipeline.planning.table import Table

FAILED = "failed"
REHEARSED = "rehearsed"
NOT_REHEARSED = "not rehearsed"
"""What became of an image, or of its way back, where others say it as well."""
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
    """Build each image, by default all of the project, and print a table; parents come first.

    An image with mistakes fails by itself. After all had their turn, raises ImagesFailed naming
    those that failed, or DefinitionError when only a template that none of them uses has mistakes.
    """
    known = {image.name: image for image in session.project.images}
    names = parents_first(known, list(images or session.project.names("image")))
    faulty = {one.name: one for one in session.project.of("image")}
    for name in names:
        if name not in faulty:
            session.image(name)  # a wrong name is told before an hour of building
    done = _nothing_to_do(session, [name for name in names if name not in faulty])
    rows = [done.get(name) or _one(session, name, faulty.get(name)) for name in names]
    rows += [row for name in names if name not in faulty for row in _rehearsed(session, name)]
    document = {"environment": session.environment.name, "images": [asdict(row) for row in rows]}
    table = Table(HEADINGS, tuple(row.cells for row in rows))
    session.output.report(table, document)
    failed = [row for row in rows if row.result in {FAILED, NOT_REHEARSED}]
    if failed:
        for stray in () if images else _told_by_no_image(session.project):
            session.output.error(stray.error)
        raise ImagesFailed(
            _what_failed(failed, len(names)), advice=tuple(_again(row) for row in failed)
        )
    if not images:
        session.project.refuse_mistakes("template")


def _what_failed(failed: Sequence[Row], count: int) -> str:
    images = [row.image for row in failed if row.result == FAILED]
    others = [row.image for row in failed if row.result == NOT_REHEARSED]
    told = (
        *((f"{len(images)} of {count} images failed: {', '.join(images)}",) if images else ()),
        *((f"a rollback could not be rehearsed: {', '.join(others)}",) if others else ()),
    )
    return "; ".join(told)


def _again(row: Row) -> Advice:
    if row.result == NOT_REHEARSED:
        return Advice(f"rehearse {row.image} again", rehearse_command(row.image))
    return Advice(f"build {row.image} again", build_command(row.image))


def _rehearsed(session: Session, name: str) -> tuple[Row, ...]:
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
        return (Row(name, "", NOT_REHEARSED, _first_words(error)),)
    if seconds is None:
        return ()
    return (Row(name, now.serving, REHEARSED, f"a rollback leads back in {seconds:.1f} s"),)


def _told_by_no_image(project: Project) -> list[Faulty]:
    """The templates with mistakes that no image uses."""
    told = {item for one in project.of("image") for item in one.mistakes}
    return [one for one in project.of("template") if not told.issuperset(one.mistakes)]


def _nothing_to_do(session: Session, names: Sequence[str]) -> dict[str, Row]:
    """The images whose newest version has their inputs and passed its check, seen at one look.

    What cannot be seen, or has something to do, has its turn with a look of its own; and so has
    what is made of that: its parent is another version by then. Parents come first in `names`.
    """
    look = session.looking()
    seen = side_by_side([partial(_look, look, name) for name in names])
    rows: dict[str, Row] = {}
    for name, build in zip(names, seen, strict=True):
        parent = session.image(name).parent
        is_settled = parent not in names or parent in rows
        if build is not None and build.plan.is_empty and is_settled:
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


def _one(session: Session, name: str, faulty: Faulty | None) -> Row:
    try:
        if faulty:
            raise faulty.error
        outcome = build_image(session, name)
    except PipelineError as error:
        session.output.error(error)
        return Row(name, "", FAILED, _first_words(error))
    return Row(name, outcome.version, outcome.result, outcome.why)


def _first_words(error: PipelineError) -> str:
    """The kind of failure and its first line; the rest was told above the table."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
