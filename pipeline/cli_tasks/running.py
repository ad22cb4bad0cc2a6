"""What all tasks share: the texts of their options, a session, words and exit codes."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.exceptions import Exit

from pipeline import advice

if TYPE_CHECKING:
    from pipeline.execution.run.session import Session
    from pipeline.execution.wait import Clock
    from pipeline.output.facts import Output

ENV = "environment of environments.hcl (default: BAKESWAP_ENV, the only one, or `local`)"
JSON = "print JSON lines"
PLAN = "print the plan and stop there"
IMAGE = "folder under images/"
ADOPTING = "image that it serves (default: the only one, or one called like the scale set)"
BALANCER = "name of a load balancer"
ITS_GROUP = "resource group of the load balancer (default: the environment's)"
FOLDER = "folder to write it into (default: this one)"
KEEP = "leave the machine of a check that failed, until the next run for the image"
VERBOSE = "show what Packer and the checks print"
VERSION = "image version"
CONFIRM = "the environment's name, so that nobody destroys one by mistake"
NEWEST = f"{VERSION} (default: the newest that passed its check)"
DEGRADED = "end with 1 when anything is degraded"
WATCH = "print it again whenever it changed, until Ctrl-C"
AGAIN = "also what was rolled back"
FORCE = "also what is smaller than production, sick, or leaves undeclared rules behind"
WATCHING = {
    "soak": "how long it is watched after the swap: `90s`, `10m` (default: as image.hcl says)",
    "rate": "requests per second to each rule while it is watched (default: as image.hcl says)",
    "lost_budget": "requests that may be lost (default: as image.hcl says)",
    "patience": "how long a rule may take to answer as it should (default: as image.hcl says)",
    "no_rollback": "leave production where it is when too many requests are lost",
}
WHY = "reason, for whoever reads it later"
TO = "image version to go back to (default: the one that served before)"
SEVERAL = f"{IMAGE}; may be repeated (default: all)"
VERIFY = "bake what has nothing to do as well, and say whether it installs what was foretold"
REBUILD = "build even if a version with the same inputs exists"
ADDRESSES = "loopback block for machines and frontends (default: the emulator's own)"
DEMO_IMAGES = "`web`, or `all`: every other image is built and served once, too"
MACHINES = "`qemu` (real machines) or `simulated` (responders without an operating system)"
# Invoke takes what it used out of the dictionary that it was given: each task gets one of its own.
READS = {"env": ENV, "json": JSON}
CHANGES = {**READS, "plan": PLAN}
OF_IMAGE = {**CHANGES, "image": IMAGE}
INTERRUPTED = 130


def output_for(env: str, json: bool) -> Output:
    """Where a task tells what it does: words for people, or JSON lines for programs."""
    from pipeline.output.people import ForPeople
    from pipeline.output.programs import ForPrograms

    return ForPrograms(None, env, _rerun()) if json else ForPeople(None, env, _rerun())


def _rerun() -> str:
    return shlex.join((advice.Caller.program, *sys.argv[1:]))


@contextmanager
def words_and_exit_code(output: Output) -> Iterator[Clock]:
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
def session_in(
    env: str, json: bool, plan: bool = False, verbose: bool = False, keep: bool = False
) -> Iterator[Session]:
    """The definitions of the current folder, or of one above it, in an environment."""
    from pipeline.definition.project import read
    from pipeline.errors import Unreachable
    from pipeline.execution.report.keeping import Keeping
    from pipeline.execution.run.session import Session, choose_environment
    from pipeline.local import is_local
    from pipeline.output.ci.telling import in_ci
    from pipeline.project_root import project_root

    told = in_ci(output_for(env, json), env, _rerun())
    with told, Keeping(told, env, _rerun()) as output, words_and_exit_code(output) as clock:
        project = read(project_root(Path.cwd()))
        environment = choose_environment(project, env or os.environ.get("BAKESWAP_ENV", ""))
        try:
            yield Session(
                project,
                environment,
                output,
                plan_only=plan,
                verbose=verbose,
                keep=keep,
                clock=clock,
            )
        except Unreachable as error:
            if error.nothing_listens and is_local(environment.cloud.resource_manager):
                error.advice += (advice.Advice("start the emulator", advice.start_emulator()),)
            raise
