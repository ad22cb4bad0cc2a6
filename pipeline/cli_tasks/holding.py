"""The tasks that keep an image from being promoted, and tell who moved it: `invoke hold`."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import IMAGE, READS, WHY, session_in


@task(help={**READS, "image": IMAGE, "why": WHY})
def hold(_context: Context, image: str, why: str = "", env: str = "", json: bool = False) -> None:
    """Refuse promotions of an image until it is released; a rollback is never refused."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.claims import hold

        hold(session, image, why)


@task(help={**READS, "image": IMAGE})
def release(_context: Context, image: str, env: str = "", json: bool = False) -> None:
    """Let an image that is on hold be promoted again."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.claims import release_image

        release_image(session, image)


@task(help={**READS, "image": IMAGE, "at": "time, such as 2026-11-23T18:15:00Z"})
def history(_context: Context, image: str, at: str = "", env: str = "", json: bool = False) -> None:
    """Show which version served when, who moved production and why."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.claims import history

        history(session, image, at)
