"""Carrying out the steps of a build: Packer, a fresh machine, its checks, the verdict."""

from __future__ import annotations

from typing import assert_never

from pipeline.advice import Advice, build_image, check_image
from pipeline.definition.model import PUBLIC
from pipeline.errors import AzureRefused, CheckFailed, Overtaken, StillRunning, Unreachable
from pipeline.execution import checks
from pipeline.execution.azure.requests import Body, ResourceGroup, delete, patch, put, put_group
from pipeline.execution.checks import Checks, Host
from pipeline.execution.claims.numbers import use
from pipeline.execution.packer.build import Evidence, bake
from pipeline.execution.patience import GALLERY, MACHINE, NETWORK, RESOURCE_GROUP, SSH
from pipeline.execution.run.work import Work
from pipeline.execution.ssh import greets
from pipeline.execution.wait import wait_until
from pipeline.planning.build import check_machine, definition_body, version_body
from pipeline.planning.build.access import WAYS
from pipeline.planning.build.steps import (
    BakeVersion,
    BootCheckMachine,
    BuildStep,
    DeleteGroup,
    DeleteVersion,
    MarkVersion,
    RunChecks,
)
from pipeline.planning.names import (
    Tag,
    check_machine_id,
    check_network_id,
    image_definition_id,
    image_version_id,
)
from pipeline.state_files import read_bytes


def carry_out(step: BuildStep, work: Work) -> None:
    """Carry out one step of this room; may be repeated at any time."""
    match step:
        case DeleteGroup():
            delete_group(step, work)
        case DeleteVersion():
            delete_version(step, work)
        case BakeVersion():
            bake_version(step, work)
        case BootCheckMachine():
            boot_check_machine(step, work)
        case RunChecks():
            run_checks(step, work)
        case MarkVersion():
            mark_version(step, work)
        case _:
            assert_never(step)


def delete_group(step: DeleteGroup, work: Work) -> None:
    """A resource group, unless it is another run's by now."""
    _delete_group(step.name, step.run, work)


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
    bake(step, work.session.image(step.image), environment, _evidence(work))
    _delete_group(step.group, work.run.id, work)  # Packer did, unless its cleaning up failed


def boot_check_machine(step: BootCheckMachine, work: Work) -> None:
    """A machine from the version, and the run's key to it; done when its SSH server greets."""
    environment = work.azure.environment
    public_key = work.run.access.public_key
    work.send(put_group(step.group, environment.location, dict(step.tags)), RESOURCE_GROUP)
    if step.admitted:
        _make_reachable(step, work)
    nic = check_network_id(environment, step.group, "networkInterfaces")
    work.send(put(nic, check_machine.interface(step, environment)), NETWORK)
    image = work.session.image(step.image)
    body = check_machine.machine(step, image, environment, public_key)
    work.send(put(check_machine_id(environment, step.group), body), MACHINE)
    _await_ssh(step, work)


def _make_reachable(step: BootCheckMachine, work: Work) -> None:
    """A network of the check's own, whose group admits this machine, and a public address in it."""
    environment = work.azure.environment
    for kind, body in (
        ("networkSecurityGroups", check_machine.security_group),
        ("virtualNetworks", check_machine.network),
        ("publicIPAddresses", check_machine.public_address),
    ):
        resource = check_network_id(environment, step.group, kind)
        work.send(put(resource, body(step, environment)), NETWORK)


def run_checks(step: RunChecks, work: Work) -> None:
    """The image's checks on the machine; raises CheckFailed, the assertion first."""
    session = work.session
    facts = checks.facts(step.image, step.version)
    folder = session.image(step.image).checks
    asked = Checks(session.project.root, folder, facts, _host(step.group, work))
    log = work.run.folder / checks.LOG
    try:
        verdict = checks.run_checks(asked, log, work.clock, work.still_waiting)
    except CheckFailed as error:
        raise _explained(error, step) from None
    finally:
        if session.verbose:
            session.output.say(read_bytes(log).decode(errors="replace"))
    work.seen = f"{step.checks}: {verdict}"


