"""bakeswap: bake an Azure image, prove it on a fresh machine, swap it into production.

The CLI: arguments in, words and exit codes out (docs/operating.md). Everything that takes long
to import is imported by the task that needs it, so that `invoke --list` is quick. In the wheel this
is the module `bakeswap`, whose `namespace` a team's own tasks.py imports.
"""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

import sys

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from pipeline.cli_tasks.adopt import adopt
from pipeline.cli_tasks.beginning import demo, init
from pipeline.cli_tasks.costing import cost
from pipeline.cli_tasks.emulator import emulator
from pipeline.cli_tasks.evidence import evidence
from pipeline.cli_tasks.holding import history, hold, release
from pipeline.cli_tasks.packages import diff, nightly, vulnerabilities
from pipeline.cli_tasks.rehearsing import rehearse
from pipeline.cli_tasks.reporting import dashboard, fleets, report
from pipeline.cli_tasks.revoking import revoke
from pipeline.cli_tasks.rolling import roll
from pipeline.cli_tasks.running import (
    AGAIN,
    CHANGES,
    CONFIRM,
    DEGRADED,
    FORCE,
    IMAGE,
    KEEP,
    NEWEST,
    OF_IMAGE,
    READS,
    REBUILD,
    TO,
    VERBOSE,
    VERSION,
    WATCH,
    WATCHING,
    WHY,
    session_in,
)


@task(help={**CHANGES})
def create_environment(
    _context: Context, env: str = "", json: bool = False, plan: bool = False
) -> None:
    """Create missing landing-zone resources: network, load balancers, gallery."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.environment import create_environment

        create_environment(session)


@task(help={**CHANGES, "confirm": CONFIRM})
def destroy_environment(
    _context: Context, confirm: str = "", env: str = "", json: bool = False, plan: bool = False
) -> None:
    """Delete an environment's resource group with all in it, production included."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.environment import destroy_environment

        destroy_environment(session, confirm)


@task(help={**OF_IMAGE, "rebuild": REBUILD, "keep": KEEP, "verbose": VERBOSE})
def build_image(
    _context: Context,
    image: str,
    rebuild: bool = False,
    keep: bool = False,
    env: str = "",
    json: bool = False,
    plan: bool = False,
    verbose: bool = False,
) -> None:
    """Bake a version of an image if its inputs changed, and check it on a fresh machine."""
    with session_in(env, json, plan, verbose, keep) as session:
        from pipeline.execution.commands.build import build_image

        build_image(session, image, rebuild=rebuild)


@task(
    help={
        **OF_IMAGE,
        "version": f"{VERSION} (default: the newest)",
        "keep": KEEP,
        "verbose": VERBOSE,
    }
)
def check_image(
    _context: Context,
    image: str,
    version: str = "",
    keep: bool = False,
    env: str = "",
    json: bool = False,
    plan: bool = False,
    verbose: bool = False,
) -> None:
    """Boot a fresh machine from an image version and run the image's checks on it."""
    with session_in(env, json, plan, verbose, keep) as session:
        from pipeline.execution.commands.build import check_image

        check_image(session, image, version)


@task(help=dict(READS))
def doctor(_context: Context, env: str = "", json: bool = False) -> None:
    """Look for what is missing before the first bake: rights, quota, programs; change nothing."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.doctor import doctor

        doctor(session)


@task(help={**READS, "image": IMAGE, "version": NEWEST})
def preflight(
    _context: Context, image: str, version: str = "", env: str = "", json: bool = False
) -> None:
    """Look at everything that could keep a version from being staged; change nothing."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.preflight import preflight

        preflight(session, image, version)


@task(help={**OF_IMAGE, "version": NEWEST, "again": AGAIN})
def stage(
    _context: Context,
    image: str,
    version: str = "",
    again: bool = False,
    env: str = "",
    json: bool = False,
    plan: bool = False,
) -> None:
    """Run a checked version on the staging frontend, as large as production."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.swap import stage

        stage(session, image, version, again=again)


@task(help={**OF_IMAGE, "version": VERSION})
def unstage(
    _context: Context,
    image: str,
    version: str,
    env: str = "",
    json: bool = False,
    plan: bool = False,
) -> None:
    """Remove the scale set of a version that does not serve, and its pool."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.prune import unstage

        unstage(session, image, version)


@task(help={**OF_IMAGE, "again": AGAIN, "force": FORCE, **WATCHING, "why": WHY})
def promote(  # noqa: PLR0913, PLR0917 - each is an option
    _context: Context,
    image: str,
    again: bool = False,
    force: bool = False,
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
    """Promote the staged version to production, and watch it; the previous one is kept."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.swap import promote
        from pipeline.execution.commands.watching import Watching

        watching = Watching(soak, rate, lost_budget, patience, no_rollback)
        promote(session, image, again=again, force=force, watching=watching, why=why)


@task(help={**OF_IMAGE, "to": TO, "force": FORCE, "why": WHY})
def rollback(
    _context: Context,
    image: str,
    to: str = "",
    force: bool = False,
    why: str = "",
    env: str = "",
    json: bool = False,
    plan: bool = False,
) -> None:
    """Return production to the previous version."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.swap import rollback

        rollback(session, image, to, force=force, why=why)


@task(help={**CHANGES, "image": f"{IMAGE} (default: all)"})
def prune(
    _context: Context, image: str = "", env: str = "", json: bool = False, plan: bool = False
) -> None:
    """Remove scale sets, pools and versions that nobody needs any more."""
    with session_in(env, json, plan) as session:
        from pipeline.execution.commands.prune import prune

        prune(session, image)


@task(help={**READS, "image": f"{IMAGE} (default: all)", "watch": WATCH, "exit_code": DEGRADED})
def status(
    _context: Context,
    image: str = "",
    watch: bool = False,
    exit_code: bool = False,
    env: str = "",
    json: bool = False,
) -> None:
    """Show which version serves, which is staged, and whether a rollback is ready."""
    with session_in(env, json) as session:
        from pipeline.execution.commands.swap import status

        if status(session, image, watch=watch) and exit_code:
            raise Exit(code=1)


namespace = Collection(
    *(create_environment, destroy_environment, adopt, doctor),
    *(build_image, check_image, nightly),
    *(preflight, stage, promote, rollback, rehearse, roll, unstage, prune, revoke),
    *(status, diff, vulnerabilities, dashboard, report, cost),
    *(hold, release, history, demo, init),
)
namespace.add_collection(evidence)
namespace.add_collection(fleets)
namespace.add_collection(emulator)


def main() -> None:
    """`bakeswap`: these tasks as a program of its own."""
    from pipeline.cli import bakeswap

    bakeswap(namespace).run()


# Any other `invoke` than set-up's (pipeline/cli.py) would hand `--help` to the word that a command
# lacks. It has read the command line before it comes here, so ours starts over; it exits.
if {"--help", "-h"} & set(sys.argv) and "invoke.main" in sys.modules:
    from pipeline.cli import program

    del sys.modules["invoke.main"]
    sys.exit(program.run())  # type: ignore[func-returns-value]
