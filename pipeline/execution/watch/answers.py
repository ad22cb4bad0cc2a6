"""Proving which version responds at a frontend, over a fresh connection each time.

A fresh connection is a new flow: only new flows are sure to go where the rules lead now.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

from pipeline.definition.balancing import JSON, VersionIn
from pipeline.execution.run.work import Work
from pipeline.execution.watch.exchange import LOST, UNNAMED, ask_afresh, reason_of
from pipeline.execution.watch.proofs import prove, told
from pipeline.planning.watch.steps import VerifyVersion
from pipeline.planning.watch.targets import Protocol, Target

LATE = 10.0
"""Seconds for one connection and its answer."""
LOOK_EVERY = 5.0
"""Seconds between looks at what is behind the address, while it does not answer as it should."""


def version_at(url: str, told: VersionIn = JSON) -> str:
    """The version that answers a health page, UNNAMED where it tells none; TCP of `tcp://…`.

    Raises what LOST lists when nothing answers, ValueError for an answer that is none (`HTTP 500`).
    """
    parts = urlsplit(url)
    protocol = cast(Protocol, parts.scheme)
    target = Target("", protocol, parts.hostname or "", parts.port or 0, parts.path or "/", told)

    async def answer() -> str:
        async with asyncio.timeout(LATE):
            found = await ask_afresh(target)
        if found.problem:
            raise ValueError(found.problem)
        return found.version

    return asyncio.run(answer())


def verify(step: VerifyVersion, work: Work, look: Callable[[], None]) -> None:
    """Ask until so many consecutive responses came from the version.

    `look` is called now and then while they do not, and raises what ends the waiting. Raises
    NotConfirmed, telling what was seen instead, when patience runs out.
    """
    seen: Counter[str] = Counter()
    wanted = f" from {step.version}" if step.version else ""
    looked = work.clock.now()

    def consecutive() -> bool | None:
        nonlocal looked
        for number in range(step.responses):
            what, counts = _ask(step)
            seen[what] += 1
            if not counts:
                work.seen = f"{number} consecutive responses{wanted}, then: {what}"
                if work.clock.now() - looked >= LOOK_EVERY:
                    looked = work.clock.now()
                    look()
                return None
        return True

    def instead(waited: float) -> str:
        confirmed = step.version or "a response"
        return f"{step.url}: could not confirm {confirmed} in {waited:.0f} s; seen: {told(seen)}"

    prove(consecutive, step.patience, work, instead)
    work.seen = f"{step.responses} consecutive responses{wanted} at {step.url}"


def _ask(step: VerifyVersion) -> tuple[str, bool]:
    """What a response says, and whether it is a wanted one."""
    try:
        version = version_at(step.url, step.told)
    except TimeoutError:
        return "no response", False
    except ValueError as error:
        return str(error), False
    except LOST as error:
        return reason_of(error), False
    what = "a response that names no version" if version == UNNAMED else version
    return what, version == step.version or not step.version
