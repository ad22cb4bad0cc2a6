"""The task that tells what an environment costs: `invoke cost`."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import IMAGE, READS, session_in

PRICES = "file with an answer of the Azure Retail Prices API (default: a few packaged prices)"


@task(help={**READS, "image": f"{IMAGE} (default: all)", "prices": PRICES})
def cost(
    _context: Context, image: str = "", prices: str = "", env: str = "", json: bool = False
) -> None:
    """Show what scale sets, copies of versions and bakes cost; change nothing."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.cost import cost

        cost(session, image, prices)
