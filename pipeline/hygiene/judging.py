"""Judging what `look.sh` found on a machine: which of it was on the captured disk, or is open.

The machine of a check has an account, a key and ports of its own; those are expected. What is
found is named by its place, never by what is in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Any

EXPECTED = "HYGIENE_EXPECTED"
"""The variable of the environment with what is expected, as JSON."""

LOOKED = "looked"
DONE = "done"
"""Kinds of which nothing is found: how the look began, and that it came to its end."""

SHOWN = 5
"""Things of one kind that are named; the number of all others is told."""

_EPHEMERAL = 32768
"""Linux's first port for clients (net.ipv4.ip_local_port_range)."""
_MAPPED = b"\0" * 10 + b"\xff\xff"
"""In front of an IPv4 address that an IPv6 socket has."""
_OF_CLIENTS = frozenset({68, 123, 546})
"""UDP ports that a machine's own clients of DHCP and NTP hold open."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is looked for: in words, and what takes it away."""

    words: str
    remedy: str


_DEPROVISION = "waagent -force -deprovision+user, the template's last provisioner"
KINDS: Mapping[str, Kind] = {
    "ssh_host_keys": Kind("every machine would have the same SSH host keys", _DEPROVISION),
    "machine_id": Kind("every machine would have the same id", "empty /etc/machine-id"),
    "random_seed": Kind("every machine would begin with the same random seed", "delete it"),
    "dhcp_leases": Kind("leases of the machine that was baked on", _DEPROVISION),
    "journal": Kind("the journal of the bake", "delete what is in /var/log/journal"),
    "cloud_init": Kind("what cloud-init knows of the bake", "cloud-init clean --logs"),
    "agent_state": Kind("what the Azure Linux Agent knows of the bake", _DEPROVISION),
    "build_user": Kind("an account that the check did not make", _DEPROVISION),
    "sudoers": Kind("root without a password, for whoever has the name", "delete the rule"),
    "password_hashes": Kind("an account with a password in the image", "passwd --lock NAME"),
    "authorized_keys": Kind("a key that opens every machine", "delete the file"),
    "known_hosts": Kind("hosts that the bake talked to", "delete the file"),
    "histories": Kind("commands of whoever was on the machine", "delete the file"),
    "private_keys": Kind("a private key that every machine has", "fetch it at the first boot"),
    "tokens": Kind("a text shaped like a token or a key", "revoke it, and bake without it"),
    "credential_files": Kind("passwords for other systems", "revoke them, and bake without them"),
    "cloud_credentials": Kind("a sign-in to a cloud", "revoke it, and bake without it"),
    "registry_logins": Kind("a sign-in to a registry", "log out in the script that logs in"),
    "kubeconfig": Kind("a sign-in to a cluster", "revoke it, and bake without it"),
    "world_writable": Kind("everybody may write it", "chmod o-w, or +t for a folder"),
    "setuid": Kind("runs as its owner or group, and is of no package", "chmod ug-s"),
    "listening": Kind("listens for other machines, and no rule or health leads there", "stop it"),
    "core_dumps": Kind("the memory of a program", "delete it"),
    "temporary_files": Kind("left by the bake", "delete it"),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a machine has because it is the machine of a check, and what its image declares."""

    user: str
    key: str
    """The public key of the run, in base 64."""
    ports: frozenset[int]
    """Where it may listen."""
    skip: frozenset[str] = frozenset()
    allow: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> Expected:
        """From JSON."""
        said: dict[str, Any] = json.loads(text)
        return cls(
            user=str(said["user"]),
            key=str(said["key"]),
            ports=frozenset(said["ports"]),
            skip=frozenset(said["skip"]),
            allow=tuple(said["allow"]),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong, by kind; `problem` is why the machine could not be looked at."""

    things: Mapping[str, tuple[str, ...]]
    problem: str = ""

    def told(self, kind: str) -> str:
        """What of a kind is wrong, in two lines; "" for nothing."""
        if self.problem:
            return self.problem
        things = self.things.get(kind, ())
        if not things:
            return ""
        hidden = len(things) - SHOWN
        more = f" and {hidden} more" if hidden > 0 else ""
        about = KINDS[kind]
        return f"{kind}: {', '.join(things[:SHOWN])}{more}\n{about.words}; {about.remedy}"


def judged(told: str, expected: Expected) -> Found:
    """What `look.sh` printed, without what is expected or allowed."""
    sections = _sections(told)
    troubles = [line[1:] for line in sections.get(LOOKED, ["!its shell ran none of it"])]
    if DONE not in sections:
        troubles.append("the look ended early")
    problem = f"the disk could not be looked at: {'; '.join(troubles)}" if troubles else ""
    things = {
        kind: tuple(
            thing
            for thing in dict.fromkeys(_OF_KIND.get(kind, _as_told)(lines, expected))
            if not any(fnmatchcase(thing, pattern) for pattern in expected.allow)
        )
        for kind, lines in sections.items()
        if kind in KINDS and kind not in expected.skip
    }
    return Found(things, problem)


def _sections(told: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for item in told.split("\0"):
        if item.startswith("#"):
            lines = sections.setdefault(item[1:], [])
        elif item:
            lines.append(item)
    return sections


def _as_told(lines: Iterable[str], _: Expected) -> Iterable[str]:
    return sorted(lines)


def _users(lines: Iterable[str], expected: Expected) -> Iterator[str]:
    """Accounts besides that of the check; that one, too, where the image has its home already."""
    for line in lines:
        name, _, made = line.partition(" ")
        if name != expected.user or made == "captured":
            yield name


def _keys(lines: Iterable[str], expected: Expected) -> Iterator[str]:
    for line in lines:
        key, _, path = line.partition(" ")
        if key != expected.key:
            yield path


def _sudoers(lines: Iterable[str], expected: Expected) -> Iterator[str]:
    for line in lines:
        who, _, path = line.partition(" ")
        if who != expected.user:
            yield path


def _ports(lines: Iterable[str], expected: Expected) -> Iterator[str]:
    open_ports = {(table.removesuffix("6"), port) for table, port in map(_socket, lines) if port}
    for table, port in sorted(open_ports):
        is_client = table == "udp" and (port in _OF_CLIENTS or port >= _EPHEMERAL)
        if port not in expected.ports and not is_client:
            yield f"{table} {port}"


def _socket(line: str) -> tuple[str, int]:
    """A table and a port, as /proc/net has them; 0 for one that only the machine itself reaches.

    Addresses are words of 32 bits in the machine's byte order, which is little-endian on all that
    Azure has.
    """
    table, _, where = line.partition(" ")
    address, _, port = where.partition(":")
    words = [address[start : start + 8] for start in range(0, len(address), 8)]
    octets = b"".join(bytes.fromhex(word)[::-1] for word in words)
    is_own = ip_address(octets.removeprefix(_MAPPED)).is_loopback
    return table, 0 if is_own else int(port, 16)


_OF_KIND: Mapping[str, Callable[[Iterable[str], Expected], Iterable[str]]] = {
    "build_user": _users,
    "authorized_keys": _keys,
    "sudoers": _sudoers,
    "listening": _ports,
}
"""How what is found of a kind is judged, where not all of it is wrong."""
