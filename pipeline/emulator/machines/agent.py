"""The guest agent of a real machine: QEMU's own, asked over a serial port of the machine's.

Commands and fields: "QEMU Guest Agent Protocol Reference" of QEMU's documentation.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
import socket
import time
from typing import Any, Final

from pipeline.emulator.machines.seam import MachineError, MachineTimeout, Ran

PORT: Final = "org.qemu.guest_agent.0"
"""The name of the serial port that the agent looks for."""
READY_SECONDS: Final = 300.0
"""It starts behind SSH; an overloaded host without KVM takes minutes for that."""
ANSWER_SECONDS: Final = 60.0
LOOK_AGAIN: Final = 0.2
LARGEST_LINE: Final = 64 * 1024 * 1024
"""An answer is one line: 16 MB of output (the agent's limit) in Base64, twice."""


class Agent:
    """One machine's; `near` is our end of the pair of sockets whose other end QEMU holds."""

    def __init__(self, near: socket.socket) -> None:
        self._socket = near
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def run(self, program: str, given: bytes, seconds: float) -> Ran:
        """Run a program as root with `given` on its standard input; one at a time.

        Raises MachineTimeout when the time is over, MachineError when the agent does not answer.
        """
        async with self._turn:
            try:
                async with asyncio.timeout(READY_SECONDS):
                    await self._synchronize()
                started = await self._execute(
                    "guest-exec",
                    {
                        "path": program,
                        "input-data": base64.b64encode(given).decode(),
                        "capture-output": True,
                    },
                )
                return await self._ended(started["pid"], seconds)
            except TimeoutError:
                raise MachineError("its guest agent did not answer in time") from None
            except (OSError, ValueError, KeyError) as error:
                raise MachineError(f"its guest agent cannot be asked: {error!r}") from error

    def close(self) -> None:
        """Let go of the socket: the machine has ended."""
        if self._streams is not None:
            self._streams[1].close()
        self._socket.close()

    async def _synchronize(self) -> None:
        """Throw away what an earlier question left unread; the first answer is the agent's start.

        An agent that is not there yet finds the question when it comes.
        """
        number = secrets.randbelow(2**31)
        await self._send({"execute": "guest-sync", "arguments": {"id": number}})
        while (await self._line()).get("return") != number:
            continue

    async def _ended(self, process: int, seconds: float) -> Ran:
        deadline = time.monotonic() + seconds
        while not (state := await self._execute("guest-exec-status", {"pid": process}))["exited"]:
            if time.monotonic() > deadline:
                raise MachineTimeout(f"it has not ended after {seconds:g} s")
            await asyncio.sleep(LOOK_AGAIN)
        out, errors = (
            base64.b64decode(state.get(name, "")).decode(errors="replace")
            for name in ("out-data", "err-data")
        )
        # A signal has no exit code; a shell's is 128 and its number.
        return Ran(state.get("exitcode", 128 + state.get("signal", 0)), out, errors)

    async def _execute(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        async with asyncio.timeout(ANSWER_SECONDS):
            await self._send({"execute": command, "arguments": arguments})
            answer = await self._line()
        if "error" in answer:
            raise MachineError(f"its guest agent refused: {answer['error'].get('desc')}")
        returned: dict[str, Any] = answer["return"]
        return returned

    async def _send(self, message: dict[str, Any]) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection(sock=self._socket, limit=LARGEST_LINE)
        writer = self._streams[1]
        writer.write(json.dumps(message).encode() + b"\n")
        await writer.drain()

    async def _line(self) -> dict[str, Any]:
        if self._streams is None:
            raise ConnectionError("nothing was asked")
        line = await self._streams[0].readline()
        if not line:
            raise ConnectionError("the machine has ended")
        message = json.loads(line)
        return message if isinstance(message, dict) else {}
