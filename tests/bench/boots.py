"""Booting a machine to SSH with bare QEMU, on a disk of the image that the emulator uses."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from pathlib import Path

from pipeline.emulator import files
from pipeline.emulator.machines import profile
from pipeline.emulator.machines.accelerator import choose
from pipeline.emulator.machines.command import PROFILE, command
from pipeline.emulator.machines.disks import IDENTITY
from pipeline.emulator.machines.qemu import Qemu
from pipeline.emulator.machines.seam import SSH_PORT, Machine, Marketplace, Profile

PUBLISHER, OFFER, SKU = "Debian", "debian-12", "12-gen2"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bakeswap"


async def bare_boots(folder: Path, address: str, runs: int) -> tuple[str, list[float]]:
    """Seconds from the start of QEMU to SSH's banner, and the kind of accelerator."""
    machines = Qemu(folder, CACHE)
    await machines.recover()
    version = machines.marketplace_versions(PUBLISHER, OFFER, SKU)[-1]
    await machines.provide(Marketplace(PUBLISHER, OFFER, SKU, version), "base")
    times = []
    for number in range(runs):
        times.append(await _bare_boot(machines, folder, address, f"bare-{number}"))
    accelerator = await choose(CACHE, folder / "disks" / "bare-0")
    await machines.close()
    return accelerator.kind, times


async def _bare_boot(machines: Qemu, folder: Path, address: str, name: str) -> float:
    await machines.create_disk(name, "base")
    disk = folder / "disks" / name
    own = folder / "bare" / name
    own.mkdir(parents=True)
    accelerator = await choose(CACHE, disk)
    wanted = Profile("bare", "azureuser")
    files.write(own / PROFILE, profile.archive(wanted, (disk / IDENTITY).read_text()))
    machine = Machine(name, name, address, 1, 1024, wanted)
    near, far = socket.socketpair()
    options = command(machine, disk, own, accelerator.kind, far.fileno())
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        "qemu-system-x86_64",
        *options,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        pass_fds=(far.fileno(),),
    )
    try:
        await _banner(address)
        return time.perf_counter() - started
    finally:
        process.kill()
        await process.wait()
        near.close()
        far.close()


async def _banner(address: str) -> None:
    """Ask until SSH answers; bounded, so that a machine that never does ends the benchmark."""
    async with asyncio.timeout(600):
        while True:
            try:
                async with asyncio.timeout(3):
                    reader, writer = await asyncio.open_connection(address, SSH_PORT)
                    said = await reader.read(4)
                    writer.close()
                if said == b"SSH-":
                    return
            except (OSError, TimeoutError):
                pass
            await asyncio.sleep(0.1)
