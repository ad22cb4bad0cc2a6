"""Loopback addresses: every NIC, public address and frontend has one of its own."""

from __future__ import annotations

import ipaddress

from pipeline.emulator.arm.store import Store

_FACT = "addresses"


class Addresses:
    """The address block of one emulator, split in halves: private (NICs, frontends) and public.

    An owner (any text, by convention a resource id in lower case) keeps its address until it is
    released, also across restarts.
    """

    def __init__(self, store: Store, block: str = "127.80.0.0/15") -> None:
        network = ipaddress.IPv4Network(block)
        if not network.is_loopback:
            raise ValueError(f"{block} is not within 127.0.0.0/8")
        private, public = network.subnets(prefixlen_diff=1)
        self._halves = {"private": private, "public": public}
        self._store = store
        self._owners: dict[str, str] = store.fact(_FACT, dict[str, str]) or {}

    def take(self, owner: str, half: str = "private") -> str:
        """The owner's address; a new one on first asking. Raises RuntimeError when none is left."""
        key = owner.lower()
        if key not in self._owners:
            taken = set(self._owners.values())
            free = (str(host) for host in self._halves[half].hosts() if str(host) not in taken)
            address = next(free, None)
            if address is None:
                raise RuntimeError(f"no address is left in {self._halves[half]}")
            self._owners[key] = address
            self._store.set_fact(_FACT, self._owners)
        return self._owners[key]

    def release(self, owner: str) -> None:
        """Give the owner's address back; no error when it has none."""
        if self._owners.pop(owner.lower(), None) is not None:
            self._store.set_fact(_FACT, self._owners)
