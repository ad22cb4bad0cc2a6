"""Packer's output, line by line: its phases, what went wrong, and where in a template.

The ordinary output is read, not the machine-readable one: that did not mask sensitive variables
before Packer 1.15.1. The words are Packer's and its Azure plugin's, both generations'.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from pipeline.errors import Mistake

MASK = "<sensitive>"

SHOWN = 12
"""How many of the last lines of a provisioner say why it failed."""

PHASES = (
    "Creating resource group",
    "Deploying deployment template",
    "Waiting for SSH to become available",
    "Uploading",
    "Provisioning with",
    "Powering off machine",
    "Capturing image",
    "Publishing to Shared Image Gallery",
    "Deleting Virtual Machine deployment",
    "Cleanup requested, deleting resource group",
)

_LINE = re.compile(r"^(==>|   ) (?P<build>[\w.-]+): (?P<text>.*)$")
_FAILURE = re.compile(r"^--> [\w.-]+: (?P<text>.*)$")
_END = re.compile(r"^==> (Builds finished|Some builds|Wait completed)")
_IN_TEMPLATE = re.compile(
    r"^Error: (?P<what>[^\n]+)\n\s*\n +on (?P<file>\S+) line (?P<line>\d+)"
    r"(?P<rest>.*?)(?=^Error: |\Z)",
    re.MULTILINE | re.DOTALL,
)


def mask(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    return text


class Follower:
    """Takes Packer's lines as they come and remembers what a reader will want."""

    def __init__(self) -> None:
        self.phase = ""
        self.started = False
        """Whether a build began: before that, only the template can be wrong."""
        self._spoken: deque[str] = deque(maxlen=SHOWN)
        self._errors: list[str] = []
        self._in_summary = False

    def take(self, line: str) -> str:
        """One line; the phase that begins with it, or ""."""
        if summary := _FAILURE.match(line):
            self._in_summary = True
            self._errors.append(summary["text"])
        elif _END.match(line):
            self._in_summary = False
        elif self._in_summary:
            self._errors.append(line)
        elif found := _LINE.match(line):
            self.started = True
            return self._said(found["text"])
        return ""

    def _said(self, text: str) -> str:
        for phase in PHASES:
            if text.startswith(phase):
                self.phase = text.rstrip(" .")
                return self.phase
        if self.phase.startswith("Provisioning with"):
            self._spoken.append(text)
        return ""

    def failure(self) -> str:
        """Why it failed, in Packer's words, after the last that the provisioner said."""
        reason = "\n".join(line for line in self._errors if line.strip())
        spoken = "\n".join(f"  {line}" for line in self._spoken)
        if "Script exited" in reason and spoken:
            return f"{reason}\n{spoken}"
        return reason or "Packer ended without saying why"


def mistakes_in(output: str, root: Path) -> tuple[Mistake, ...]:
    """What Packer says about a template, by file and line relative to `root`."""
    return tuple(
        Mistake(
            _relative(found["file"], root), int(found["line"]), found["what"], _explained(found)
        )
        for found in _IN_TEMPLATE.finditer(output)
    )


def _relative(file: str, root: Path) -> str:
    path = Path(file)
    return str(path.relative_to(root)) if path.is_relative_to(root) else file


def _explained(found: re.Match[str]) -> str:
    """The sentence below the quoted source lines, on one line."""
    paragraphs = re.split(r"\n\s*\n", found["rest"].strip())
    return " ".join(paragraphs[1].split()) if len(paragraphs) > 1 else ""
