"""Running `packer build` on an image's template, as its author would, with every value pinned.

Packer runs in a session of its own, so that Ctrl-C reaches it through us, once. Its keeper sees to
its end: when its time is over, and when this process is gone, however that happened; Packer then
removes its machine. For that its output goes to a file, which nobody has to hold open.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.advice import Advice, Shell, build_image
from pipeline.definition.model import Environment, Image
from pipeline.errors import BuildFailed, DefinitionError, Overtaken, PipelineError, Unreachable
from pipeline.execution.packer import keeper as keeping
from pipeline.execution.packer.job import Job, prepare
from pipeline.execution.packer.keeper import TIME_IS_OVER
from pipeline.execution.packer.output import (
    Follower,
    errors_in,
    mask,
    missing_plugins,
    mistakes_in,
)
from pipeline.execution.packer.plugins import no_plugins
from pipeline.execution.packer.tools import bring_it
from pipeline.execution.patience import PACKER_CLEANS_UP
from pipeline.execution.wait import Clock, wait_for_process
from pipeline.output.harmless import without_control
from pipeline.planning.build.access import WAYS
from pipeline.planning.build.packer_variables import publishing_hours
from pipeline.planning.build.steps import BakeVersion
from pipeline.state_files import naming, read_bytes, write_private

TICK = 0.2
"""Seconds between two looks at Packer's output."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a run keeps what it saw, and whom it tells: phases, Packer's lines, that time goes."""

    root: Path
    folder: Path
    tell: Callable[[str], None]
    show: Callable[[str], None]
    still_waiting: Callable[[float], None]
    clock: Clock

    @property
    def log(self) -> Path:
        """All that Packer printed, without secrets."""
        return self.folder / "packer.log"


def bake(
    step: BakeVersion,
    image: Image,
    environment: Environment,
    evidence: Evidence,
    read: Mapping[str, str],
) -> None:
    """Build an image version; when this returns, Packer has published it and cleaned up.

    `read` are the secrets of `step.secrets`, by variable.

    Raises BuildFailed, DefinitionError when the template is wrong, Unreachable when Packer or its
    plugin is missing, and KeyboardInterrupt, or Overtaken while it waits, after Packer cleaned up.
    """
    job = prepare("build", step, image, environment, evidence.folder, read)
    limit = image.build_timeout + (publishing_hours(environment) - 1) * 3600.0
    follower = Follower()
    tail = _Tail(evidence, follower, job.secrets)
    write_private(evidence.log, "")
    try:
        code = _await(_start(job, evidence, limit), tail, evidence)
    finally:
        told = read_bytes(evidence.log).decode(errors="replace")
        write_private(evidence.log, without_control(mask(told, job.secrets)))
    if code:
        raise _failure(code, limit, step, follower, image, environment, evidence)


def validate(
    step: BakeVersion,
    image: Image,
    environment: Environment,
    root: Path,
    read: Mapping[str, str],
) -> None:
    """`packer validate` with what `bake` would give; raises what a bake raises before it begins."""
    with tempfile.TemporaryDirectory() as folder:
        job = prepare("validate", step, image, environment, Path(folder), read)
        try:
            ended = subprocess.run(
                job.command,
                check=False,
                capture_output=True,
                text=True,
                cwd=root,
                env=job.surroundings,
                stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            raise Unreachable(f"{job.command[0]}: {error.strerror}", advice=bring_it()) from error
    if ended.returncode:
        said = without_control(mask(ended.stdout + ended.stderr, job.secrets))
        raise before_any_build(said, image, environment, root) or BuildFailed(
            f"packer validate refuses template {image.template.name}:\n{said.strip()}"
        )


def _dies_with_us() -> tuple[str, ...]:
    """`setpriv` of util-linux; without it, the next run ends a Packer that outlived this one."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM") if setpriv else ()


