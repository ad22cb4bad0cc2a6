"""Carrying out the steps of a build: Packer, a fresh machine, its checks, the verdict."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, assert_never

from pipeline.definition.model import Image
from pipeline.errors import AzureRefused, CheckFailed, Refused, StillRunning, Unreachable
from pipeline.execution.azure import Body
from pipeline.execution.check import Checks, Host, run_checks
from pipeline.execution.packer import Evidence, bake
from pipeline.execution.run import Attempt, Run
from pipeline.execution.ssh import Access, access, greets
from pipeline.execution.wait import wait_until
from pipeline.planning.build_steps import (
    BakeVersion,
    BootCheckMachine,
    BuildStep,
    DeleteGroup,
    DeleteVersion,
    MarkVersion,
    RunChecks,
)
from pipeline.planning.check_machine import interface, interface_id, machine, machine_id
from pipeline.planning.names import image_version_id

PATIENCE_FOR_SSH = 600.0
"""Seconds; a machine that Azure calls running has had its boot, the rest is cloud-init's."""

INDENT = " " * 9


class Builder:
    """Carries out steps for one image; between two steps it holds the machine and the key to it."""

    def __init__(self, run: Run, image: Image, resources: ExitStack, *, verbose: bool) -> None:
        self.left: list[str] = []
        """Resource groups that were begun and are not yet deleted."""
        self._run = run
        self._session = run.session
        self._azure = run.session.azure
        self._environment = run.session.environment
        self._image = image
        self._resources = resources
        self._verbose = verbose
        self._host: Host | None = None

    def carry_out(self, step: BuildStep, attempt: Attempt) -> None:
        """One step; raises what went wrong as PipelineError."""
        match step:
            case DeleteGroup():
                self._delete_group(step.name, attempt)
            case DeleteVersion():
                self._delete_version(step, attempt)
            case BakeVersion():
                self._bake(step, attempt)
            case BootCheckMachine():
                self._host = self._boot(step, attempt)
            case RunChecks():
                self._check(step, attempt)
            case MarkVersion():
                self._mark(step, attempt)
            case _:
                assert_never(step)

    def _delete_group(self, name: str, attempt: Attempt) -> None:
        if self._azure.group(name) is not None:
            azure = self._azure
            try:
                attempt.follow(
                    lambda token: azure.begin_delete_group(name, token=token),
                    f"resource group {name}",
                    "resource group",
                )
            except AzureRefused as refusal:
                if refusal.code != "ResourceGroupNotFound":  # it went meanwhile
                    raise
        if name in self.left:
            self.left.remove(name)

    def _delete_version(self, step: DeleteVersion, attempt: Attempt) -> None:
        version = image_version_id(self._environment, step.image, step.version)
        if self._azure.get(version) is not None:
            azure = self._azure
            attempt.follow(
                lambda token: azure.begin_delete(version, token=token), str(version), "gallery"
            )

    def _bake(self, step: BakeVersion, attempt: Attempt) -> None:
        """Packer does not tell plugin 1.4.5 whether the version is free, so we ask, just before."""
        version = image_version_id(self._environment, step.image, step.version)
        if (there := self._azure.get(version)) is not None:
            by = (there.get("tags") or {}).get("run", "somebody else")
            raise Refused(f"{version}: it is there already, made by {by}; nothing was baked")
        self.left.append(step.group)
        bake(step, self._image, self._environment, self._evidence(attempt))
        self._delete_group(step.group, attempt)  # Packer did, unless its cleaning up failed

    def _evidence(self, attempt: Attempt) -> Evidence:
        output = self._session.output
        shows = output.say if self._verbose else _nobody

        def tell(phase: str) -> None:
            output.say(f"{INDENT}{attempt.seconds:4.0f} s  {phase}")

        return Evidence(
            root=self._session.project.root,
            folder=self._run.folder,
            tell=_nobody if self._verbose else tell,
            show=shows,
            tick=lambda: attempt.still_waiting(0),
        )

    def _boot(self, step: BootCheckMachine, attempt: Attempt) -> Host:
        environment, azure = self._environment, self._azure
        key = self._resources.enter_context(access())
        self.left.append(step.group)
        azure.put_group(step.group, dict(step.tags))
        nic = interface_id(environment, step.group)
        attempt.follow(
            _once(lambda: azure.begin_put(nic, interface(step, environment))), str(nic), "network"
        )
        vm = machine_id(environment, step.group)
        body = machine(step, self._image, environment, key.public_key)
        attempt.follow(_once(lambda: azure.begin_put(vm, body)), str(vm), "machine")
        return self._reach(step, azure.get(nic) or {}, key, attempt)

    def _reach(self, step: BootCheckMachine, nic: Body, key: Access, attempt: Attempt) -> Host:
        address = str(nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"])
        port = self._environment.ssh_port
        try:
            wait_until(
                lambda: True if greets(address, port) else None,
                f"SSH at {address}:{port}",
                patience=PATIENCE_FOR_SSH,
                clock=attempt.clock,
                every=0.5,
                still_waiting=attempt.still_waiting,
            )
        except StillRunning as late:
            raise Unreachable(
                f"SSH at {address}:{port}, the private address of the check machine: no answer in"
                f" {late.waited:.0f} s. {step.image} {step.version} stays unchecked",
                advice=(("check it again", _again(step.image, step.version)),),
            ) from late
        return Host(self._environment.ssh_username, address, port, key.config)

    def _check(self, step: RunChecks, attempt: Attempt) -> None:
        if self._host is None:
            raise RuntimeError("a plan boots a machine before it runs checks on it")
        checks = Checks(
            self._session.project.root,
            self._image.checks,
            {"IMAGE_NAME": step.image, "IMAGE_VERSION": step.version},
        )
        try:
            verdict = run_checks(checks, self._host, self._run.folder, attempt.still_waiting)
        except CheckFailed as error:
            raise _explained(error, step) from None
        self._session.output.say(f"{INDENT}{verdict}")

    def _mark(self, step: MarkVersion, attempt: Attempt) -> None:
        """One PUT of all that the version has, with a tag and `excludeFromLatest` changed."""
        version = image_version_id(self._environment, step.image, step.version)
        body = self._azure.get(version)
        if body is None:
            raise AzureRefused(str(version), "ResourceNotFound", "it is gone since it was checked")
        tags = {**(body.get("tags") or {}), "check": "passed" if step.passed else "failed"}
        changed = {**body, "tags": tags, "properties": _published(body, latest=step.passed)}
        azure = self._azure
        attempt.follow(_once(lambda: azure.begin_put(version, changed)), str(version), "gallery")


def _published(body: Body, *, latest: bool) -> dict[str, Any]:
    """The properties that can be sent back, `latest` decided."""
    read_only = {"provisioningState", "replicationStatus"}
    sent = {name: value for name, value in body["properties"].items() if name not in read_only}
    profile = {**(sent.get("publishingProfile") or {}), "excludeFromLatest": not latest}
    return {**sent, "publishingProfile": profile}


def _once(begin: Callable[[], Any]) -> Callable[[str], Any]:
    """For requests that can be repeated at no cost: an earlier one's token is not needed."""
    return lambda _token: begin()


def _explained(error: CheckFailed, step: RunChecks) -> CheckFailed:
    """The assertion, then what is true once the version is marked, and how to go on."""
    return CheckFailed(
        f"{error}\n{step.image} {step.version} stays in the gallery but out of latest, and cannot"
        " be staged; what serves is untouched",
        advice=(
            *error.advice,
            ("build a better one", f"invoke build-image {step.image}"),
            ("check it again", _again(step.image, step.version)),
        ),
    )


def _again(image: str, version: str) -> str:
    return f"invoke check-image {image} --version {version}"


def _nobody(text: str) -> None:
    """Nobody wants to read it now; the log has it."""
