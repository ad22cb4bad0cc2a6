"""What traffic is wanted, as values: rules, backends, members and probes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


class BalancerError(Exception):
    """HAProxy is missing, or refused what was asked of it; the text says what and why."""


@dataclass(frozen=True, slots=True)
class Probe:
    """How a member proves that it may get new connections. `interval` is in seconds.

    One success lets traffic in, `down_after` failures in a row keep it out. `path` is for `http`
    and `https`, which want status 200 and nothing else, as Azure does.
    """

    protocol: Literal["tcp", "http", "https"]
    port: int
    path: str = "/"
    interval: int = 15
    down_after: int = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """What the probe of a member found last.

    `status` is HAProxy's word for the member (`UP`, `UP 1/2`, `DOWN`), `check` that for the probe
    (`L7OK`, `L7STS`, `L4CON`, `INI` before the first one ended).
    """

    status: str
    check: str


@dataclass(frozen=True, slots=True)
class Backend:
    """Members that share a port and a probe. Health belongs to it, and outlives any rule.

    `pool` is whatever name the caller gives the set of members; `idle_seconds` is how long a
    connection may be silent; `by_source` keeps a client address on one member.
    """

    pool: str
    port: int
    probe: Probe | None
    idle_seconds: int = 240
    by_source: bool = False

    @property
    def name(self) -> str:
        """A name HAProxy accepts, the same for the same backend in every process."""
        return "b" + hashlib.sha256(repr(self).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class Rule:
    """Connections to `address:port` go to the members of a backend."""

    address: str
    port: int
    backend: Backend

    @property
    def frontend(self) -> Frontend:
        """Where the rule listens."""
        return Frontend(self.address, self.port, self.backend.idle_seconds)


@dataclass(frozen=True, slots=True)
class Frontend:
    """A listening socket."""

    address: str
    port: int
    idle_seconds: int

    @property
    def name(self) -> str:
        """Its name in HAProxy and in the map of rules."""
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Traffic:
    """All rules, and the addresses of each backend's members."""

    rules: frozenset[Rule] = frozenset()
    members: Mapping[Backend, frozenset[str]] = field(default_factory=dict)

    @property
    def frontends(self) -> frozenset[Frontend]:
        """Every socket that listens."""
        return frozenset(rule.frontend for rule in self.rules)

    @property
    def backends(self) -> frozenset[Backend]:
        """Every backend, with or without a rule."""
        return frozenset(self.members) | {rule.backend for rule in self.rules}
