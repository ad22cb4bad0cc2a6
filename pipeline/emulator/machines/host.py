"""Running programs of the host, with failures that say what to do about them."""

from __future__ import annotations

import asyncio
import shutil
from typing import Final

from pipeline.emulator.machines.seam import MachineError

PACKAGES: Final = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "debugfs": "e2fsprogs",
    "unshare": "util-linux",
    "newuidmap": "uidmap",
}
"""The Debian package that brings each program this package runs."""


def program(name: str) -> str:
    """The path of a program; administrators' folders count, a plain user's PATH often lacks them.

    Raises MachineError with the command that installs it.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if not found:
        package = PACKAGES.get(name, name)
        raise MachineError(f"{name} is not installed: apt-get install {package}")
    return found


async def run(name: str, *arguments: str, seconds: float = 600) -> str:
    """What a program printed, both streams. Raises MachineError when it fails or is too slow."""
    process = await asyncio.create_subprocess_exec(
        program(name),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        raise MachineError(f"{name} did not end within {seconds:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace")
    if process.returncode:
        tail = "\n".join(text.strip().splitlines()[-10:])
        raise MachineError(f"{name} failed with code {process.returncode}: {tail}")
    return text
