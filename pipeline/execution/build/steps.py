"""Carrying out the steps of a build: Packer, a fresh machine, its checks, the verdict."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import assert_never

from pipeline.advice import Advice, build_image, check_image
from pipeline.errors import AzureRefused, CheckFailed, Overtaken, Unreachable
from pipeline.execution import checks
from pipeline.execution.azure.requests import delete, put, put_group
from pipeline.execution.azure.vault import read_secrets
from pipeline.execution.build import contract, last_words
from pipeline.execution.build.baked import baked_tags
from pipeline.execution.build.clearing import clear
from pipeline.execution.build.marking import mark_version
from pipeline.execution.build.reaching import await_listening, host_of, private_address, way_in
from pipeline.execution.build.recording import packages
from pipeline.execution.checks import Checks
from pipeline.execution.evidence.recording import record
from pipeline.execution.hosts import SshHost
from pipeline.execution.packer.build import Evidence, bake
from pipeline.execution.patience import EXTENSION, GALLERY, MACHINE, NETWORK, RESOURCE_GROUP
from pipeline.execution.run.work import Work
from pipeline.planning.build import check_machine, version_body
from pipeline.planning.build.steps import (
    BakeVersion,
    BootCheckMachine,
    BuildStep,
    ClearGroup,
    DeleteGroup,
    DeleteVersion,
    MarkVersion,
    RecordEvidence,
    RejectVersion,
    RunChecks,
    clearing,
)
from pipeline.planning.names import (
    Tag,
    check_extension_id,
    check_machine_id,
    check_network_id,
    image_version_id,
)
from pipeline.state_files import read_bytes


def carry_out(step: BuildStep, work: Work) -> None:
    """Carry out one step of this room; may be repeated at any time."""
    match step:
        case DeleteGroup() | ClearGroup():
            clear(step, work)
        case DeleteVersion():
            delete_version(step, work)
        case BakeVersion():
            bake_version(step, work)
        case RejectVersion():
            reject_version(step, work)
        case BootCheckMachine():
            boot_check_machine(step, work)
        case RunChecks():
            run_checks(step, work)
        case RecordEvidence():
            record(step, work)
        case MarkVersion():
            mark_version(step, work)
        case _:
            assert_never(step)


def delete_version(step: DeleteVersion, work: Work) -> None:
    """A half-made image version."""
    version = image_version_id(work.azure.environment, step.image, step.version)
    if work.azure.get(version) is not None:
        work.send(delete(version), GALLERY)


def bake_version(step: BakeVersion, work: Work) -> None:
    """Packer does not tell plugin 1.4.5 whether the version is free, so we ask, just before."""
    environment = work.azure.environment
    version = image_version_id(environment, step.image, step.version)
    if (there := work.azure.get(version)) is not None:
        by = (there.get("tags") or {}).get(Tag.RUN, "someone else")
        raise Overtaken(f"{version}: exists already, made by {by}; nothing was baked")
    work.run.check()
    read = read_secrets(work.azure.clients, step.secrets)
    began = work.clock.now()
    bake(step, work.session.image(step.image), environment, _evidence(work), read)
    seconds = f"{work.clock.now() - began:.0f}"
    published = work.azure.get(version)
    if published is None:
        raise AzureRefused(
            str(version), "ResourceNotFound", "Packer succeeded, and published another version"
        )
    tags = {**dict(step.tags), **baked_tags(work), Tag.BAKE_SECONDS: seconds}
    work.send(put(version, version_body.baked(published, tags, succeeded=True)), GALLERY)
    # Packer did, unless its cleaning up failed; in a group that is there 1.4.5 leaves its disk.
    clear(clearing(step), work)


def reject_version(step: RejectVersion, work: Work) -> None:
    """Packer's verdict counts whole: of what failed after publishing nothing is ever checked."""
    version = image_version_id(work.azure.environment, step.image, step.version)
    published = work.azure.get(version)
    if published is None:
        work.seen = f"{step.image} {step.version} was not published"
        return
    body = version_body.baked(published, dict(step.tags), succeeded=False)
    work.send(put(version, body), GALLERY)
    work.seen = f"{step.image} {step.version} marked failed: it is never checked"


