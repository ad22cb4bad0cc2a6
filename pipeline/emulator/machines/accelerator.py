"""Whether KVM works here: its device may be there and not open, or open and run no guest."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.emulator.files import FileError, read_json, write_json
from pipeline.emulator.machines.command import Kind, board, escaped
from pipeline.emulator.machines.disks import CONTENTS, INITRD, KERNEL
from pipeline.emulator.machines.host import program
from pipeline.emulator.machines.process import SYSTEM

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
DEVICE: Final = Path("/dev/kvm")
PROBE_SECONDS: Final = 20.0
"""For a kernel to boot under KVM; it takes one or two."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """How guests are run, and the reason in a sentence."""

    kind: Kind
    sentence: str


async def choose(cache: Path, disk: Path) -> Accelerator:
    """KVM if it boots the disk's kernel, else software emulation.

    Remembered in `cache` until the host boots anew.
    """
    memory = cache / f"accelerator-{BOOT_ID.read_text().strip()}.json"
    with suppress(FileError):
        kept = read_json(memory, Accelerator)
        if kept is not None:
            return kept
    chosen = await _probe(disk)
    with suppress(OSError, FileError):  # without a memory the next start probes again
        cache.mkdir(parents=True, exist_ok=True)
        for outdated in cache.glob("accelerator-*.json"):
            outdated.unlink(missing_ok=True)
        write_json(memory, chosen)
    return chosen


async def _probe(disk: Path) -> Accelerator:
    slow = "software emulation, several times slower"
    if not DEVICE.exists():
        return Accelerator("tcg", f"{slow}: this host has no {DEVICE}")
    if not os.access(DEVICE, os.R_OK | os.W_OK):
        return Accelerator("tcg", f"{slow}: {DEVICE} may not be used (is this user in group kvm?)")
    if not await boots("kvm", disk):
        return Accelerator("tcg", f"{slow}: {DEVICE} is there but does not run a guest")
    return Accelerator("kvm", "KVM")


async def boots(kind: Kind, disk: Path, seconds: float = PROBE_SECONDS) -> bool:
    """Whether the disk's kernel comes as far as its first program, which ends at once.

    A boot sector would prove nothing: there are hosts where that runs, and no kernel does.
    """
    process = await asyncio.create_subprocess_exec(
        program(SYSTEM),
        *("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"),
        *(*board(kind), "-m", "256"),
        *("-kernel", str(disk / KERNEL), "-initrd", str(disk / INITRD)),
        *("-append", "root=/dev/vda ro panic=-1 init=/bin/true"),
        *("-drive", f"if=none,id=os,format=raw,snapshot=on,file={escaped(disk / CONTENTS)}"),
        *("-device", "virtio-blk-pci,drive=os"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        return await asyncio.wait_for(process.wait(), seconds) == 0
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
