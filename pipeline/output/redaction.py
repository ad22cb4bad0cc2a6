"""Secrets are removed here, at the one edge between us and whoever reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.output.harmless import without_control

_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(?i:(?<=sig=)|(?<=[?&]s=))[\w%+/=-]{16,}")

SHORTEST_LINE = 8
"""Of a secret with several lines, letters of one that must not be seen by itself either."""


def is_telling(line: str) -> bool:
    """Whether one line of a secret gives it away."""
    return len(line) >= SHORTEST_LINE


class Redactor:
    """Replaces known secrets, and what looks like a token or a signature."""

    def __init__(self) -> None:
        self._secrets: dict[str, None] = {}

    def hide(self, secret: str) -> None:
        """Never let this through, nor a line of it."""
        for part in (secret, *filter(is_telling, secret.splitlines())):
            if part:
                self._secrets[part] = None

    def clean(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _TOKEN.sub("***", text)


def cleaned(value: object, secrets: Redactor) -> object:
    """A document without secrets, and without what commands a terminal.

    Secrets are looked for twice: removing a control character can put one together.
    """
    if isinstance(value, str):
        return secrets.clean(without_control(secrets.clean(value)))
    if isinstance(value, Mapping):
        return {cleaned(key, secrets): cleaned(one, secrets) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(one, secrets) for one in value]
    return value
