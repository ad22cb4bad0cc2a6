"""The task that reads what is there already: `invoke adopt`."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import ADOPTING, BALANCER, ITS_GROUP, READS, session_in


@task(help={**READS, "image": ADOPTING, "load_balancer": BALANCER, "resource_group": ITS_GROUP})
def adopt(
    _context: Context,
    load_balancer: str,
    image: str = "",
    resource_group: str = "",
    env: str = "",
    json: bool = False,
) -> None:
    """Print the definitions of an existing load balancer and its scale sets; change nothing."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.adopt import adopt

        adopt(session, load_balancer, image, resource_group)
