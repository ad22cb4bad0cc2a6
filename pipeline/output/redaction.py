"""Secrets are removed here, at the one edge between us and whoever reads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.output.harmless import without_control

_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(?i:(?<=sig=)|(?<=[?&]s=))[\w%+/=-]{16,}")


class Redactor:
    """Replaces known secrets, and what looks like a token or a signature."""

    def __init__(self) -> None:
        self._secrets: set[str] = set()

    def hide(self, secret: str) -> None:
        """Never let this through."""
        if secret:
            self._secrets.add(secret)

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
