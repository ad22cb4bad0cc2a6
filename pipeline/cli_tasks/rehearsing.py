"""The task that tries a rollback on the staging frontend: `invoke rehearse`."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import OF_IMAGE, session_in


@task(help={**OF_IMAGE})
def rehearse(
    _context: Context, image: str, env: str = "", json: bool = False, plan: bool = False
) -> None:
    """Try a rollback on the staging frontend, under traffic, and record how long it takes."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.rehearse import rehearse

        rehearse(session, image)
