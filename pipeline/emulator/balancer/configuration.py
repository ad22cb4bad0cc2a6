"""HAProxy's configuration as text. Nothing here reads or writes anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.emulator.balancer.traffic import Backend, Frontend, Probe, Rule

DOWN_INTERVAL = 500
"""Milliseconds between probes of a member that is down or changing, and before its first one.

Azure waits a whole interval, and for as many successes as its threshold says; a new member would
then wait for the clock rather than for itself.
"""


@dataclass(frozen=True, slots=True)
class Server:
    """One member of one backend in one running HAProxy; names are never used twice."""

    backend: Backend
    name: str
    address: str

    @property
    def path(self) -> str:
        """How HAProxy's commands name it."""
        return f"{self.backend.name}/{self.name}"

    @property
    def arguments(self) -> str:
        """What follows its name, in the configuration and in `add server` alike."""
        words = [f"{self.address}:{self.backend.port}"]
        probe = self.backend.probe
        if probe is not None:
            words.append(
                f"check port {probe.port} inter {probe.interval}s"
                f" downinter {DOWN_INTERVAL}ms fastinter {DOWN_INTERVAL}ms"
                f" rise 1 fall {probe.down_after}"
            )
            if probe.protocol == "https":
                words.append("check-ssl verify none")
        return " ".join(words)


@dataclass(frozen=True, slots=True)
class Structure:
    """What only a new process can change: the sockets, and the backends with their probes."""

    frontends: frozenset[Frontend] = frozenset()
    backends: frozenset[Backend] = frozenset()

    def covers(self, other: Structure) -> bool:
        """Whether all of the other is here already."""
        return other.frontends <= self.frontends and other.backends <= self.backends


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one generation of HAProxy. The folder's path has no blank and is short."""

    folder: Path
    generation: int

    @property
    def configuration(self) -> Path:
        """The configuration file."""
        return self.folder / f"{self.generation}.cfg"

    @property
    def control(self) -> Path:
        """The socket that takes commands."""
        return self.folder / f"{self.generation}.sock"

    @property
    def health(self) -> Path:
        """What the previous generation knew about its servers' health."""
        return self.folder / f"{self.generation}.health"

    @property
    def rules(self) -> Path:
        """Frontend → backend, as it was when this generation began."""
        return self.folder / f"{self.generation}.rules"


def configuration(
    structure: Structure, servers: Iterable[Server], places: Places, connections: int
) -> str:
    """The whole file. `connections` is how many may be open at once."""
    by_backend: dict[Backend, list[Server]] = {backend: [] for backend in structure.backends}
    for server in servers:
        by_backend[server.backend].append(server)
    frontends = sorted(structure.frontends, key=lambda frontend: frontend.name)
    backends = sorted(by_backend, key=lambda backend: backend.name)
    sections = [
        _preamble(places, connections),
        *(_frontend(frontend, places.rules) for frontend in frontends),
        *(_backend(backend, by_backend[backend]) for backend in backends),
    ]
    return "\n".join(sections)


def rules_map(rules: Iterable[Rule]) -> dict[str, str]:
    """Frontend name → backend name."""
    return {rule.frontend.name: rule.backend.name for rule in rules}


def map_file(rules: Mapping[str, str]) -> str:
    """The text of a map file."""
    return "".join(f"{frontend} {backend}\n" for frontend, backend in sorted(rules.items()))


def _preamble(places: Places, connections: int) -> str:
    return f"""\
global
    stats socket {places.control} mode 600 level admin expose-fd listeners
    server-state-file {places.health}
    nbthread 1
    maxconn {connections}

defaults
    mode tcp
    load-server-state-from-file global
    timeout connect 30s
    timeout check 10s
    retries 0
"""


def _frontend(frontend: Frontend, rules: Path) -> str:
    return f"""\
frontend {frontend.name}
    bind {frontend.name}
    timeout client {frontend.idle_seconds}s
    use_backend %[str({frontend.name}),map({rules})]
"""


def _backend(backend: Backend, servers: list[Server]) -> str:
    lines = [
        f"backend {backend.name}",
        f"    balance {'source' if backend.by_source else 'roundrobin'}",
        f"    timeout server {backend.idle_seconds}s",
        *_http_check(backend.probe),
        *(f"    server {server.name} {server.arguments} weight 100" for server in servers),
    ]
    return "\n".join(lines) + "\n"


def _http_check(probe: Probe | None) -> list[str]:
    if probe is None or probe.protocol == "tcp":
        return []
    return [
        "    option httpchk",
        f"    http-check send meth GET uri {_quoted(probe.path)} ver HTTP/1.1 hdr Host localhost",
        "    http-check expect status 200",
    ]


def _quoted(text: str) -> str:
    """As one word, nothing in it special."""
    return "'" + text.replace("'", "'\\''") + "'"
