"""`stage`, `promote`, `rollback` and `status`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import cast

from pipeline.execution.ages import age
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.claims.hold import refuse_on_hold
from pipeline.execution.claims.now import underway
from pipeline.execution.commands.preflight import checked
from pipeline.execution.commands.proven import proven_stage, proven_swap
from pipeline.execution.commands.watching import Watching, swap_back
from pipeline.execution.packages.answered import open_fixes
from pipeline.execution.packages.comparing import brought
from pipeline.execution.patience import WATCHED
from pipeline.execution.report.reporting import keep_topology
from pipeline.execution.run.run import PACKAGES, Run
from pipeline.execution.run.sending import no_look
from pipeline.execution.run.session import Session
from pipeline.execution.runner import begin, carry_out
from pipeline.execution.swap import protected
from pipeline.execution.swap.survey import survey_swap, survey_when_settled
from pipeline.execution.wait import wait_until
from pipeline.planning.lineage import Lineage, lineage
from pipeline.planning.plan import Failure, Plan, Step
from pipeline.planning.swap.status import Status, in_words, status_of, table
from pipeline.planning.swap.steps import SwapStep, Wish
from pipeline.planning.swap.survey import Survey
from pipeline.planning.table import Table

WATCH_EVERY = 5.0
"""Seconds between looks of `status --watch`."""


def stage(session: Session, image: str, version: str = "", *, again: bool = False) -> None:
    """Bring a version behind the staging frontend, at production's capacity, healthy."""
    session.load_balancer(image)
    with begin(session, "stage", image, partial(state_of, session, image)) as run:
        now = survey_when_settled(session, image)
        keep_topology(run, now)
        planner = partial(proven_stage, session, now, version, again=again)
        plan = checked(session, image, version, planner)
        _look_at_settings(session, plan)
        carry_out(plan, run)


def promote(
    session: Session,
    image: str,
    *,
    again: bool = False,
    force: bool = False,
    watching: Watching | None = None,
    why: str = "",
) -> None:
    """Lead production's rules to the staged version, and watch it; Refused while it is on hold.

    When it loses more requests than it may, or falls ill, production is led back.
    """
    watching = watching or Watching()
    how = watching.over(session.image(image).promotion)
    back = None if watching.no_rollback else partial(swap_back, session, image)
    wish = Wish("promote", again=again, force=force, promotion=how, why=why)
    _swap(session, image, wish, back, partial(refuse_on_hold, session, image))


def rollback(
    session: Session, image: str, to: str = "", *, force: bool = False, why: str = ""
) -> None:
    """Lead production's rules back to the previous version, or to another."""
    _swap(session, image, Wish("rollback", to, force=force, why=why))


def status(session: Session, image: str = "", *, watch: bool = False) -> bool:
    """Tell what is true, read from Azure alone; of one image, or of all that are served.

    `watch`: again whenever it changed, until Ctrl-C. Answers whether anything is degraded. Raises
    DefinitionError when one of them has mistakes, after the others were told.
    """
    shown: list[tuple[Table, dict[str, object]]] = []

    def look() -> None:
        now = _looked(session, image)
        if shown != [now]:
            session.output.report(*now)
        shown[:] = [now]

    if watch:
        wait_until(look, "status", patience=WATCHED, clock=session.clock, every=WATCH_EVERY)
    look()
    for name in served(session, image)[1]:
        session.image(name)
    rows = cast(list[dict[str, object]], shown[0][1]["images"])
    return any(row["degraded"] for row in rows)


def _looked(session: Session, image: str) -> tuple[Table, dict[str, object]]:
    names, _ = served(session, image)
    look = session.looking()
    surveys = [partial(survey_swap, look, name) for name in names]
    rows = [status_of(found) for found in side_by_side(surveys)]
    made_of = _lineages(look, rows)
    now = underway(session)
    known = {row.image: open_fixes(session, row.image, row.serving) for row in rows}
    fixes = {image: found for image, found in known.items() if found}
    document: dict[str, object] = {
        "environment": session.environment.name,
        "images": [
            {
                **row.document,
                "parent": made_of[row.image].document if row.image in made_of else None,
                **now.document(row.image),
                "fixes": fixes[row.image].document if row.image in fixes else None,
            }
            for row in rows
        ],
    }
    shown = table(rows, age)
    unfixed = (f"{image}: {found}" for image, found in fixes.items())
    lines = (*map(str, made_of.values()), *unfixed, *now.lines(row.image for row in rows))
    return replace(shown, notes=(*shown.notes, *lines)), document


def _lineages(session: Session, rows: Iterable[Status]) -> dict[str, Lineage]:
    """Of each image that is made of another one of the project."""
    children = [(row, parent) for row in rows if (parent := session.image(row.image).parent)]
    parents = sorted({parent for _, parent in children})
    reads = [partial(image_versions, session.azure, parent) for parent in parents]
    versions = dict(zip(parents, side_by_side(reads), strict=True))
    return {
        row.image: lineage(row.image, row.newest, row.base, parent, versions[parent])
        for row, parent in children
    }


def served(session: Session, image: str = "") -> tuple[list[str], list[str]]:
    """The image that was asked for, or all that the environment serves; and those with mistakes.

    A single one is among the first, whatever it is: its command says what is wrong. Raises
    DefinitionError when all have mistakes.
    """
    if image:
        return [image], []
    names = [load_balancer.image for load_balancer in session.environment.load_balancers]
    bad = {one.name for one in session.project.of("image")}
    sound, faulty = [n for n in names if n not in bad], [n for n in names if n in bad]
    if faulty and not sound:
        session.image(faulty[0])
    return sound, faulty


def _swap(
    session: Session,
    image: str,
    wish: Wish,
    back: Callable[[Failure], Plan[SwapStep] | None] | None = None,
    look: Callable[[], None] = no_look,
) -> None:
    session.load_balancer(image)
    with begin(session, wish.direction, image, partial(state_of, session, image)) as run:
        now = survey_when_settled(session, image, look, with_autoscale=True)
        keep_topology(run, now)
        plan = proven_swap(session, now, wish)
        _look_at_settings(session, plan)
        carry_out(_with_packages(run, now, plan, wish), run, follow_up=back or _nothing)


def _with_packages(run: Run, now: Survey, plan: Plan[SwapStep], wish: Wish) -> Plan[SwapStep]:
    """The plan of a promotion with a note on the packages that it brings, which the page tells."""
    if wish.direction != "promote" or plan.is_empty or now.at_staging is None:
        return plan
    ends = now.version(now.serving_version), now.version(now.at_staging.version)
    found = brought(run.session, now.image.name, *ends)
    if found is None:
        return plan
    if not run.session.plan_only:
        run.keep_for_page(PACKAGES, found.document)
    return replace(plan, notes=(*plan.notes, found.note))


def _look_at_settings(session: Session, plan: Plan[Step]) -> None:
    """Whether the protected settings that the plan needs can be read; to see it, none is."""
    if not session.plan_only:
        protected.look(plan.steps)


def _nothing(_: Failure) -> None:
    """What follows from the failure of a swap that is not watched."""


def state_of(session: Session, image: str) -> str:
    """What is true of an image now, in one line."""
    return in_words(status_of(survey_swap(session, image)))