def boot_check_machine(step: BootCheckMachine, work: Work) -> None:
    """A machine from the version, and the run's key to it; done when it can be asked.

    Of Windows the password takes the key's place, and an extension has it listen.
    """
    environment = work.azure.environment
    is_windows, access = step.system.is_windows, work.run.access
    credential = access.password if is_windows else access.public_key
    work.session.output.hide(access.password)
    if step.has_own_group:
        work.send(put_group(step.group, environment.location, dict(step.tags)), RESOURCE_GROUP)
    if step.admitted:
        _make_reachable(step, work)
    nic = check_network_id(environment, step.group, "networkInterfaces", step.machine)
    work.send(put(nic, check_machine.interface(step, environment)), NETWORK)
    image = work.session.image(step.image)
    body = check_machine.machine(step, image, environment, credential)
    work.send(put(check_machine_id(environment, step.group, step.machine), body), MACHINE)
    if is_windows:
        listener = check_extension_id(environment, step.group, step.machine)
        work.send(put(listener, check_machine.extension(step, environment)), EXTENSION)
    await_listening(step, work)


def _make_reachable(step: BootCheckMachine, work: Work) -> None:
    """A network of the check's own, whose group admits this machine, and a public address in it."""
    environment = work.azure.environment
    for kind, body in (
        ("networkSecurityGroups", check_machine.security_group),
        ("virtualNetworks", check_machine.network),
        ("publicIPAddresses", check_machine.public_address),
    ):
        resource = check_network_id(environment, step.group, kind, step.machine)
        work.send(put(resource, body(step, environment)), NETWORK)


def run_checks(step: RunChecks, work: Work) -> None:
    """The image's checks on the machine; raises CheckFailed, the assertion first."""
    session = work.session
    facts = checks.facts(step.image, step.version)
    folder = session.image(step.image).checks
    host = host_of(step, work)
    expected = _hygiene(step, work) if step.hygiene else ""
    asked = Checks(session.project.root, folder, facts, host, expected)
    log = work.run.folder / checks.LOG
    try:
        verdict = checks.run_checks(asked, log, work.clock, work.still_waiting)
        work.seen = f"{step.checks}: {verdict}"
        promised = ""
        if step.contract and isinstance(host, SshHost):
            private = private_address(step, work)
            promised = contract.ask(step, step.contract, work, host, private)
        has = packages(work, host) if isinstance(host, SshHost) else ""
    except CheckFailed as error:
        units, kept = last_words.keep(step, work, host)
        raise _explained(error, step, units, kept + way_in(work, host)) from None
    except Unreachable as error:
        _, kept = last_words.keep(step, work, None)
        raise _without_verdict(error, step, kept + way_in(work, host)) from None
    finally:
        if session.verbose:
            session.output.say(read_bytes(log).decode(errors="replace"))
    work.seen = "; ".join(filter(None, (f"{step.checks}: {verdict}", promised, has)))


def _evidence(work: Work) -> Evidence:
    session = work.session
    return Evidence(
        root=session.project.root,
        folder=work.run.folder,
        tell=_nobody if session.verbose else work.phase,
        show=session.output.say if session.verbose else _nobody,
        still_waiting=work.still_waiting,
        clock=work.clock,
    )


def _hygiene(step: RunChecks, work: Work) -> str:
    """What its checks are told: what the image declares, and what this run put on the machine."""
    key = work.run.access.public_key.split()[1]
    told = {"user": work.azure.environment.ssh_username, "key": key}
    return json.dumps({**told, **(asdict(step.hygiene) if step.hygiene else {})})


def _explained(
    error: CheckFailed, step: RunChecks, units: str, kept: tuple[Advice, ...]
) -> CheckFailed:
    """The assertion, then what is true once the version is marked, and how to go on."""
    told = f"{error}\n{units}" if units else str(error)
    return CheckFailed(
        f"{told}\n{step.image} {step.version} stays in the gallery, but `latest` never resolves to"
        " it and it cannot be staged; what serves is untouched",
        advice=(
            *error.advice,
            *kept,
            Advice("build a better one", build_image(step.image)),
            Advice("check it again", check_image(step.image, step.version)),
        ),
    )


def _without_verdict(error: Unreachable, step: RunChecks, kept: tuple[Advice, ...]) -> Unreachable:
    """A lost connection says nothing of the version: it stays what it was."""
    return Unreachable(
        f"{error}\nThat is no verdict: {step.image} {step.version} is marked neither failed nor"
        " eligible by this check",
        advice=(
            *error.advice,
            *kept,
            Advice("check it again", check_image(step.image, step.version)),
        ),
    )


def _nobody(text: str) -> None:
    """No-op: the log has it."""
