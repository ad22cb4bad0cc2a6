"""The host's own apt sources: which are Debian's, what they offer, and how apt reaches them.

Both spellings are read: one line per source (`*.list`) and stanzas of fields (`*.sources`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

APT_SETTINGS: Final = re.compile(
    r"^Acquire::(Check-\S+|By-Hash|Retries|ForceIPv[46]|https?::\S+) ", re.IGNORECASE
)
"""Settings that decide whether a mirror can be used at all, so the guest needs them too."""

COMPONENTS: Final = frozenset({"main", "contrib", "non-free", "non-free-firmware"})


@dataclass(frozen=True, slots=True)
class Source:
    """One suite of an archive. `signed_by` is a keyring's path, or empty for apt's own choice."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str

    @property
    def release(self) -> str:
        """Address of the signed index that describes the suite."""
        return f"{self.uri.rstrip('/')}/dists/{self.suite}/InRelease"

    def line(self) -> str:
        """The source as `sources.list` spells it."""
        options = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {options}{self.uri} {self.suite} {' '.join(self.components)}"


@dataclass(frozen=True, slots=True)
class Release:
    """What an `InRelease` says about its suite."""

    origin: str
    date: datetime


def candidates(etc_apt: Path, codename: str) -> tuple[Source, ...]:
    """The sources that may be Debian's: suites of `codename`, with no components but Debian's.

    A vendor's archive can look the same; only its release's origin differs (see `Release`).
    """
    found: list[Source] = []
    folder = etc_apt / "sources.list.d"
    for path in (etc_apt / "sources.list", *sorted(folder.glob("*.list"))):
        if path.is_file():
            found += _one_line(path.read_text())
    for path in sorted(folder.glob("*.sources")):
        found += _stanzas(path.read_text())
    suites = {codename, *(f"{codename}-{kind}" for kind in ("updates", "security"))}
    return tuple(
        dict.fromkeys(s for s in found if s.suite in suites and set(s.components) <= COMPONENTS)
    )


def _one_line(text: str) -> list[Source]:
    found = []
    for line in text.splitlines():
        match = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+([^#]+)", line.strip())
        if not match:
            continue
        options, uri, suite, components = match.groups()
        signed = re.search(r"signed-by=(\S+)", options or "", re.IGNORECASE)
        keyring = signed[1] if signed else ""
        found.append(Source(_address(uri), suite, tuple(components.split()), keyring))
    return found


def _stanzas(text: str) -> list[Source]:
    found = []
    uncommented = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", uncommented):
        unfolded = re.sub(r"\n[ \t]+", " ", stanza)
        pairs = (line.partition(":") for line in unfolded.splitlines() if ":" in line)
        fields = {key.strip().lower(): value.strip() for key, _, value in pairs}
        is_on = fields.get("enabled", "yes").lower() not in {"no", "false", "0"}
        if not is_on or "deb" not in fields.get("types", "").split():
            continue
        keyring = fields.get("signed-by", "")
        found += [
            # A key written into the stanza is Debian's, in whose keyring the guest has it anyway.
            Source(_address(uri), suite, components, keyring if keyring.startswith("/") else "")
            for components in (tuple(fields.get("components", "").split()),)
            for uri in fields.get("uris", "").split()
            for suite in fields.get("suites", "").split()
        ]
    return found


def _address(uri: str) -> str:
    """`mirror+file:` names a list of mirrors on the host; the guest gets the first of them."""
    if uri.startswith("mirror+file:"):
        mirrors = Path(uri.removeprefix("mirror+file:")).read_text().split()
        return mirrors[0] if mirrors else uri
    return uri


def parse_release(text: str) -> Release:
    """The fields of an `InRelease` that we use. Raises ValueError when it has none."""
    fields = dict(re.findall(r"^(Origin|Date): *(.+?)\s*$", text, re.MULTILINE))
    if "Date" not in fields:
        raise ValueError("an InRelease without a Date")
    return Release(fields.get("Origin", ""), parsedate_to_datetime(fields["Date"]).astimezone(UTC))


def version_of(releases: Iterable[Release]) -> str:
    """The marketplace version of an image made from these suites, in the form Azure's Debian images
    have, `0.YYYYMMDD.N`: the day of the newest release, and as N its time of day, HHMM."""
    newest = max(release.date for release in releases)
    return f"0.{newest:%Y%m%d}.{int(f'{newest:%H%M}')}"


def version_order(version: str) -> tuple[int, ...]:
    """Sorts versions by their numbers, oldest first."""
    return tuple(int(number) for number in version.split("."))


def apt_settings(dump: str) -> tuple[str, ...]:
    """The lines of `apt-config dump` that the guest needs to reach the same mirrors."""
    return tuple(line for line in dump.splitlines() if APT_SETTINGS.match(line))