def mark_version(step: MarkVersion, work: Work) -> None:
    """The verdict on the version. Before it can be staged, its number is used up for good."""
    environment = work.azure.environment
    version = image_version_id(environment, step.image, step.version)
    body = work.azure.get(version)
    if body is None:
        raise AzureRefused(str(version), "ResourceNotFound", "it is gone since it was checked")
    definition = image_definition_id(environment, step.image)
    used = definition_body.used(work.azure.get(definition) or {}, step.version)
    work.send(patch(definition, used), GALLERY)
    use(work.session, step.image, step.version, work.run.id)
    work.send(put(version, version_body.marked(body, passed=step.passed)), GALLERY)


def _delete_group(name: str, run: str, work: Work) -> None:
    found = work.azure.group(name)
    owner = _owner(found)
    if found is not None and owner != run:
        work.seen = f"{name} left as it is: it belongs to {owner}"
    elif found is not None:
        work.send(
            delete(ResourceGroup(name)),
            RESOURCE_GROUP,
            lambda: _refuse_anothers(name, run, work),
            needs_claim=run != work.run.id,
        )


def _refuse_anothers(name: str, run: str, work: Work) -> None:
    found = work.azure.group(name)
    if found is not None and _owner(found) != run:
        raise Overtaken(f"resource group {name}: it belongs to {_owner(found)} by now: not deleted")


def _owner(group: Body | None) -> str:
    """The run that made a resource group, by its tag."""
    return str(((group or {}).get("tags") or {}).get(Tag.RUN) or "someone else")


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


def _host(group: str, work: Work) -> Host:
    """How the machine of a check is reached: by its address, with the run's key."""
    environment = work.azure.environment
    address = _public_address(group, work) or _private_address(group, work)
    return Host(environment.ssh_username, address, environment.ssh_port, work.run.access.config)


def _private_address(group: str, work: Work) -> str:
    nic: Body = (
        work.azure.get(check_network_id(work.azure.environment, group, "networkInterfaces")) or {}
    )
    return str(nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"])


def _public_address(group: str, work: Work) -> str:
    """That of a check that has one, "" for the others."""
    environment = work.azure.environment
    if environment.access != PUBLIC:
        return ""
    found = work.azure.get(check_network_id(environment, group, "publicIPAddresses")) or {}
    return str((found.get("properties") or {}).get("ipAddress") or "")


def _await_ssh(step: BootCheckMachine, work: Work) -> None:
    host = _host(step.group, work)
    where = f"SSH at {host.address}:{host.port}"
    work.seen = f"waiting for {where}"
    try:
        wait_until(
            lambda: True if greets(host.address, host.port) else None,
            where,
            patience=SSH,
            clock=work.clock,
            every=0.5,
            still_waiting=work.still_waiting,
        )
    except StillRunning as late:
        raise Unreachable(
            f"{where}, the {work.azure.environment.access} address of the check machine: no answer"
            f" in {late.waited:.0f} s. {step.image} {step.version} stays unchecked; {WAYS}",
            advice=(Advice("check it again", check_image(step.image, step.version)),),
        ) from late
    work.seen = f"{step.image} {step.version} booted; {where} answers"


def _explained(error: CheckFailed, step: RunChecks) -> CheckFailed:
    """The assertion, then what is true once the version is marked, and how to go on."""
    return CheckFailed(
        f"{error}\n{step.image} {step.version} stays in the gallery, but `latest` never resolves to"
        " it and it cannot be staged; what serves is untouched",
        advice=(
            *error.advice,
            Advice("build a better one", build_image(step.image)),
            Advice("check it again", check_image(step.image, step.version)),
        ),
    )


def _nobody(text: str) -> None:
    """No-op: the log has it."""
