"""Whether this machine has a way into a network, and where its requests come from."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.definition import rules
from pipeline.definition.model import Environment
from pipeline.errors import UsageError
from pipeline.planning.build.access import VARIABLE

ROUTES = Path("/proc/net/route")
_DESTINATION, _MASK = 1, 7
"""The columns of Linux's routing table that hold numbers of the machine's own byte order."""


def runner(environment: Environment, environ: Mapping[str, str] = os.environ) -> str:
    """The address that public machines admit: this run's, else the environment's; "" for none.

    Raises UsageError for what is no address.
    """
    said = environ.get(VARIABLE, "")
    if said and not rules.RUNNER.accepts(said):
        raise UsageError(f"{VARIABLE}={said} is not {rules.RUNNER.noun}; {rules.RUNNER.right}")
    return said or environment.runner_address


def has_way(environment: Environment, table: Path = ROUTES) -> bool | None:
    """Whether a route other than the default one leads there; None where nobody can tell.

    Nobody can where Azure itself is asked at an address of this machine: behind a tunnel, or by an
    emulator.
    """
    prefix = environment.network.subnet_prefix or environment.network.address_space
    if not prefix or _is_own(urlsplit(environment.cloud.resource_manager).hostname or ""):
        return None
    wanted = ipaddress.IPv4Network(prefix)
    try:
        return any(wanted.overlaps(route) for route in _routes(table))
    except (OSError, ValueError, LookupError):
        return None


def _is_own(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _routes(table: Path) -> Iterator[ipaddress.IPv4Network]:
    for line in table.read_text().splitlines()[1:]:
        columns = line.split("\t")
        route = ipaddress.IPv4Network((_address(columns[_DESTINATION]), _address(columns[_MASK])))
        if route.prefixlen:
            yield route


def _address(column: str) -> str:
    return socket.inet_ntoa(struct.pack("=L", int(column, 16)))
