"""Running `packer build` on an image's template, as its author would, with every value pinned.

Packer runs in a session of its own, so that Ctrl-C reaches it through us, once. It dies with us:
the kernel tells it to end (SIGTERM) when this process is gone, however that happened, and Packer
then removes its machine. For that its output goes to a file, which nobody has to hold open.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.advice import Advice, Shell, build_image
from pipeline.definition.model import TRUSTED_LAUNCH, Environment, Image
from pipeline.errors import BuildFailed, DefinitionError, Mistake, Overtaken, Unreachable
from pipeline.execution.packer.credential import Credential, credential_for
from pipeline.execution.packer.output import Follower, mask, mistakes_in
from pipeline.execution.packer.tools import BRING_IT, NEWER, Tools, find_tools
from pipeline.execution.wait import Clock, wait_for_process
from pipeline.output.harmless import without_control
from pipeline.planning.build.access import WAYS
from pipeline.planning.build.packer_variables import Value, declared, variables
from pipeline.planning.build.steps import BakeVersion
from pipeline.planning.plugin import too_old
from pipeline.state_files import naming, read_bytes, write_private

TICK = 0.2
"""Seconds between two looks at Packer's output."""

NOT_FOR_PACKER = frozenset(
    {
        "PACKER_LOG",  # prints the deployment with the machine's password
        "PACKER_LOG_PATH",
        "PKR_VAR_client_id",  # one credential, not parts of two
        "PKR_VAR_client_secret",
        "PKR_VAR_client_jwt",
        "PKR_VAR_oidc_request_url",
        "PKR_VAR_oidc_request_token",
        "PKR_VAR_tenant_id",
    }
)


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


def bake(step: BakeVersion, image: Image, environment: Environment, evidence: Evidence) -> None:
    """Build an image version; when this returns, Packer has published it and cleaned up.

    Raises BuildFailed, DefinitionError when the template is wrong, Unreachable when Packer or its
    plugin is missing, and KeyboardInterrupt, or Overtaken while it waits, after Packer cleaned up.
    """
    job = _prepare(step, image, environment, evidence)
    follower = Follower()
    tail = _Tail(evidence, follower, job.secrets)
    write_private(evidence.log, "")
    try:
        code = _await(_start(job, evidence), tail, evidence)
    finally:
        told = read_bytes(evidence.log).decode(errors="replace")
        write_private(evidence.log, without_control(mask(told, job.secrets)))
    if code:
        raise _failure(step, follower, evidence)


@dataclass(frozen=True, slots=True)
class _Job:
    """What to start, with which process environment, and what of it nobody may see."""

    command: tuple[str, ...]
    surroundings: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)


def _prepare(step: BakeVersion, image: Image, environment: Environment, evidence: Evidence) -> _Job:
    tools = find_tools()
    refuse_half_trusted(image, tools)
    if wrong := too_old(tools.plugin_version, environment):
        raise Unreachable(f"packer: {wrong}", advice=NEWER)
    credential = credential_for(environment, tools, declared=image.template.variables)
    pinned = variables(step, image, environment)
    here = declared({**credential.variables, **_cloud(environment, tools)}, image)
    var_file = evidence.folder / var_file_name(environment.name, image.name)
    write_private(var_file, json.dumps({**pinned, **here}, indent=2) + "\n")
    build = ("build", "-color=false", f"-var-file={var_file}", str(image.template.folder))
    return _Job(
        (*_dies_with_us(), str(tools.packer), *build),
        _surroundings(environment, tools, credential),
        _secrets(image, credential),
    )


def refuse_half_trusted(image: Image, tools: Tools) -> None:
    """Plugin 2.1 and newer say what the template says, and Azure refuses half of it."""
    is_silent = "security_type" not in image.template.variables
    if image.security_type == TRUSTED_LAUNCH and tools.wants_security_type and is_silent:
        plugin = ".".join(str(number) for number in tools.plugin_version)
        what = f"plugin {plugin} bakes no Trusted Launch image unless the source says security_type"
        right = 'add variable "security_type" { ... } and security_type = var.security_type'
        raise DefinitionError((Mistake(f"packer/{image.template.name}", 1, what, right),))


def var_file_name(environment: str, image: str) -> str:
    """The last part of a var-file's path: by it, a Packer that outlived its run is recognised."""
    return f"{environment}-{image}.pkrvars.json"


def _cloud(environment: Environment, tools: Tools) -> dict[str, Value]:
    """Public Azure is built in. Another cloud's name is one that Azure does not know: with it,
    Packer fails rather than sending the secret to public Azure when the address does not answer.
    """
    cloud = environment.cloud
    if cloud.is_public:
        return {"cloud_environment_name": "Public"}
    host = tools.metadata_host(cloud.resource_manager)
    return {"cloud_environment_name": cloud.name, "metadata_host": host}


def _surroundings(environment: Environment, tools: Tools, credential: Credential) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_FOR_PACKER}
    bundle = environment.cloud.ca_bundle
    trust = {"SSL_CERT_FILE": str(bundle)} if bundle else {}
    secrets = {f"PKR_VAR_{name}": value for name, value in credential.secrets.items()}
    return {**inherited, **tools.environment(), **trust, **secrets}


def _secrets(image: Image, credential: Credential) -> tuple[str, ...]:
    """What must not be seen: our credential, and what the author passes by the environment."""
    passed = (os.environ.get(f"PKR_VAR_{name}", "") for name in image.template.sensitive)
    return tuple(filter(None, (*credential.secrets.values(), *passed)))


def _dies_with_us() -> tuple[str, ...]:
    """`setpriv` of util-linux; without it, the next run ends a Packer that outlived this one."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM") if setpriv else ()


def _start(job: _Job, evidence: Evidence) -> subprocess.Popen[bytes]:
    with naming(evidence.log):
        log = evidence.log.open("ab")
    with log:
        try:
            return subprocess.Popen(
                job.command,
                cwd=evidence.root,
                env=job.surroundings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise Unreachable(f"{job.command[0]}: {error.strerror}", advice=BRING_IT) from error


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
    step: BakeVersion, follower: Follower, evidence: Evidence
) -> BuildFailed | DefinitionError:
    if not follower.started:
        mistakes = mistakes_in(evidence.log.read_text(errors="replace"), evidence.root)
        if mistakes:
            return DefinitionError(mistakes)
    where = f", at: {follower.phase}" if follower.phase else ""
    reason = follower.failure()
    if "Timeout waiting for SSH" in reason:
        reason = f"{reason}\n{WAYS}"
    log = evidence.log.relative_to(evidence.root)
    return BuildFailed(
        f"Packer did not make {step.image} {step.version}{where}\n{reason}",
        advice=(
            Advice("full Packer log", Shell(f"less {log}")),
            Advice("build again", build_image(step.image)),
        ),
    )
