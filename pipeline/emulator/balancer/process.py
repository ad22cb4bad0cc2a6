"""HAProxy as processes: started, replaced without closing a socket, ended.

Each change of structure starts a new generation, which takes the listening sockets over from the
previous one (`-x`) and asks it to stop listening (`-sf`). A previous generation lives on until its
last connection ends.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import shutil
import signal
import tempfile
from pathlib import Path

from pipeline.emulator.balancer import control
from pipeline.emulator.balancer.configuration import Places
from pipeline.emulator.balancer.traffic import BalancerError
from pipeline.emulator.files import FileError, check_regular, read, write

_PATIENCE = 60
"""Seconds a new generation may take to answer: machines are busy."""

_TICK = 0.02
_PREFIX = "bakeswap-balancer-"
_MOST_CONNECTIONS = 4000


def haproxy() -> str:
    """The program. Raises BalancerError when it is not installed."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    found = shutil.which("haproxy", path=path)
    if found is None:
        raise BalancerError("haproxy is not installed: apt-get install haproxy")
    return found


def connection_limit() -> int:
    """Connections that fit into the files this user may open (two each, and some for probes)."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_CONNECTIONS if hard < 0 else min(_MOST_CONNECTIONS, hard // 3)


class Processes:
    """The generations of one HAProxy.

    `folder` keeps its log and the name of its run-time folder, which is elsewhere because a control
    socket's path must stay below 108 bytes.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log = folder / "haproxy.log"
        check_regular(self._log)
        self._pointer = folder / "runtime"
        self._runtime: Path | None = None
        self._generation = 0
        self._current: asyncio.subprocess.Process | None = None
        self._started: list[asyncio.subprocess.Process] = []

    @property
    def is_running(self) -> bool:
        """Whether the current generation runs, as far as is known without asking it."""
        return self._current is not None and self._current.returncode is None

    async def answers(self) -> bool:
        """Whether the current generation takes commands; one that does not is given up."""
        if self.is_running and not await _is_listening(self.places.control):
            self._current = None
        return self.is_running

    @property
    def places(self) -> Places:
        """The files of the current generation."""
        return Places(self._folder(), self._generation)

    def next_places(self) -> Places:
        """Where the files of the next generation go, before it starts."""
        return Places(self._folder(), self._generation + 1)

    async def replace(self) -> None:
        """Start the next generation from the files at `next_places`.

        Returns when it alone listens. Raises BalancerError with HAProxy's words when it did not
        start; the current one then goes on as before.
        """
        places, previous = self.next_places(), self._current if self.is_running else None
        command = [haproxy(), "-db", "-f", str(places.configuration)]
        if previous is not None:
            command += ["-x", str(self.places.control), "-sf", str(previous.pid)]
        before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self._started = [older for older in self._started if older.returncode is None]
        self._started.append(process)
        if not await _answers(process, places.control):
            raise BalancerError(f"HAProxy did not start: {_alerts(self._log, before)}")
        previous_control = self.places.control
        self._current, self._generation = process, places.generation
        if previous is not None:
            await _until_silent(previous_control)

    async def close(self) -> None:
        """End every generation, connections included."""
        for process in self._started:
            if process.returncode is None:
                process.terminate()
        await asyncio.gather(*(process.wait() for process in self._started))
        self._current, self._started = None, []
        if self._runtime is not None:
            shutil.rmtree(self._runtime, ignore_errors=True)
            self._runtime = None
        self._pointer.unlink(missing_ok=True)

    async def recover(self) -> None:
        """End what a killed emulator left behind: the processes that name its run-time folder."""
        content = read(self._pointer)
        if content is None:
            return
        runtime = Path(os.fsdecode(content))
        if not _is_ours(runtime):  # it is going to be deleted
            raise FileError(self._pointer, "names no folder of a load balancer", "delete it")
        for pid in _processes_naming(runtime):
            os.kill(pid, signal.SIGKILL)
        while _processes_naming(runtime):
            await asyncio.sleep(_TICK)
        shutil.rmtree(runtime, ignore_errors=True)
        self._pointer.unlink()

    def _folder(self) -> Path:
        if self._runtime is None:
            self._runtime = Path(tempfile.mkdtemp(prefix=_PREFIX))
            write(self._pointer, os.fsencode(self._runtime))
        return self._runtime


async def _answers(process: asyncio.subprocess.Process, socket: Path) -> bool:
    """Wait until a new generation takes commands; False when it ended instead."""
    try:
        async with asyncio.timeout(_PATIENCE):
            while process.returncode is None:
                if await _is_listening(socket):
                    return True
                await asyncio.sleep(_TICK)
    except TimeoutError:
        process.kill()
    return False


async def _until_silent(socket: Path) -> None:
    """Wait until the previous generation no longer listens: its control socket goes last."""
    while await _is_listening(socket):
        await asyncio.sleep(_TICK)


async def _is_listening(socket: Path) -> bool:
    try:
        await control.ask(socket, "show info")
    except OSError:
        return False
    return True


def _is_ours(runtime: Path) -> bool:
    """Whether a path is that of a run-time folder of this user, which may be gone already."""
    if not runtime.is_absolute() or not re.fullmatch(rf"{_PREFIX}\w+", runtime.name):
        return False
    return not runtime.is_symlink() and (
        not runtime.exists() or (runtime.is_dir() and runtime.stat().st_uid == os.getuid())
    )


def _alerts(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    alerts = [line.partition(" : ")[2] for line in lines if line.startswith("[ALERT]")]
    return "; ".join(alerts) or "no reason given"


def _processes_naming(runtime: Path) -> list[int]:
    wanted = f"{runtime}/".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = entry.read_bytes().split(b"\0")
        except OSError:
            continue  # it ended while we looked
        is_ours = any(argument.startswith(wanted) for argument in arguments)
        if is_ours and Path(arguments[0].decode(errors="replace")).name == "haproxy":
            found.append(int(entry.parent.name))
    return found
