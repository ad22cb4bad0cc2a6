"""`nightly`: build every image that has a reason, go on after a failure, tell all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.definition.bases import parents_first
from pipeline.definition.faulty import Faulty
from pipeline.definition.model import Project
from pipeline.errors import ImagesFailed, PipelineError, UsageError
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.build.survey import survey_build
from pipeline.execution.commands.build import rebuild_image
from pipeline.execution.commands.nightly_jobs import beside_each_other
from pipeline.execution.commands.nightly_rows import (
    HEADINGS,
    Row,
    again,
    first_words,
    rehearsed,
    what_failed,
)
from pipeline.execution.commands.standing import told_of_versions
from pipeline.execution.packages.answered import keep
from pipeline.execution.packages.indexes import Indexes
from pipeline.execution.packages.newer import Answer, ask, is_too_old
from pipeline.execution.packages.recorded import recorded
from pipeline.execution.run.session import Session
from pipeline.planning.build.build import Build, plan_nightly
from pipeline.planning.build.rebuilding import NOTHING_FORCES, Forced, forced, told_of
from pipeline.planning.fleet.results import FAILED, STILL_FAILING, is_bad
from pipeline.planning.packages.prediction import Judged, Prediction, judged
from pipeline.planning.table import Table
from pipeline.planning.versions import ImageVersion
from pipeline.state_files import write_private


@dataclass(frozen=True, slots=True)
class _Settled:
    """An image whose newest version stands, as far as Azure tells."""

    build: Build
    version: ImageVersion


@dataclass(slots=True)
class _Night:
    """What was found before the first bake."""

    rows: dict[str, Row] = field(default_factory=dict)
    """Of the images that have nothing to do."""
    forced: dict[str, Forced] = field(default_factory=dict)
    """Why others are baked although they have their inputs."""
    foretold: dict[str, Prediction] = field(default_factory=dict)


def nightly(
    session: Session,
    images: Sequence[str] = (),
    *,
    verify: bool = False,
    result: str = "",
    jobs: int = 1,
) -> None:
    """Build each image, by default all of the project, and print a table; parents come first.

    `verify`: bake what has nothing to do as well, and say whether it installs what was foretold. An
    image with mistakes fails by itself. After all had their turn, raises ImagesFailed naming those
    that failed, or were foretold wrongly, or DefinitionError when only a template that none of them
    uses has mistakes. Package indexes that do not answer are told, and fail nothing.

    `jobs` images are built at once; UsageError for less than one. `--plan` plans one by one.
    `result` is a file for the document of it, which `fleet.report` reads.
    """
    if jobs < 1:
        raise UsageError(f"--jobs {jobs}: it must be 1 or more")
    known = {image.name: image for image in session.project.images}
    names = parents_first(known, list(images or session.project.names("image")))
    faulty = {one.name: one for one in session.project.of("image")}
    for name in names:
        if name not in faulty:
            session.image(name)  # a wrong name is told before an hour of building
    night = _looked(session, [name for name in names if name not in faulty], verify=verify)
    rows = _built(session, names, faulty, night, jobs=jobs, verify=verify)
    sound = [name for name in names if name not in faulty]
    urgent, notes = told_of_versions(session, sound)
    document: dict[str, object] = {
        "environment": session.environment.name,
        "images": [asdict(row) for row in rows],
        "urgent": urgent,
        "notes": notes,
    }
    table = Table(HEADINGS, tuple(row.cells for row in rows), tuple(notes), tuple(urgent))
    session.output.report(table, document)
    if result:
        write_private(Path(result).absolute(), json.dumps(document))
    _refuse_failed(session, rows, images)


def _built(
    session: Session,
    names: Sequence[str],
    faulty: Mapping[str, Faulty],
    night: _Night,
    *,
    jobs: int,
    verify: bool,
) -> list[Row]:
    """What becomes of all images, in their order, and of the ways back that are rehearsed."""
    rows: dict[str, tuple[Row, ...]] = {}
    busy = [name for name in names if name not in night.rows and name not in faulty]
    if jobs > 1 and len(busy) > 1 and not session.plan_only:
        beside_each_other(session, busy, jobs, verify=verify, ended=rows.__setitem__)
    built = [
        row
        for name in names
        for row in rows.get(name)
        or (night.rows.get(name) or _one(session, name, faulty.get(name), night),)
    ]
    alone = [name for name in names if name not in rows and name not in faulty]
    return built + [row for name in alone for row in rehearsed(session, name)]


def _refuse_failed(session: Session, rows: Sequence[Row], images: Sequence[str]) -> None:
    failed = [row for row in rows if is_bad(row.result)]
    if failed:
        for stray in () if images else _told_by_no_image(session.project):
            session.output.error(stray.error)
        raise ImagesFailed(
            what_failed(failed, len({row.image for row in rows})),
            advice=tuple(again(row) for row in failed),
        )
    wrong = [row.image for row in rows if row.prediction and not row.prediction.is_right]
    if wrong:
        raise ImagesFailed(f"not foretold: what the bakes of {', '.join(wrong)} installed")
    if not images:
        session.project.refuse_mistakes("template")


def _told_by_no_image(project: Project) -> list[Faulty]:
    """The templates with mistakes that no image uses."""
    told = {item for one in project.of("image") for item in one.mistakes}
    return [one for one in project.of("template") if not told.issuperset(one.mistakes)]


def _looked(session: Session, names: Sequence[str], *, verify: bool) -> _Night:
    """The images whose newest version stands, seen at one look at Azure and at package indexes.

    What cannot be seen, or has something to do, has its turn with a look of its own; and so has
    what is made of that: its parent is another version by then. Parents come first in `names`.
    """
    look, indexes, night = session.looking(), Indexes(), _Night()
    seen = dict(zip(names, side_by_side([partial(_look, look, n) for n in names]), strict=True))
    settled = {name: one for name, one in seen.items() if one is not None}
    asked = {name: one for name, one in settled.items() if not one.build.is_failing}
    asking = [partial(_ask, session, indexes, name, one) for name, one in asked.items()]
    answers = dict(zip(asked, side_by_side(asking), strict=True))
    for name, one in settled.items():
        image, answer = session.image(name), answers.get(name, Answer())
        if image.parent in names and image.parent not in night.rows:
            continue
        if one.build.is_failing:
            session.output.plan(one.build.plan)
            if not session.plan_only:
                session.output.truth(one.build.plan.truth, one.build.plan.advice)
            night.rows[name] = Row(name, one.version.name, STILL_FAILING, one.build.why)
            continue
        if answer.prediction:
            night.foretold[name] = answer.prediction
        because = forced(
            image,
            one.version.name,
            answer.prediction,
            is_too_old=is_too_old(image, one.version),
            verify=verify,
        )
        if because:
            night.forced[name] = because
            continue
        why = f"{one.build.why}{told_of(image, answer.prediction, answer.why_not)}"
        session.output.plan(replace(one.build.plan, because=why))
        if not session.plan_only:
            session.output.truth(one.build.plan.truth, one.build.plan.advice)
        row = Row(name, one.version.name, "nothing to do", why, _documents(answer.prediction))
        night.rows[name] = row
    return night


def _look(look: Session, name: str) -> _Settled | None:
    try:
        now = survey_build(look, look.image(name), run="")
        build = plan_nightly(now)
    except PipelineError:
        return None  # it is told when the image has its turn
    found = [version for version in now.versions if version.name == build.version]
    return _Settled(build, found[0]) if build.plan.is_empty and found else None


def _ask(session: Session, indexes: Indexes, name: str, one: _Settled) -> Answer:
    try:
        known = recorded(session, one.version)
    except PipelineError as error:
        return Answer(why_not=f"what was recorded of its packages: {error}")
    answer = ask(indexes, session.image(name), known)
    keep(session, name, one.version.name, answer)
    return answer


def _one(session: Session, name: str, faulty: Faulty | None, night: _Night) -> Row:
    foretold = night.foretold.get(name)
    try:
        if faulty:
            raise faulty.error
        outcome = rebuild_image(session, name, night.forced.get(name, NOTHING_FORCES))
        is_built = outcome.result == "built"
        verdict = _verdict(session, name, outcome.version, foretold) if is_built else None
    except PipelineError as error:
        session.output.error(error)
        return Row(name, "", FAILED, first_words(error), _documents(foretold))
    packages = _documents(foretold)
    return Row(name, outcome.version, outcome.result, outcome.why, packages, verdict)


def _verdict(
    session: Session, name: str, version: str, foretold: Prediction | None
) -> Judged | None:
    """Whether a bake installed what was foretold; None where nothing was."""
    if foretold is None:
        return None
    versions = image_versions(session.azure, name)
    known = [recorded(session, one) for one in versions if one.name == version]
    found = known[0] if known else None
    return judged(foretold, found.inventory if found else None)


def _documents(foretold: Prediction | None) -> tuple[dict[str, Any], ...]:
    return tuple(one.document for one in foretold.changes) if foretold else ()