def _start(job: Job, evidence: Evidence, limit: float) -> subprocess.Popen[bytes]:
    keeper = (
        sys.executable,
        str(Path(keeping.__file__)),
        str(limit),
        str(PACKER_CLEANS_UP.seconds),
    )
    with naming(evidence.log):
        log = evidence.log.open("ab")
    with log:
        try:
            return subprocess.Popen(
                (*_dies_with_us(), *keeper, *_dies_with_us(), *job.command),
                cwd=evidence.root,
                env=job.surroundings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise Unreachable(f"{job.command[0]}: {error.strerror}", advice=bring_it()) from error


class _Tail:
    """Reads what Packer appends to its log, in whole lines."""

    def __init__(self, evidence: Evidence, follower: Follower, secrets: tuple[str, ...]) -> None:
        self._evidence = evidence
        self._follower = follower
        self._secrets = secrets
        self._offset = 0

    def follow(self, waited: float) -> None:
        """Read, and tell that it takes time."""
        self.read()
        self._evidence.still_waiting(waited)

    def only_read(self, _waited: float) -> None:
        """Show what is new, and nothing else: for a Packer that is ending."""
        self.read()

    def read(self) -> None:
        """Tell the phases and show the lines that came since."""
        with naming(self._evidence.log), self._evidence.log.open("rb") as log:
            log.seek(self._offset)
            whole, newline, _ = log.read().rpartition(b"\n")
        self._offset += len(whole) + len(newline)
        for line in whole.decode(errors="replace").splitlines():
            safe = mask(line, self._secrets)
            self._evidence.show(safe)
            if phase := self._follower.take(safe):
                self._evidence.tell(phase)


def _await(process: subprocess.Popen[bytes], tail: _Tail, evidence: Evidence) -> int:
    """Packer's exit code, at its end. A first Ctrl-C lets it clean up, a second ends it at once."""
    interrupted = False
    while True:
        try:
            code = wait_for_process(
                process, clock=evidence.clock, tick=TICK, still_waiting=tail.follow
            )
            tail.read()
            break
        except KeyboardInterrupt:
            if interrupted:
                os.killpg(process.pid, signal.SIGKILL)
                raise
            interrupted = True
            evidence.clock.interruption.notice()
            evidence.tell(
                "interrupted: Packer removes its machine (Ctrl-C again stops at once and leaves it)"
            )
            process.terminate()
        except Overtaken:
            evidence.tell("taken over by another run: Packer removes its machine")
            process.terminate()
            wait_for_process(process, clock=evidence.clock, tick=TICK, still_waiting=tail.only_read)
            raise
    if interrupted:
        raise KeyboardInterrupt
    return code


def _failure(
    code: int,
    limit: float,
    step: BakeVersion,
    follower: Follower,
    image: Image,
    environment: Environment,
    evidence: Evidence,
) -> PipelineError:
    said = evidence.log.read_text(errors="replace")
    if not follower.started and (
        early := before_any_build(said, image, environment, evidence.root)
    ):
        return early
    reason = follower.failure() or errors_in(said) or _silent(code, follower)
    if TIME_IS_OVER in said.splitlines():
        at = f", at: {follower.last()}" if follower.last() else ""
        reason = f"not done after {limit / 60:.0f} min and ended{at}; build.timeout is its limit"
    if re.search("Timeout waiting for (SSH|WinRM)", reason):
        reason = f"{reason}\n{WAYS}"
    log = evidence.log.relative_to(evidence.root)
    return BuildFailed(
        f"Packer did not make {step.image} {step.version}: {_shortened(reason, evidence.root)}",
        advice=(
            Advice("full Packer log", Shell(f"less {log}")),
            Advice("build again", build_image(step.image)),
        ),
    )


def _silent(code: int, follower: Follower) -> str:
    at = f", at: {follower.last()}" if follower.last() else ""
    ended = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return f"Packer {ended} without saying why{at}"


def _shortened(reason: str, root: Path) -> str:
    """With paths as people know them."""
    return reason.replace(f"{root}/", "")


def before_any_build(
    said: str, image: Image, environment: Environment, root: Path
) -> DefinitionError | Unreachable | None:
    """Why Packer began no build, where that can be told from what it said."""
    if plugins := missing_plugins(said):
        return no_plugins(image.template, plugins)
    cloud = environment.cloud
    if not cloud.is_public and f"no cloud environment matching the name '{cloud.name}'" in said:
        return Unreachable(
            f"{cloud.resource_manager}: Packer could not read what describes the cloud {cloud.name}"
            " there (/metadata/endpoints): no build began, and nothing was changed",
            advice=(Advice("build again", build_image(image.name)),),
        )
    mistakes = mistakes_in(said, root)
    return DefinitionError(mistakes) if mistakes else None
