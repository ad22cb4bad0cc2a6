"""The task that takes a version back: `invoke revoke`."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import OF_IMAGE, VERSION, WHY, session_in

UNDO = "let the version be used again"


@task(help={**OF_IMAGE, "version": VERSION, "why": WHY, "undo": UNDO})
def revoke(
    _context: Context,
    image: str,
    version: str,
    why: str = "",
    undo: bool = False,
    env: str = "",
    json: bool = False,
    plan: bool = False,
) -> None:
    """Take an image version back: out of `latest`, and never staged or promoted again."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.revoke import revoke

        revoke(session, image, version, why=why, undo=undo)
