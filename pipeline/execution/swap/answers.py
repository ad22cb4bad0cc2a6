"""Asking a frontend which version responds, over a fresh connection each time.

A fresh connection is a new flow: only new flows are sure to go where the rules lead now.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections import Counter
from urllib.parse import urlsplit

from pipeline.errors import NotConfirmed, StillRunning
from pipeline.execution.patience import RESPONSES
from pipeline.execution.run.work import Work
from pipeline.execution.wait import wait_until

TIMEOUT = 10.0
"""Seconds for one connection and its answer."""
PAUSE = 0.5
"""Seconds after an answer that was not the wanted one."""


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
    document = json.loads(content)
    if not isinstance(document, dict) or "version" not in document:
        raise ValueError("a response that names no version")
    return str(document["version"])


def verify(url: str, version: str, responses: int, work: Work) -> None:
    """Ask until so many consecutive responses came from the version.

    Raises NotConfirmed, telling what was seen instead, when patience runs out.
    """
    seen: Counter[str] = Counter()

    def consecutive() -> bool | None:
        for number in range(responses):
            what = _ask(url)
            seen[what] += 1
            if what != version:
                work.seen = f"{number} consecutive responses from {version}, then: {what}"
                return None
        return True

    try:
        wait_until(
            consecutive,
            url,
            patience=RESPONSES,
            clock=work.clock,
            every=PAUSE,
            still_waiting=work.still_waiting,
        )
    except StillRunning as late:
        told = ", ".join(f"{count} x {what}" for what, count in seen.most_common())
        raise NotConfirmed(
            f"{url}: could not confirm {version} in {late.waited:.0f} s; seen: {told}"
        ) from None
    work.seen = f"{responses} consecutive responses from {version} at {url}"


def _ask(url: str) -> str:
    try:
        return version_at(url)
    except TimeoutError:
        return "no response"
    except OSError as error:
        return error.strerror or type(error).__name__
    except ValueError as error:
        return str(error)


def _connection(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    # Azure's own probes do not check certificates either, and no name leads to a frontend yet.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
