"""Asking a frontend which version responds, over a fresh connection each time.

A fresh connection is a new flow: only new flows are sure to go where the rules lead now.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

from pipeline.errors import NotConfirmed, StillRunning
from pipeline.execution.patience import Patience
from pipeline.execution.run.work import Work
from pipeline.execution.wait import wait_until
from pipeline.planning.swap.steps import VerifyVersion

TIMEOUT = 10.0
"""Seconds for one connection and its answer."""
PAUSE = 0.5
"""Seconds after an answer that was not the wanted one."""
LOOK_EVERY = 5.0
"""Seconds between looks at what is behind the address, while it does not answer as it should."""


class UnnamedError(ValueError):
    """A health page that names no version."""


def version_at(url: str) -> str:
    """The version that answers a health page; raises OSError or ValueError when none does."""
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    try:
        connection.request("GET", parts.path or "/", headers={"Connection": "close"})
        answer = connection.getresponse()
        content = answer.read()
    except http.client.HTTPException as error:
        raise OSError(f"no HTTP answer: {type(error).__name__}") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise ValueError(f"HTTP {answer.status}")
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict) or "version" not in document:
        raise UnnamedError("a response that names no version")
    return str(document["version"])


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

    try:
        wait_until(
            consecutive,
            step.url,
            patience=Patience(step.patience, "as long as the plan says"),
            clock=work.clock,
            every=PAUSE,
            still_waiting=work.still_waiting,
        )
    except StillRunning as late:
        told = ", ".join(f"{count} x {what}" for what, count in seen.most_common())
        confirmed = step.version or "a response"
        raise NotConfirmed(
            f"{step.url}: could not confirm {confirmed} in {late.waited:.0f} s; seen: {told}"
        ) from None
    work.seen = f"{step.responses} consecutive responses{wanted} at {step.url}"


def _ask(step: VerifyVersion) -> tuple[str, bool]:
    """What a response says, and whether it is a wanted one."""
    try:
        version = version_at(step.url)
    except TimeoutError:
        return "no response", False
    except OSError as error:
        return error.strerror or type(error).__name__, False
    except UnnamedError:
        return "a response that names no version", not step.version
    except ValueError as error:
        return str(error), False
    return version, version == step.version or not step.version


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    # Azure's own probes do not check certificates either, and no name leads to a frontend yet.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
