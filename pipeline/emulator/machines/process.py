"""QEMU processes: started, spoken to through QMP, ended; and what a killed emulator left."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pipeline.emulator.machines.backlog import widen
from pipeline.emulator.machines.command import PROCESS_ID
from pipeline.emulator.machines.host import program
from pipeline.emulator.machines.seam import MachineError

SYSTEM: Final = "qemu-system-x86_64"
QMP_ANSWER: Final = 30.0
"""Seconds for an answer of QEMU itself, which never waits for the guest."""


class Process:
    """A running QEMU. Make one with `Process.start`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("QMP needs pipes to the process")
        self._process = process
        self._commands = process.stdin
        self._answers = process.stdout
        self._complaints = process.stderr
        self._turn = asyncio.Lock()

    @classmethod
    async def start(cls, options: Iterable[str], inherited: Collection[int] = ()) -> Process:
        """Start QEMU, with these descriptors. Raises MachineError with its words on refusal."""
        process = await asyncio.create_subprocess_exec(
            program(SYSTEM),
            *options,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=inherited,
            start_new_session=True,  # Ctrl-C in the emulator's terminal is not for the machines
        )
        qemu = cls(process)
        try:
            await qemu._answer()
            await qemu.execute("qmp_capabilities")
            widen(process.pid)
        except BaseException:
            await qemu.kill()
            raise
        return qemu

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process.returncode is None

    async def execute(self, name: str, **arguments: object) -> Any:
        """Send one QMP command and return what it gave. Raises MachineError when QEMU refuses."""
        async with self._turn:
            line = json.dumps({"execute": name, "arguments": arguments}) + "\n"
            try:
                self._commands.write(line.encode())
                await self._commands.drain()
            except ConnectionError:
                raise MachineError(await self._last_words()) from None
            return await self._answer()

    async def condition(self) -> str:
        """What the guest's processor is at, for whoever has to find out why it does not answer."""
        ticks = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        seconds = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
        asked = await self.execute("human-monitor-command", **{"command-line": "info registers"})
        registers = dict(re.findall(r"\b(RIP|HLT)=([0-9a-f]+)", asked))
        is_halted = "halted" if registers.get("HLT") == "1" else "running"
        return f"QEMU used {seconds:.0f} s, its processor is {is_halted} at {registers.get('RIP')}"

    async def has_taken(self, address: str, port: int) -> bool:
        """Whether the guest has taken a connection to a port that is served for it.

        QEMU itself takes every connection at once, long before its guest has a network.
        """
        asked = await self.execute("human-monitor-command", **{"command-line": "info usernet"})
        taken = rf"^ *TCP\[ESTABLISHED\] +\d+ +{re.escape(address)} +{port} "
        return re.search(taken, asked, re.MULTILINE) is not None

    async def add_forward(self, rule: str) -> None:
        """Serve a port of the guest from now on; `rule` as in `hostfwd`."""
        # QMP has no command of its own for it; the human monitor prints nothing when all is well.
        line = f"hostfwd_add net {rule}"
        printed = await self.execute("human-monitor-command", **{"command-line": line})
        if printed.strip():
            raise MachineError(f"QEMU refused {rule!r}: {printed.strip()}")
        widen(self._process.pid)

    async def remove_forward(self, address: str, port: int) -> None:
        """Stop serving a port of the guest."""
        line = f"hostfwd_remove net tcp:{address}:{port}"
        await self.execute("human-monitor-command", **{"command-line": line})

    async def power_off(self, seconds: float) -> bool:
        """Ask the guest to end in an orderly way; whether it did within the time."""
        with suppress(MachineError):
            keys = [{"type": "qcode", "data": key} for key in ("ctrl", "alt", "delete")]
            await self.execute("send-key", keys=keys)
        try:
            await asyncio.wait_for(self._drain(), seconds)
        except TimeoutError:
            return False
        return True

    async def kill(self) -> None:
        """End the process at once; no error when it has ended."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def _drain(self) -> None:
        """Read QMP's events until the process ends, so that it never waits for its reader."""
        async with self._turn:
            while await self._answers.readline():
                pass
        await self._process.wait()

    async def _answer(self) -> Any:
        """The next answer; events in between say nothing that we need."""
        while True:
            try:
                line = await asyncio.wait_for(self._answers.readline(), QMP_ANSWER)
            except TimeoutError:
                raise MachineError(f"QEMU did not answer within {QMP_ANSWER:.0f} s") from None
            if not line:
                raise MachineError(await self._last_words())
            message = json.loads(line)
            if "error" in message:
                raise MachineError(f"QEMU refused: {message['error']['desc']}")
            if "QMP" in message:
                return message["QMP"]
            if "return" in message:
                return message["return"]

    async def _last_words(self) -> str:
        said = (await self._complaints.read()).decode(errors="replace").strip()
        return f"QEMU ended with code {await self._process.wait()}: {said}"


def leftovers(folder: Path) -> Iterator[int]:
    """Processes of ours that are a QEMU whose process id file is below `folder`."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _is_guest(entry, folder):
            yield int(entry.name)


async def end_leftovers(folder: Path) -> None:
    """End every QEMU that an emulator left running on this folder, and nothing else.

    A guest's file system survives that as it survives a power cut.
    """
    for number in list(leftovers(folder)):
        with suppress(ProcessLookupError):
            # The descriptor stays with one process, even if its number is given to another.
            handle = os.pidfd_open(number)
            try:
                if _is_guest(Path("/proc") / str(number), folder):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    await _ended(handle)
            finally:
                os.close(handle)


async def _ended(handle: int) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(handle, ended.set)
    try:
        await asyncio.wait_for(ended.wait(), QMP_ANSWER)
    finally:
        loop.remove_reader(handle)


def _is_guest(process: Path, folder: Path) -> bool:
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        is_ours = process.stat().st_uid == os.getuid()
    except OSError:
        return False  # it ended, or is another user's
    if not is_ours or Path(words[0]).name != SYSTEM or "-pidfile" not in words[:-1]:
        return False
    pidfile = Path(words[words.index("-pidfile") + 1])
    return pidfile.name == PROCESS_ID and pidfile.parent.parent == folder
