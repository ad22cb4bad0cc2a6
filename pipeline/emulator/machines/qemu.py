"""Real machines: each one a QEMU process on a disk with Debian."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.emulator import files
from pipeline.emulator.machines import profile
from pipeline.emulator.machines.accelerator import Accelerator, choose
from pipeline.emulator.machines.agent import Agent
from pipeline.emulator.machines.base_image import BaseImages
from pipeline.emulator.machines.command import CONSOLE, PROFILE, Kind, command, forward
from pipeline.emulator.machines.custom_script import shell_script
from pipeline.emulator.machines.disks import IDENTITY, Disks
from pipeline.emulator.machines.process import Process, end_leftovers
from pipeline.emulator.machines.seam import (
    SSH_PORT,
    CustomScript,
    Machine,
    MachineError,
    Marketplace,
    Ran,
)

BOOT_SECONDS: Final = {"kvm": 60.0, "tcg": 420.0}
"""A boot takes seconds with KVM; without, 20 s of a processor, whatever the host has left of it."""
STOP_SECONDS: Final = 60.0
CLOSE_SECONDS: Final = 20.0
"""For all machines together when the emulator ends."""
LARGEST_CONSOLE: Final = 1024 * 1024
LOOK_AGAIN: Final = 0.2
BANNER_SECONDS: Final = 3.0
"""For SSH's first words, until it is asked whether the guest has taken the connection."""
RUN_SCRIPT: Final = "/usr/lib/waagent/run-script"


@dataclass(frozen=True, slots=True)
class _Guest:
    machine: Machine
    process: Process
    agent: Agent


class Qemu:
    """Machines that run a real operating system. `state` is this emulator's, `cache` is shared.

    `boot_seconds` is how long a boot may take instead of BOOT_SECONDS.
    """

    kind = "qemu"

    def __init__(self, state: Path, cache: Path, boot_seconds: float | None = None) -> None:
        state = state.resolve()
        self._boot_seconds = boot_seconds
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

    async def run_script(self, name: str, script: str, seconds: float) -> Ran:
        guest = self._guests.get(name)
        if guest is None or not guest.process.is_running:
            raise MachineError(f"{name} is not running")
        try:
            return await guest.agent.run(RUN_SCRIPT, script.encode(), seconds)
        except MachineError as error:
            raise type(error)(f"{name}: {error}") from error

    async def run_custom_script(self, name: str, wanted: CustomScript, seconds: float) -> Ran:
        return await self.run_script(name, shell_script(wanted), seconds)

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
        self._accelerator = self._accelerator or await choose(self._cache, disk)
        kind = self._accelerator.kind
        (folder / CONSOLE).unlink(missing_ok=True)
        if machine.profile is not None:
            identity = (files.read(disk / IDENTITY) or b"").decode(errors="replace")
            files.write(folder / PROFILE, profile.archive(machine.profile, identity))
        try:
            process = await self._process(machine, disk, folder, kind)
            self._ports[machine.name] = machine.ports
            seconds = self._boot_seconds or BOOT_SECONDS[kind]
            if await _answers(machine, process, seconds):
                return
            raise MachineError(
                f"{machine.name} did not answer on SSH at {machine.address}:{SSH_PORT} in"
                f" {seconds:.0f} s; {await process.condition()};"
                f" its console says:\n{_tail(folder / CONSOLE)}"
            )
        except BaseException:
            await self._end(machine.name, 0)
            raise

    async def _process(self, machine: Machine, disk: Path, folder: Path, kind: Kind) -> Process:
        """A QEMU that boots the machine, and its agent's line to it."""
        near, far = socket.socketpair()
        with far:
            near.setblocking(False)
            try:
                agent = far.fileno()
                options = command(machine, disk, folder, kind, agent)
                process = await Process.start(options, [agent])
            except BaseException:
                near.close()
                raise
        self._guests[machine.name] = _Guest(machine, process, Agent(near))
        return process

    async def _end(self, name: str, seconds: float) -> None:
        guest = self._guests.get(name)
        if guest is not None:
            if not (seconds and await guest.process.power_off(seconds)):
                await guest.process.kill()
            guest.agent.close()
            if self._guests.get(name) is guest:
                del self._guests[name]
                del self._ports[name]
        (self._folder / name / PROFILE).unlink(missing_ok=True)


async def _answers(machine: Machine, process: Process, seconds: float) -> bool:
    """Whether SSH answers in the time; the guest starts it after its provisioning."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not process.is_running:
            raise MachineError(f"QEMU ended while {machine.name} was starting")
        if await _has_banner(machine.address, process, deadline):
            return True
        await asyncio.sleep(LOOK_AGAIN)
    return False


async def _has_banner(address: str, process: Process, deadline: float) -> bool:
    """Whether SSH answers now. A guest that took the connection is waited for.

    On a busy host its SSH needs many seconds for an answer; to be asked anew every few seconds
    keeps it from ever giving one.
    """
    writer = None
    try:
        reader, writer = await asyncio.open_connection(address, SSH_PORT)
        answer = asyncio.ensure_future(reader.read(4))
        try:
            while not (await asyncio.wait([answer], timeout=BANNER_SECONDS))[0]:
                if time.monotonic() > deadline or not await process.has_taken(address, SSH_PORT):
                    return False
            return answer.result() == b"SSH-"
        finally:
            answer.cancel()
    except OSError:
        return False
    finally:
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _tail(console: Path) -> str:
    if not console.is_file():
        return "nothing"
    return "\n".join(console.read_text(errors="replace").splitlines()[-20:]) or "nothing"
