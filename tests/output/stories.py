"""What commands tell while they run, as facts: a bake, a check that fails, a stage."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from pipeline import advice
from pipeline.advice import Advice
from pipeline.errors import CheckFailed
from pipeline.output.facts import Output
from pipeline.planning.plan import Plan

BASE = "Debian:debian-12:12-gen2:0.20261122.209"
BAKE = (
    f"bake web 1.0.1 from {BASE} with Packer in bakeswap-build-web-1-0-1",
    "boot a fresh machine from web 1.0.1 in bakeswap-check-web-1-0-1",
    "run images/web/checks on it",
    "mark web 1.0.1 eligible: its check passed, `latest` can resolve to it",
    "delete the resource group bakeswap-check-web-1-0-1",
    "delete the resource group bakeswap-build-web-1-0-1",
)
PHASES = {
    17: "Waiting for SSH to become available",
    19: "Provisioning with shell script: images/web/scripts/install.sh",
    78: "Powering off machine",
    80: "Publishing to Shared Image Gallery",
}
STAGE = (
    "create web-1-0-1: 2 x Standard_D2s_v5 from web 1.0.1, in web-green",
    "wait until 2 of 2 instances of web-1-0-1 are healthy",
    "verify staging: 10 consecutive responses from 1.0.1 at http://127.81.0.3:8081/healthz",
)
TICKS = 4
"""Words about a wait in a second."""


def wait(output: Output, number: int, words: str, seconds: int, seen: Iterable[str] = ()) -> None:
    """Waiting as the runner tells it: several times a second."""
    measured = iter(seen)
    now = ""
    for tick in range(seconds * TICKS):
        now = next(measured, now)
        output.waiting(number, words, tick / TICKS, now)


def bake(output: Output) -> None:
    """A bake and its check; every phase of Packer is told when it begins."""
    title = "build web 1.0.1 (since 1.0.0: images/web/files/index.html changed)"
    output.plan(Plan(title, BAKE))
    for number, words in zip(count(1), BAKE, strict=False):
        output.started(number, words)
        for second in range(90 if number == 1 else 18):
            if number == 1 and second in PHASES:
                output.phase(number, PHASES[second], second)
            for tick in range(TICKS):
                output.waiting(number, words, second + tick / TICKS)
        output.finished(number, words, 90 if number == 1 else 18, "6 passed" if number == 3 else "")
    output.truth(
        "web 1.0.1 is in the gallery and passed its checks on a fresh machine",
        (Advice("stage it", advice.stage("web")),),
    )


def stage(output: Output) -> None:
    """A scale set comes up behind the staging frontend."""
    output.plan(Plan("stage web 1.0.1", STAGE, notes=("web-0-9-0 is not ours: left as it is",)))
    output.started(1, STAGE[0])
    wait(output, 1, STAGE[0], 30)
    output.finished(1, STAGE[0], 30)
    output.started(2, STAGE[1])
    wait(output, 2, STAGE[1], 41, ["0 of 2 healthy"] * 60 + ["1 of 2 healthy"])
    output.finished(2, STAGE[1], 41, "2 of 2 healthy")
    output.started(3, STAGE[2])
    wait(output, 3, STAGE[2], 3, [f"{n} of 10" for n in range(10)])
    output.finished(3, STAGE[2], 0.3, "10 consecutive responses from 1.0.1")
    output.truth(
        "web 1.0.1 answers at http://127.81.0.3:8081/healthz; 1.0.0 serves",
        (
            Advice("promote it", advice.promote("web")),
            Advice("show the state", advice.status()),
        ),
    )


def failed_check(output: Output) -> None:
    """A check that fails: the assertion, what holds now, where the log is."""
    output.plan(Plan("check web 1.0.1", BAKE[1:3]))
    output.started(1, BAKE[1])
    wait(output, 1, BAKE[1], 18)
    output.finished(1, BAKE[1], 18)
    output.started(2, BAKE[2])
    wait(output, 2, BAKE[2], 8)
    output.failed(2, BAKE[2], 8)
    error = CheckFailed(
        "web 1.0.1 is not what its checks say:\n"
        "images/web/checks/test_web.py:12: assert host.service('nginx').is_running and"
        " host.socket('tcp://0.0.0.0:8080').is_listening",
        advice=(
            Advice("check it again", advice.check_image("web", "1.0.1")),
            Advice("full log", advice.Shell("less .pipeline/runs/20261123T181500Z/check.log")),
        ),
    )
    error.add_note("web 1.0.1 cannot be promoted.")
    output.error(error)
