"""A claim: who works at an image, with what, and until when by Azure's clock.

Times are ISO 8601 in UTC to the second (`2026-11-23T18:15:00Z`), so that text sorts as time does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

LONGEST_TEXT = 200
"""Characters that are kept of a name, a host, a link or a reason."""
LONGEST_TAG = 256
"""Characters of a tag's value."""


def reason(why: str) -> str:
    """A reason as it is kept: on one line, and not too long."""
    return " ".join(why.split())[:LONGEST_TEXT]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person or the one who started a CI run; where; `link` leads to the CI run."""

    name: str
    host: str
    link: str = ""

    def __str__(self) -> str:
        return f"by {self.name} on {self.host}{f', {self.link}' if self.link else ''}"

    @property
    def tag(self) -> str:
        """As a tag's value, of which Azure takes 256 characters: `ann@runner-7`, and the link."""
        where = f"{self.name}@{self.host}"[:LONGEST_TAG]
        whole = f"{where} {self.link}".strip()
        return whole if len(whole) <= LONGEST_TAG else where

    @property
    def metadata(self) -> dict[str, str]:
        """As a record set keeps it."""
        parts = {"actor": self.name, "host": self.host, "link": self.link}
        return {key: value[:LONGEST_TEXT] for key, value in parts.items()}

    @classmethod
    def of_tag(cls, tag: str) -> Actor:
        """From `tag`; `?` where it does not say."""
        where, _, last = tag.rpartition(" ")
        link = last if "://" in last else ""
        name, _, host = (where if link else tag).rpartition("@")
        return cls(name or "?", host or "?", link)

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Actor:
        """From a record set; `?` where it does not say."""
        name, host = (metadata.get(key) or "?" for key in ("actor", "host"))
        return cls(name, host, metadata.get("link", ""))


@dataclass(frozen=True, slots=True)
class Claim:
    """What a run claims. `expires` is when others may take it over, `acquired` when it began."""

    run: str
    command: str
    actor: Actor
    acquired: str = ""
    expires: str = ""

    def __str__(self) -> str:
        return f"{self.run} (command {self.command}, {self.actor})"

    @property
    def words(self) -> str:
        """Who holds it, since when and until when."""
        return f"claimed by {self} since {self.acquired}, until {self.expires}"

    @property
    def document(self) -> dict[str, str]:
        """For programs."""
        return {**self.metadata, "actor": self.actor.name}

    @property
    def metadata(self) -> dict[str, str]:
        """As a record set keeps it."""
        return {
            "run": self.run,
            "command": self.command,
            **self.actor.metadata,
            "acquired": self.acquired,
            "expires": self.expires,
        }

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Claim:
        """From a record set; whatever it does not say is `?`, and so it never expires."""
        run, command, acquired, expires = (
            metadata.get(key) or "?" for key in ("run", "command", "acquired", "expires")
        )
        return cls(run, command, Actor.read(metadata), acquired, expires)

    def is_over(self, now: str) -> bool:
        """Whether others may take it over at this time, by Azure's clock."""
        return self.expires < now

    def renewed(self, now: str, until: str) -> Claim:
        """The same claim until later."""
        return replace(self, acquired=self.acquired or now, expires=until)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why an image is not promoted, who said so and when."""

    why: str
    actor: Actor
    since: str

    def __str__(self) -> str:
        return f"on hold since {self.since}, {self.actor}: {reason(self.why)}"

    @property
    def document(self) -> dict[str, str]:
        """For programs."""
        return self.metadata

    @property
    def metadata(self) -> dict[str, str]:
        """As a record set keeps it."""
        return {"why": reason(self.why), **self.actor.metadata, "since": self.since}

    @classmethod
    def read(cls, metadata: Mapping[str, str]) -> Hold:
        """From a record set."""
        why, since = (metadata.get(key) or "?" for key in ("why", "since"))
        return cls(why, Actor.read(metadata), since)
