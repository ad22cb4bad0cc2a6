"""Packer's output, line by line: its phases, what went wrong, and where in a template.

The ordinary output is read, not the machine-readable one: that did not mask sensitive variables
before Packer 1.15.1. The words are Packer's and its Azure plugin's, both generations'.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.definition.files import relative
from pipeline.errors import Mistake
from pipeline.output.redaction import is_telling

MASK = "<sensitive>"

SHOWN = 12
"""How many of the last lines of a provisioner say why it failed."""

PHASES = (
    "Creating resource group",
    "Deploying deployment template",
    "Waiting for SSH to become available",
    "Waiting for WinRM to become available",
    "Uploading",
    "Downloading",
    "Provisioning with",
    "Running local shell script",
    "Restarting Machine",
    "Powering off machine",
    "Capturing image",
    "Publishing to Shared Image Gallery",
    "Running post-processor",
    "Deleting Virtual Machine deployment",
    "Deleting KeyVault created during build",
    "Cleanup requested, deleting resource group",
)

CLEANING = (
    "Provisioning step had errors",
    "Deleting Virtual Machine deployment",
    "Deleting KeyVault created during build",
    "Cleanup requested, deleting",
)
"""What begins when the build itself is over, however it went."""

_INLINE = r"\S*/packer-shell\d+"
_INLINE_POWERSHELL = r"\S*/powershell-provisioner\d+"
_WORK = (
    (re.compile(rf"Provisioning with shell script: {_INLINE}"), "shell provisioner, inline script"),
    (re.compile(r"Provisioning with shell script: (.+)"), "shell provisioner, {}"),
    (
        re.compile(rf"Provisioning with powershell script: {_INLINE_POWERSHELL}"),
        "powershell provisioner, inline script",
    ),
    (re.compile(r"Provisioning with powershell script: (.+)"), "powershell provisioner, {}"),
    (re.compile(rf"Running local shell script: {_INLINE}"), "shell-local, inline script"),
    (re.compile(r"Running local shell script: (.+)"), "shell-local, {}"),
    (re.compile(r"(?:Uploading|Downloading) (.+)"), "file provisioner, {}"),
    (re.compile(r"Running post-processor:.*?\(type (.+)\)"), "post-processor {}"),
    (re.compile(r"Provisioning with (.+?)[ .]*"), "provisioner {}"),
)
"""The first lines of provisioners and post-processors, and what those are called by."""

_LINE = re.compile(r"^(==>|   ) (?P<build>[\w.-]+)(?: \([\w.-]+\))?: (?P<text>.*)$")
_FAILURE = re.compile(r"^--> (?P<build>[\w.-]+): (?P<text>.*)$")
_END = re.compile(r"^==> (Builds finished|Some builds|Wait completed)")
_COUNTED = re.compile(r"^\d+ error\(s\) occurred:$")
_IN_TEMPLATE = re.compile(
    r"^Error: (?P<what>[^\n]+)\n\s*\n +on (?P<file>\S+) line (?P<line>\d+)"
    r"(?P<rest>.*?)(?=^Error: |\Z)",
    re.MULTILINE | re.DOTALL,
)


def mask(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, nor their lines: Packer writes a name before each line."""
    for secret in secrets:
        for part in (secret, *filter(is_telling, secret.splitlines())):
            text = text.replace(part, MASK) if part else text
    return text


@dataclass(slots=True)
class _Builder:
    """What one of Packer's builders is at, what it said there, and why it failed."""

    name: str
    at: str = ""
    works: bool = False
    """Whether a provisioner or a post-processor is at work."""
    inline: int = 0
    spoken: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN))
    errors: list[str] = field(default_factory=list)

    def said(self, text: str) -> None:
        if text.startswith(CLEANING):
            self.works = False
        elif work := _work(text):
            is_inline = work.endswith("inline script")
            self.inline += is_inline
            inside = self.at.startswith("post-processor") and work.startswith("shell-local")
            named = f"{work} {self.inline}" if is_inline else work
            if inside:
                named = f"{self.at.partition(',')[0]}, {named.removeprefix('shell-local, ')}"
            self.at = named
            self.works = True
            self.spoken.clear()
        elif text.startswith(PHASES):
            self.at, self.works = text.rstrip(" ."), False
            self.spoken.clear()
        elif self.works:
            self.spoken.append(text)

    def failure(self) -> str:
        """Where and why it failed, in Packer's words, and what was said there last."""
        lines = [line for line in self.errors if line.strip() and not _COUNTED.match(line)]
        reason = "\n".join(line.removeprefix("* ") for line in dict.fromkeys(lines))
        where = f"{self.at}: " if self.at else ""
        return "\n".join([f"{where}{reason}", *(f"  {line}" for line in self.spoken)])


def _work(text: str) -> str:
    for pattern, name in _WORK:
        if found := pattern.fullmatch(text):
            return name.format(*found.groups())
    return ""


class Follower:
    """Takes Packer's lines as they come and remembers what a reader will want."""

    def __init__(self) -> None:
        self._builders: dict[str, _Builder] = {}
        self._failed: _Builder | None = None
        """Whose failure the summary tells just now."""

    @property
    def started(self) -> bool:
        """Whether a build began: before that, only the template can be wrong."""
        return bool(self._builders)

    def take(self, line: str) -> str:
        """One line; the phase that begins with it, or ""."""
        if summary := _FAILURE.match(line):
            self._failed = self._of(summary["build"])
            self._failed.errors.append(summary["text"])
        elif _END.match(line):
            self._failed = None
        elif self._failed:
            self._failed.errors.append(line)
        elif found := _LINE.match(line):
            self._of(found["build"]).said(found["text"])
            if found["text"].startswith(PHASES):
                return found["text"].rstrip(" .")
        return ""

    def _of(self, name: str) -> _Builder:
        return self._builders.setdefault(name, _Builder(name))

    def failure(self) -> str:
        """Where and why it failed, of each builder that did; "" when Packer did not say."""
        several = len(self._builders) > 1
        return "\n".join(
            f"{builder.name}: {builder.failure()}" if several else builder.failure()
            for builder in self._builders.values()
            if builder.errors
        )

    def last(self) -> str:
        """What was at work last, for a Packer that was ended: the first builder's."""
        return next((builder.at for builder in self._builders.values() if builder.at), "")


def errors_in(output: str) -> str:
    """What Packer says before any build begins, on one line for each error."""
    found = re.findall(r"(?m)^Error: (.+(?:\n(?!Error: ).*)*)", output)
    return "\n".join(" ".join(error.split()) for error in found)


def missing_plugins(output: str) -> tuple[str, ...]:
    """The plugins, with their versions, that Packer says are required and not installed."""
    if "Missing plugins" not in output:
        return ()
    return tuple(re.findall(r"(?m)^\* (\S+ .+?)\s*$", output))


def mistakes_in(output: str, root: Path) -> tuple[Mistake, ...]:
    """What Packer says about a template, by file and line relative to `root`."""
    return tuple(
        Mistake(
            relative(root, Path(found["file"])),
            int(found["line"]),
            found["what"],
            _explained(found),
        )
        for found in _IN_TEMPLATE.finditer(output)
    )


def _explained(found: re.Match[str]) -> str:
    """The sentence below the quoted source lines, on one line."""
    paragraphs = re.split(r"\n\s*\n", found["rest"].strip())
    return " ".join(paragraphs[1].split()) if len(paragraphs) > 1 else ""
