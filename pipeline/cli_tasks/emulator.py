"""The tasks of the emulator: `invoke emulator.start` and the like."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import ADDRESSES, MACHINES, READS, session_in

if TYPE_CHECKING:
    from pipeline.local import Local
    from pipeline.output.facts import Output


@contextmanager
def _local(env: str, json: bool) -> Iterator[tuple[Local, Output]]:
    """The emulator that the environment's cloud means."""
    from pipeline.local import Local

    with session_in(env, json) as session:
        cloud = session.environment.cloud
        yield Local.of(cloud.resource_manager, cloud.credential), session.output


@task(help={**READS, "machines": MACHINES, "addresses": ADDRESSES})
def emulator_start(
    _context: Context,
    machines: str = "qemu",
    addresses: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Start the emulator of the environment, if it is not running."""
    with _local(env, json) as (local, output):
        from pipeline.local import in_words

        facts = local.start(machines, addresses)
        output.report(in_words(facts), facts)


@task(help={**READS})
def emulator_stop(_context: Context, env: str = "", json: bool = False) -> None:
    """Stop the emulator and its machines; its resources are kept."""
    with _local(env, json) as (local, output):
        was_running = local.stop()
        text = "The emulator has stopped." if was_running else "The emulator was not running."
        output.report(text, {"running": False, "was_running": was_running})


@task(help={**READS})
def emulator_status(_context: Context, env: str = "", json: bool = False) -> None:
    """Show whether the emulator is running, and its resources."""
    with _local(env, json) as (local, output):
        from pipeline.local import in_words

        facts = local.facts() if local.is_running() else {}
        output.report(in_words(facts), {"running": bool(facts), **facts})


@task(help={**READS})
def emulator_reset(_context: Context, env: str = "", json: bool = False) -> None:
    """Delete all resources in the emulator."""
    with _local(env, json) as (local, output):
        facts = local.reset()
        deleted = ", ".join(facts["deleted"]) or "nothing, it was empty"
        output.report(f"Deleted from the emulator: {deleted}.", facts)


emulator = Collection("emulator")
emulator.add_task(emulator_start, "start")
emulator.add_task(emulator_stop, "stop")
emulator.add_task(emulator_status, "status")
emulator.add_task(emulator_reset, "reset")
