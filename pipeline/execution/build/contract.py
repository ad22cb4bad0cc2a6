"""Asking the machine of a check what its instances will be asked: health, version, open ports."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast

from pipeline.definition.balancing import NOWHERE, RICH, Health
from pipeline.errors import CheckFailed, StillRunning
from pipeline.execution.hosts import SshHost
from pipeline.execution.patience import Patience
from pipeline.execution.run.work import Work
from pipeline.execution.ssh import forwarding
from pipeline.execution.wait import wait_until
from pipeline.execution.watch.exchange import UNNAMED, Answer, answer_of
from pipeline.planning.build.contract import Contract
from pipeline.planning.build.steps import RunChecks
from pipeline.planning.watch.targets import TCP, Protocol, Target
from pipeline.state_files import read_bytes

LOG = "ports.log"
"""In a run's folder: what ssh says of the connections that it forwards."""
LOCALHOST = "127.0.0.1"
LATE = 10.0
"""Seconds for one answer."""
STAYS_OPEN = 2.0
"""Seconds after which a connection counts as open: one that nobody takes is closed by ssh once the
machine has said so, a round trip later."""
_FORBIDDEN = "administratively prohibited"
"""OpenSSH's words for RFC 4254's SSH_OPEN_ADMINISTRATIVELY_PROHIBITED: it forwards no ports."""
_HEALTHY = "Healthy"


def ask(step: RunChecks, contract: Contract, work: Work, host: SshHost, private: str) -> str:
    """Ask until everything is as promised; what it answered, in words.

    Its health is asked at 127.0.0.1, as the Application Health extension does; other ports at its
    `private` address, where a load balancer finds them.
    Raises CheckFailed, with the last thing that was wrong, when its patience is over; Unreachable
    when the connection is lost. Where the machine forwards no ports that is said, and no more.
    """
    log = work.run.folder / LOG
    places = [(LOCALHOST, contract.health.port), *((private, port) for port in contract.ports)]
    with forwarding(host.config, host.user, (host.address, host.port), places, log) as found:
        local = {port: here for (_, port), here in zip(places, found, strict=True)}

        def outcome() -> str | None:
            if _is_as_promised(contract, step.version, local, work):
                return "as promised"
            is_forbidden = _FORBIDDEN in read_bytes(log).decode(errors="replace")
            return "not asked, as its SSH server forwards no ports" if is_forbidden else None

        try:
            words = wait_until(
                outcome,
                str(contract),
                patience=Patience(contract.patience, "as long as promote.patience says"),
                clock=work.clock,
                every=1.0,
                still_waiting=work.still_waiting,
            )
        except StillRunning as late:
            raise CheckFailed(f"{work.seen}, after {late.waited:.0f} s") from None
    return f"{contract}: {words}"


def wrong_with(answer: Answer, health: Health, version: str) -> str:
    """What an answer of the health page lacks, "" for nothing."""
    if answer.problem:
        return answer.problem
    if health.states == RICH and answer.state != _HEALTHY:
        return f"its ApplicationHealthState is {answer.state or 'not told'}, not {_HEALTHY}"
    if health.version != NOWHERE and answer.version != version:
        told = "no version" if answer.version == UNNAMED else answer.version
        return f"it tells {told}, not {version}"
    return ""


def _is_as_promised(contract: Contract, version: str, local: Mapping[int, int], work: Work) -> bool:
    health = contract.health
    for port, leads_there in local.items():
        is_health = port == health.port
        path = health.path if is_health else ""
        protocol = cast(Protocol, health.protocol) if is_health else TCP
        target = Target("", protocol, LOCALHOST, leads_there, path, health.version)
        answer = asyncio.run(answer_of(target, LATE, STAYS_OPEN))
        problem = wrong_with(answer, health, version) if is_health else answer.problem
        if problem:
            work.seen = f"port {port}{path}: {problem}"
            return False
    return True
