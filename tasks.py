"""bakeswap: bake an Azure image, prove it on a fresh machine, swap it into production.

The CLI: arguments in, words and exit codes out (docs/operating.md). Everything that takes long
to import is imported by the task that needs it, so that `invoke --list` is quick.
"""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

from pipeline import advice

if TYPE_CHECKING:
    from pipeline.execution.run.session import Session
    from pipeline.execution.wait import Clock
    from pipeline.local import Local
    from pipeline.output.facts import Output

# Any other `invoke` than set-up's (pipeline/cli.py) would hand `--help` to the word that a command
# lacks. It has read the command line before it comes here, so ours starts over; it exits.
if {"--help", "-h"} & set(sys.argv) and "invoke.main" in sys.modules:
    from pipeline.cli import program

    del sys.modules["invoke.main"]
    sys.exit(program.run())  # type: ignore[func-returns-value]

ENV = "environment of environments.hcl (default: BAKESWAP_ENV, the only one, or `local`)"
JSON = "print JSON lines"
PLAN = "print the plan and stop there"
IMAGE = "folder under images/"
VERBOSE = "show what Packer and the checks print"
VERSION = "image version"
REBUILD = "build even if a version with the same inputs exists"
ADDRESSES = "loopback block for machines and frontends (default: the emulator's own)"
MACHINES = "`qemu` (real machines) or `simulated` (responders without an operating system)"
# Invoke takes what it used out of the dictionary that it was given: each task gets one of its own.
READS = {"env": ENV, "json": JSON}
CHANGES = {**READS, "plan": PLAN}
OF_IMAGE = {**CHANGES, "image": IMAGE}
INTERRUPTED = 130


def _output(env: str, json: bool) -> Output:
    from pipeline.output.people import ForPeople
    from pipeline.output.programs import ForPrograms

    rerun = shlex.join(("invoke", *sys.argv[1:]))
    return ForPrograms(None, env, rerun) if json else ForPeople(None, env, rerun)


@contextmanager
def _words_and_exit_code(output: Output) -> Iterator[Clock]:
    """Turn whatever ends a task badly, a signal too, into words and an exit code."""
    from pipeline.errors import PipelineError
    from pipeline.execution.wait import Clock

    clock = Clock()
    try:
        with clock.interruption.installed():
            yield clock
    except PipelineError as error:
        output.error(error)
        raise Exit(code=error.exit_code) from error
    except KeyboardInterrupt as interrupt:
        output.say("Interrupted. Run the same command again to continue.")
        for note in getattr(interrupt, "__notes__", ()):
            output.say(note)
        raise Exit(code=INTERRUPTED) from interrupt


@contextmanager
def _session(env: str, json: bool, plan: bool = False, verbose: bool = False) -> Iterator[Session]:
    """The definitions of the current folder, in an environment."""
    from pipeline.definition.project import read
    from pipeline.errors import Unreachable
    from pipeline.execution.run.session import Session, choose_environment
    from pipeline.local import is_local

    output = _output(env, json)
    with _words_and_exit_code(output) as clock:
        project = read(Path.cwd())
        environment = choose_environment(project, env or os.environ.get("BAKESWAP_ENV", ""))
        try:
            yield Session(
                project, environment, output, plan_only=plan, verbose=verbose, clock=clock
            )
        except Unreachable as error:
            if error.nothing_listens and is_local(environment.cloud.resource_manager):
                error.advice += (advice.Advice("start the emulator", advice.start_emulator()),)
            raise


@task(help={**CHANGES})
def create_environment(
    _context: Context, env: str = "", json: bool = False, plan: bool = False
) -> None:
    """Create missing landing-zone resources: network, load balancers, gallery."""
    with _session(env, json, plan) as session:
        from pipeline.execution.commands.environment import create_environment

        create_environment(session)


@task(help={**OF_IMAGE, "rebuild": REBUILD, "verbose": VERBOSE})
def build_image(
    _context: Context,
    image: str,
    rebuild: bool = False,
    env: str = "",
    json: bool = False,
    plan: bool = False,
    verbose: bool = False,
) -> None:
    """Bake a version of an image if its inputs changed, and check it on a fresh machine."""
    with _session(env, json, plan, verbose) as session:
        from pipeline.execution.commands.build import build_image

        build_image(session, image, rebuild=rebuild)


@task(help={**OF_IMAGE, "version": f"{VERSION} (default: the newest)", "verbose": VERBOSE})
def check_image(
    _context: Context,
    image: str,
    version: str = "",
    env: str = "",
    json: bool = False,
    plan: bool = False,
    verbose: bool = False,
) -> None:
    """Boot a fresh machine from an image version and run the image's checks on it."""
    with _session(env, json, plan, verbose) as session:
        from pipeline.execution.commands.build import check_image

        check_image(session, image, version)


@task(help={**OF_IMAGE, "version": f"{VERSION} (default: the newest that passed its check)"})
def stage(
    _context: Context,
    image: str,
    version: str = "",
    env: str = "",
    json: bool = False,
    plan: bool = False,
) -> None:
    """Run a checked version on the staging frontend, as large as production."""
    with _session(env, json, plan) as session:
        from pipeline.execution.commands.swap import stage

        stage(session, image, version)


@task(help={**OF_IMAGE})
def promote(
    _context: Context, image: str, env: str = "", json: bool = False, plan: bool = False
) -> None:
    """Promote the staged version to production; the previous one is kept for a rollback."""
    with _session(env, json, plan) as session:
        from pipeline.execution.commands.swap import promote

        promote(session, image)


@task(help={**OF_IMAGE})
def rollback(
    _context: Context, image: str, env: str = "", json: bool = False, plan: bool = False
) -> None:
    """Return production to the previous version."""
    with _session(env, json, plan) as session:
        from pipeline.execution.commands.swap import rollback

        rollback(session, image)


@task(help={**READS, "image": f"{IMAGE} (default: all)"})
def status(_context: Context, image: str = "", env: str = "", json: bool = False) -> None:
    """Show which version serves, which is staged, and whether a rollback is ready."""
    with _session(env, json) as session:
        from pipeline.execution.commands.swap import status

        status(session, image)


@task(iterable=["image"], help={**CHANGES, "image": f"{IMAGE}; may be repeated (default: all)"})
def nightly(
    _context: Context,
    image: list[str] | None = None,
    env: str = "",
    json: bool = False,
    plan: bool = False,
) -> None:
    """Build every image whose inputs or base changed, and report each."""
    with _session(env, json, plan) as session:
        from pipeline.execution.commands.nightly import nightly

        nightly(session, image or ())


@contextmanager
def _local(env: str, json: bool) -> Iterator[tuple[Local, Output]]:
    """The emulator that the environment's cloud means."""
    from pipeline.local import Local

    with _session(env, json) as session:
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


@task(help={"machines": MACHINES})
def demo(_context: Context, machines: str = "qemu") -> None:
    """Run the whole pipeline on this machine: bake, stage, promote, roll back, under traffic."""
    from pipeline.demo import show

    output = _output("", json=False)
    with _words_and_exit_code(output):
        show(Path(__file__).parent, machines, output)


namespace = Collection(
    create_environment,
    build_image,
    check_image,
    stage,
    promote,
    rollback,
    status,
    nightly,
    demo,
)
_emulator = Collection("emulator")
_emulator.add_task(emulator_start, "start")
_emulator.add_task(emulator_stop, "stop")
_emulator.add_task(emulator_status, "status")
_emulator.add_task(emulator_reset, "reset")
namespace.add_collection(_emulator)
