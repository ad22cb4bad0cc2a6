"""Commands to a running HAProxy over its control socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline.emulator.balancer.configuration import Server
from pipeline.emulator.balancer.traffic import BalancerError, Finding

_BATCH = 40
"""Commands in one line: HAProxy reads 16 kB of them."""


async def ask(control: Path, command: str) -> str:
    """The answer to a command. Raises OSError when nothing listens."""
    reader, writer = await asyncio.open_unix_connection(str(control))
    try:
        writer.write(command.encode() + b"\n")
        await writer.drain()
        return (await reader.read()).decode().strip()
    finally:
        writer.close()


async def send(control: Path, commands: Iterable[str], expected: str = "") -> None:
    """Give commands that answer nothing but `expected`; raises BalancerError otherwise."""
    waiting = list(commands)
    while waiting:
        batch, waiting = waiting[:_BATCH], waiting[_BATCH:]
        answer = await ask(control, "; ".join(batch))
        unexpected = [line for line in answer.splitlines() if line not in ("", expected)]
        if unexpected:
            raise BalancerError(f"HAProxy refused: {' '.join(unexpected)}")


async def admit(control: Path, servers: Iterable[Server]) -> None:
    """Add servers that get no connection before their first successful probe.

    A server leaves maintenance as if it were healthy, so its weight is 0 until that is taken back.
    """
    commands = [command for server in servers for command in _admission(server)]
    await send(control, commands, "New server registered.")


def _admission(server: Server) -> list[str]:
    add = f"add server {server.path} {server.arguments} weight 0"
    ready = f"set server {server.path} state ready"
    serve = f"set server {server.path} weight 100"
    if server.backend.probe is None:
        return [add, ready, serve]
    return [
        add,
        f"enable health {server.path}",
        ready,
        f"set server {server.path} health down",
        serve,
    ]


async def withdraw(control: Path, servers: Iterable[Server]) -> None:
    """Give servers no new connection; established ones go on."""
    await send(control, (f"set server {server.path} state maint" for server in servers))


async def remove(control: Path, server: Server) -> bool:
    """Forget a withdrawn server; False while connections to it are established."""
    return "deleted" in await ask(control, f"del server {server.path}")


async def route(control: Path, rules_file: Path, rules: Mapping[str, str]) -> None:
    """Point all frontends at their backends in one step: no connection sees half of it."""
    answer = await ask(control, f"prepare map {rules_file}")
    version = answer.rpartition(" ")[2]
    if not version.isdecimal():
        raise BalancerError(f"HAProxy refused: {answer}")
    entries = [
        f"add map @{version} {rules_file} {frontend} {backend}"
        for frontend, backend in sorted(rules.items())
    ]
    await send(control, entries)
    await send(control, [f"commit map @{version} {rules_file}"])


async def unbind(control: Path, frontends: Iterable[str]) -> None:
    """Stop listening; established connections go on."""
    await send(control, (f"shutdown frontend {name}" for name in frontends))


async def unprobed(control: Path) -> set[str]:
    """Servers (`backend/server`) whose first probe has not ended yet."""
    states = await ask(control, "show servers state")
    return {
        f"{field['be_name']}/{field['srv_name']}"
        for field in _table(states)
        if field["srv_check_result"] == _UNKNOWN
    }


async def healthy(control: Path) -> set[str]:
    """Servers (`backend/server`) that get new connections."""
    states = await ask(control, "show servers state")
    return {
        f"{field['be_name']}/{field['srv_name']}"
        for field in _table(states)
        if field["srv_op_state"] == _RUNNING and field["srv_admin_state"] == "0"
    }


async def findings(control: Path) -> dict[str, Finding]:
    """What the probes found last, by server (`backend/server`)."""
    rows = (await ask(control, "show stat -1 4 -1")).splitlines()
    names = rows[0].lstrip("# ").split(",") if rows else []
    fields = [dict(zip(names, row.split(","), strict=False)) for row in rows[1:] if row]
    return {
        f"{field['pxname']}/{field['svname']}": Finding(
            field["status"], field["check_status"].removeprefix("* ")
        )
        for field in fields
    }


_UNKNOWN = "0"
_RUNNING = "2"


def _table(states: str) -> list[dict[str, str]]:
    """The rows of `show servers state`: a version, a header behind `#`, and a row per server."""
    lines = states.splitlines()[1:]
    if not lines:
        return []
    names = lines[0].lstrip("# ").split()
    return [dict(zip(names, line.split(), strict=False)) for line in lines[1:] if line]
