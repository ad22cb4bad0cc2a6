"""Loopback addresses for tests that serve in their own process."""

from __future__ import annotations

import atexit
import functools
from ipaddress import IPv4Network

from tests.conftest import free_addresses


@functools.cache
def address_block() -> str:
    """A block that no other test process on this machine uses; held until this process ends."""
    context = free_addresses()
    block = context.__enter__()
    atexit.register(context.__exit__, None, None, None)
    return block


def address(number: int) -> str:
    """One address of that block."""
    return str(IPv4Network(address_block())[number])
