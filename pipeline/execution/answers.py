"""Asking a frontend which version answers, over a fresh connection each time.

A fresh connection is a new flow: only new flows are sure to go where the rules lead now.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections import Counter
from urllib.parse import urlsplit

from pipeline.errors import Unreachable
from pipeline.execution.run import Attempt
from pipeline.execution.wait import PATIENCE

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
        raise ValueError("an answer that names no version")
    return str(document["version"])


def prove(url: str, version: str, answers: int, attempt: Attempt) -> None:
    """Ask until so many answers in a row came from the version.

    Raises Unreachable, telling what was seen instead, when patience runs out.
    """
    seen: Counter[str] = Counter()
    in_a_row = 0
    started = attempt.clock.now()
    while in_a_row < answers:
        what = _ask(url)
        seen[what] += 1
        if what == version:
            in_a_row += 1
            continue
        in_a_row = 0
        waited = attempt.clock.now() - started
        if waited >= PATIENCE["answers"]:
            told = ", ".join(f"{count} x {what}" for what, count in seen.most_common())
            raise Unreachable(f"{url}: not surely {version} after {waited:.0f} s; seen: {told}")
        attempt.still_waiting(waited)
        attempt.clock.sleep(PAUSE)


def _ask(url: str) -> str:
    try:
        return version_at(url)
    except TimeoutError:
        return "no answer"
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
