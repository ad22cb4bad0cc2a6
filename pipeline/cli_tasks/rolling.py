"""The task that brings what serves to another version in place: `invoke roll`."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import AGAIN, NEWEST, OF_IMAGE, WATCHING, WHY, session_in

BATCH = "instances that are rolled at once at most, in per cent; at least one (default: 20)"
FORCE = "also with instances that are sick, or with a single one"
PATIENCE = "how long an upgraded instance may take to become healthy (default: 5m)"
NO_ROLL_BACK = "leave instances as they are when one does not become healthy"


@task(
    help={
        **OF_IMAGE,
        "version": NEWEST,
        "again": AGAIN,
        "force": FORCE,
        "batch": BATCH,
        **WATCHING,
        "no_rollback": NO_ROLL_BACK,
        "patience": PATIENCE,
        "why": WHY,
    }
)
def roll(  # noqa: PLR0913, PLR0917 - each is an option
    _context: Context,
    image: str,
    version: str = "",
    again: bool = False,
    force: bool = False,
    batch: str = "",
    soak: str = "",
    rate: str = "",
    lost_budget: str = "",
    patience: str = "",
    no_rollback: bool = False,
    why: str = "",
    env: str = "",
    json: bool = False,
    plan: bool = False,
) -> None:
    """Bring the scale set that serves to another version in place, batch by batch."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.roll import roll
        from pipeline.execution.commands.watching import Watching
        from pipeline.planning.roll.steps import RollWish

        wish = RollWish(version, again=again, force=force, why=why)
        watching = Watching(soak, rate, lost_budget, patience, no_rollback)
        roll(session, image, wish, batch=batch, watching=watching)
