"""Tasks about what is installed in images: the nightly run, what changed, what is not fixed."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import CHANGES, SEVERAL, VERIFY, session_in


@task(iterable=["image"], help={**CHANGES, "image": SEVERAL, "verify": VERIFY})
def nightly(
    _context: Context,
    image: list[str] | None = None,
    verify: bool = False,
    env: str = "",
    json: bool = False,
    plan: bool = False,
) -> None:
    """Build every image whose inputs, base or packages changed, and report each."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.nightly import nightly

        nightly(session, image or (), verify=verify)
