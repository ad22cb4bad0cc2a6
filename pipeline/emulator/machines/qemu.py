"""Real machines: each one a QEMU process on a disk with Debian."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.emulator import files
from pipeline.emulator.machines import profile
from pipeline.emulator.machines.accelerator import Accelerator, choose
from pipeline.emulator.machines.base_image import BaseImages
from pipeline.emulator.machines.command import CONSOLE, PROFILE, command, forward
from pipeline.emulator.machines.disks import IDENTITY, Disks
from pipeline.emulator.machines.process import Process, end_leftovers
from pipeline.emulator.machines.seam import SSH_PORT, Machine, MachineError, Marketplace

BOOT_SECONDS: Final = {"kvm": 120.0, "tcg": 420.0}
"""A boot takes seconds with KVM; without, 15 s on an idle host, minutes on an overloaded one."""
STOP_SECONDS: Final = 60.0
CLOSE_SECONDS: Final = 20.0
"""For all machines together when the emulator ends."""
LARGEST_CONSOLE: Final = 1024 * 1024
LOOK_AGAIN: Final = 0.2
BANNER_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Guest:
    machine: Machine
    process: Process


class Qemu:
    """Machines that run a real operating system. `state` is this emulator's, `cache` is shared."""

    kind = "qemu"
    runs_scripts = False

    def __init__(self, state: Path, cache: Path) -> None:
        state = state.resolve()
        self._folder = state / "machines"
        self._cache = cache.resolve()
        self._disks = Disks(state)
        self._base_images = BaseImages(self._cache)
        self._guests: dict[str, _Guest] = {}
        self._ports: dict[str, frozenset[int]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        # More boots at once than cores make each slower, and none of them earlier.
        self._boots = asyncio.Semaphore(max(1, os.cpu_count() or 1))
        self._is_closed = False
        self._accelerator: Accelerator | None = None

    @property
    def accelerator(self) -> Accelerator | None:
        """How guests are run on this host, and why; None until the first one is started."""
        return self._accelerator

    def marketplace_skus(self) -> tuple[tuple[str, str, str], ...]:
        return self._base_images.skus

    def marketplace_versions(self, publisher: str, offer: str, sku: str) -> tuple[str, ...]:
        return self._base_images.versions(publisher, offer, sku)

    async def recover(self) -> None:
        await end_leftovers(self._folder)
        self._disks.tidy()
        for secret in self._folder.glob(f"*/{PROFILE}"):
            secret.unlink()
        await self._base_images.offer.refresh()

    async def provide(self, image: Marketplace, handle: str) -> None:
        await self._disks.add_image(await self._base_images.provide(image), handle)

    async def create_disk(self, disk: str, image: str) -> None:
        await self._disks.create_disk(disk, image)

    async def delete_disk(self, disk: str) -> None:
        self._disks.delete_disk(disk)

    async def capture(self, disk: str, image: str) -> None:
        guests = self._guests.values()
        if any(guest.machine.disk == disk and guest.process.is_running for guest in guests):
            raise MachineError(f"the disk {disk!r} cannot be captured: its machine is running")
        await self._disks.capture(disk, image)

    async def copy_image(self, source: str, image: str) -> None:
        await self._disks.copy_image(source, image)

    async def delete_image(self, image: str) -> None:
        self._disks.delete_image(image)

    async def start(self, machine: Machine) -> None:
        async with self._locks[machine.name]:
            if not self.is_running(machine.name):
                async with self._boots:
                    if self._is_closed:
                        raise MachineError(f"{machine.name} was not started: the emulator ends")
                    await self._boot(machine)

    async def stop(self, name: str) -> None:
        async with self._locks[name]:
            await self._end(name, STOP_SECONDS)

    async def kill(self, name: str) -> None:
        async with self._locks[name]:
            await self._end(name, 0)
            shutil.rmtree(self._folder / name, ignore_errors=True)

    def is_running(self, name: str) -> bool:
        guest = self._guests.get(name)
        return guest is not None and guest.process.is_running

    async def run_script(self, name: str, script: str) -> tuple[str, str]:
        raise MachineError(f"{name} has no agent that runs scripts")

    def console(self, name: str) -> bytes:
        file = self._folder / name / CONSOLE
        return file.read_bytes()[-LARGEST_CONSOLE:] if file.is_file() else b""

    async def open_ports(self, name: str, ports: frozenset[int]) -> None:
        async with self._locks[name]:
            guest = self._guests.get(name)
            if guest is None or not guest.process.is_running:
                return  # its next start says which ports it serves
            served = self._ports[name]
            for port in sorted(ports - served):
                await guest.process.add_forward(forward(guest.machine.address, port))
            for port in sorted(served - ports):
                await guest.process.remove_forward(guest.machine.address, port)
            self._ports[name] = ports

    async def close(self) -> None:
        self._is_closed = True
        await asyncio.gather(*(self._end(name, CLOSE_SECONDS) for name in list(self._guests)))
        await self._base_images.offer.close()

    async def _boot(self, machine: Machine) -> None:
        disk = self._disks.folder(machine.disk)
        folder = self._folder / machine.name
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / CONSOLE).unlink(missing_ok=True)
        if machine.profile is not None:
            identity = (files.read(disk / IDENTITY) or b"").decode(errors="replace")
            files.write(folder / PROFILE, profile.archive(machine.profile, identity))
        self._accelerator = self._accelerator or await choose(self._cache, disk)
        kind = self._accelerator.kind
        try:
            process = await Process.start(command(machine, disk, folder, kind))
            self._guests[machine.name] = _Guest(machine, process)
            self._ports[machine.name] = machine.ports
            await _answers(machine, process, BOOT_SECONDS[kind])
        except BaseException as error:
            await self._end(machine.name, 0)
            if isinstance(error, MachineError) and (folder / CONSOLE).is_file():
                raise MachineError(
                    f"{error}; its console says:\n{_tail(folder / CONSOLE)}"
                ) from error
            raise

    async def _end(self, name: str, seconds: float) -> None:
        guest = self._guests.get(name)
        if guest is not None:
            if not (seconds and await guest.process.power_off(seconds)):
                await guest.process.kill()
            if self._guests.get(name) is guest:
                del self._guests[name]
                del self._ports[name]
        (self._folder / name / PROFILE).unlink(missing_ok=True)


async def _answers(machine: Machine, process: Process, seconds: float) -> None:
    """Return when SSH answers; the guest starts it after its provisioning."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not process.is_running:
            raise MachineError(f"QEMU ended while {machine.name} was starting")
        if await _has_banner(machine.address):
            return
        await asyncio.sleep(LOOK_AGAIN)
    raise MachineError(
        f"{machine.name} did not answer on SSH at {machine.address}:{SSH_PORT} in {seconds:.0f} s"
    )


async def _has_banner(address: str) -> bool:
    writer = None
    try:
        async with asyncio.timeout(BANNER_SECONDS):
            reader, writer = await asyncio.open_connection(address, SSH_PORT)
            return (await reader.read(4)) == b"SSH-"
    except (OSError, TimeoutError):
        return False
    finally:
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _tail(console: Path) -> str:
    return "\n".join(console.read_text(errors="replace").splitlines()[-20:])
