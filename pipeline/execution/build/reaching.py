"""How the machine of a check is reached, and waiting until it is."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.advice import Advice, check_image
from pipeline.definition.model import PUBLIC
from pipeline.errors import StillRunning, Unreachable
from pipeline.execution import winrm
from pipeline.execution.azure.requests import Body
from pipeline.execution.build import last_words
from pipeline.execution.hosts import Host, SshHost, WinrmHost
from pipeline.execution.patience import SSH, WINRM, Patience
from pipeline.execution.run.work import Work
from pipeline.execution.ssh import greets
from pipeline.execution.wait import wait_until
from pipeline.planning import windows
from pipeline.planning.build.access import WAYS
from pipeline.planning.build.steps import BootCheckMachine, OnMachine
from pipeline.planning.names import check_network_id

SHOWN_OF_CONSOLE = 5
"""Lines of a console that are shown; the run keeps it all."""


def host_of(step: OnMachine, work: Work) -> Host:
    """By its address; with the run's key, or on Windows with the run's password."""
    environment, access = work.azure.environment, work.run.access
    address = _public_address(step, work) or private_address(step, work)
    if step.system.is_windows:
        return WinrmHost(environment.ssh_username, address, windows.PORT, access.password)
    return SshHost(environment.ssh_username, address, environment.ssh_port, access.config)


def private_address(step: OnMachine, work: Work) -> str:
    """In the subnet."""
    where = work.azure.environment, step.group, "networkInterfaces", step.machine
    nic: Body = work.azure.get(check_network_id(*where)) or {}
    return str(nic["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"])


def await_listening(step: BootCheckMachine, work: Work) -> None:
    """Until its SSH server greets, or WinRM asks for credentials; raises Unreachable otherwise."""
    host = host_of(step, work)
    protocol, is_there, patience = _asked(host)
    where = f"{protocol} at {host.address}:{host.port}"
    work.seen = f"waiting for {where}"
    try:
        wait_until(
            lambda: True if is_there(host.address, host.port) else None,
            where,
            patience=patience,
            clock=work.clock,
            every=0.5,
            still_waiting=work.still_waiting,
        )
    except StillRunning as late:
        _, kept = last_words.keep(step, work, None)
        console = last_words.last_lines(work, SHOWN_OF_CONSOLE)
        raise Unreachable(
            f"{where}, the {work.azure.environment.access} address of the check machine: no answer"
            f" in {late.waited:.0f} s. {step.image} {step.version} stays unchecked; {WAYS}"
            + (f"\nits console ends with\n{console}" if console else ""),
            advice=(
                *kept,
                *way_in(work, host),
                Advice("check it again", check_image(step.image, step.version)),
            ),
        ) from late
    work.seen = f"{step.image} {step.version} booted; {where} answers"


def way_in(work: Work, host: Host) -> tuple[Advice, ...]:
    """Into the machine, where it stays."""
    return last_words.way_in(work, host) if work.session.keep else ()


def _asked(host: Host) -> tuple[str, Callable[[str, int], bool], Patience]:
    if isinstance(host, WinrmHost):
        return "WinRM", winrm.answers, WINRM
    return "SSH", greets, SSH


def _public_address(step: OnMachine, work: Work) -> str:
    """That of a check that has one, "" for the others."""
    environment = work.azure.environment
    if environment.access != PUBLIC:
        return ""
    where = environment, step.group, "publicIPAddresses", step.machine
    found = work.azure.get(check_network_id(*where)) or {}
    return str((found.get("properties") or {}).get("ipAddress") or "")
