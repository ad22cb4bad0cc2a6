"""Making HAProxy carry the wanted traffic, without dropping a connection on the way.

Rules and members change inside the running process: rules through a map that is exchanged as a
whole, members as dynamic servers. Only a new socket or a new backend needs a new process
(`process`).
"""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

from pipeline.emulator.balancer import control
from pipeline.emulator.balancer.configuration import (
    Server,
    Structure,
    configuration,
    map_file,
    rules_map,
)
from pipeline.emulator.balancer.process import Processes, connection_limit
from pipeline.emulator.balancer.traffic import Backend, Finding, Traffic

PROBE_PATIENCE = 15.0
"""Seconds to wait for the first probe of new members: one that hangs must not hold up others."""

_TICK = 0.05


class Balancer:
    """One HAProxy and what it carries. `apply` must not run twice at once."""

    def __init__(self, folder: Path, probe_patience: float = PROBE_PATIENCE) -> None:
        self._processes = Processes(folder)
        self._patience = probe_patience
        self._forget_all()

    def _forget_all(self) -> None:
        self._serial = itertools.count(1)
        self._structure = Structure()
        self._rules: dict[str, str] = {}
        self._servers: dict[tuple[Backend, str], Server] = {}
        self._leaving: list[Server] = []

    async def apply(self, traffic: Traffic) -> None:
        """Carry this traffic from now on.

        In this order: what only a new process can open; new members, and their first probes; all
        rules in one step; then the members that leave. So no rule ever leads to a backend whose
        health is not known yet.
        Raises BalancerError; what was carried before then still is.
        """
        if not await self._processes.answers():
            if not traffic.rules:
                return
            self._forget_all()
        wanted = Structure(traffic.frontends, traffic.backends)
        if not self._structure.covers(wanted):
            await self._replace(wanted)
        await self._admit(traffic)
        await self._route(traffic)
        await self._withdraw(traffic)
        await self._unbind(wanted)

    async def healthy(self) -> frozenset[tuple[str, str]]:
        """(pool, address) of every member that gets new connections."""
        if not await self._processes.answers():
            return frozenset()
        up = await control.healthy(self._processes.places.control)
        return frozenset(
            (server.backend.pool, server.address)
            for server in self._servers.values()
            if server.path in up
        )

    async def findings(self, backend: Backend) -> dict[str, Finding]:
        """What the probes of a backend found last, by the member's address."""
        if not await self._processes.answers():
            return {}
        found = await control.findings(self._processes.places.control)
        return {
            server.address: found[server.path]
            for server in self._servers.values()
            if server.backend == backend and server.path in found
        }

    async def recover(self) -> None:
        """End what a killed emulator left behind."""
        await self._processes.recover()

    async def close(self) -> None:
        """End HAProxy and the connections it carries."""
        await self._processes.close()

    async def _replace(self, wanted: Structure) -> None:
        """A new process with all that is wanted, and with what the rules of now still lead to."""
        in_use = {
            backend for backend in self._structure.backends if backend.name in self._rules.values()
        }
        changed = {frontend.name for frontend in wanted.frontends}
        kept = {frontend for frontend in self._structure.frontends if frontend.name not in changed}
        structure = Structure(wanted.frontends | kept, wanted.backends | in_use)
        servers = {
            key: server for key, server in self._servers.items() if key[0] in structure.backends
        }
        places = self._processes.next_places()
        health = ""
        if self._processes.is_running:
            health = await control.ask(self._processes.places.control, "show servers state")
        places.health.write_text(health + "\n", encoding="utf-8")
        places.rules.write_text(map_file(self._rules), encoding="utf-8")
        text = configuration(structure, servers.values(), places, connection_limit())
        places.configuration.write_text(text, encoding="utf-8")
        await self._processes.replace()
        self._structure, self._servers, self._leaving = structure, servers, []

    async def _admit(self, traffic: Traffic) -> None:
        new = {
            (backend, address): Server(backend, f"s{next(self._serial)}", address)
            for backend, addresses in traffic.members.items()
            for address in sorted(addresses)
            if (backend, address) not in self._servers
        }
        if not new:
            return
        await control.admit(self._processes.places.control, new.values())
        self._servers.update(new)
        waiting = {server.path for server in new.values() if server.backend.probe is not None}
        try:
            async with asyncio.timeout(self._patience):
                while waiting & await control.unprobed(self._processes.places.control):
                    await asyncio.sleep(_TICK)
        except TimeoutError:
            return

    async def _route(self, traffic: Traffic) -> None:
        rules = rules_map(traffic.rules)
        if rules != self._rules:
            places = self._processes.places
            await control.route(places.control, places.rules, rules)
            self._rules = rules

    async def _withdraw(self, traffic: Traffic) -> None:
        leaving = {
            key: server
            for key, server in self._servers.items()
            if key[1] not in traffic.members.get(key[0], frozenset())
        }
        socket = self._processes.places.control
        await control.withdraw(socket, leaving.values())
        for key, server in leaving.items():
            del self._servers[key]
            self._leaving.append(server)
        self._leaving = [
            server for server in self._leaving if not await control.remove(socket, server)
        ]

    async def _unbind(self, wanted: Structure) -> None:
        surplus = self._structure.frontends - wanted.frontends
        await control.unbind(
            self._processes.places.control, sorted(frontend.name for frontend in surplus)
        )
        self._structure = Structure(wanted.frontends, self._structure.backends)
