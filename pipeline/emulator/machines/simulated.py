"""Simulated machines: no operating system, but the addresses, ports and logins of one.

A machine answers HTTP on every open port (its health and the version it was made from) and SSH
(`simulated_ssh`). A disk is a folder with the files that were uploaded to it; they travel with
images. Nothing a client sends is executed. A thousand machines fit one process.
"""

from __future__ import annotations

import asyncio
import json
import resource
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from pipeline.emulator.machines.seam import CustomScript, Machine, MachineError, Marketplace, Ran
from pipeline.emulator.machines.simulated_faults import MachineFaults, Sickness
from pipeline.emulator.machines.simulated_http import HttpResponder, Silence
from pipeline.emulator.machines.simulated_shell import Shell, status_of
from pipeline.emulator.machines.simulated_ssh import Login, SshHost, serve

_OS_RELEASE = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian 12"\n'
_FIRST_OFFERS = tuple(
    Marketplace(publisher, offer, sku, "0.20260101.1")
    for publisher, offer, sku in (
        ("Debian", "debian-12", "12-gen2"),
        ("Debian", "debian-12", "12"),
        ("Debian", "debian-12", "12-arm64"),
        ("Contoso", "hardened-debian", "12-gen2"),
    )
)
"""Of either generation and architecture, free and bought."""


@dataclass(slots=True)
class _Running:
    machine: Machine
    host: SshHost
    ssh: asyncssh.SSHAcceptor | None = None
    ports: dict[int, asyncio.Server] = field(default_factory=dict)
    transports: set[asyncio.Transport] = field(default_factory=set)
    asked: int = 0
    """Requests over HTTP so far."""


class Simulated:
    """Implements `seam.Machines`; `state` is the folder of disks and images."""

    kind = "simulated"

    def __init__(self, state: Path) -> None:
        self._disks = state / "simulated" / "disks"
        self._images = state / "simulated" / "images"
        self._running: dict[str, _Running] = {}
        self._faults = MachineFaults()
        self._offers = list(_FIRST_OFFERS)
        for folder in (self._disks, self._images):
            folder.mkdir(parents=True, exist_ok=True)

    # -- what only simulated machines can do ----------------------------------------------------

    def offer(self, image: Marketplace) -> None:
        """Put a marketplace version on offer until the emulator ends: the newest from now on."""
        self._offers.append(image)

    def set_fault(self, who: str, sickness: str, share: float = 1.0, after: float = 0.0) -> None:
        """Give a machine a fault, by its handle: in so many seconds, at a share of its requests.

        `version:1.0.1` means all machines made from that version, also later ones.
        Raises ValueError for an unknown sickness or a number out of range.
        """
        self._faults.set(who, sickness, share, after)

    def clear_fault(self, who: str) -> None:
        """Take its fault back; no error when it has none."""
        self._faults.clear(who)

    # -- the seam -------------------------------------------------------------------------------

    def marketplace_skus(self) -> tuple[tuple[str, str, str], ...]:
        """Publisher, offer and SKU of every image on offer, each once."""
        return tuple({(one.publisher, one.offer, one.sku): None for one in self._offers})

    def marketplace_versions(self, publisher: str, offer: str, sku: str) -> tuple[str, ...]:
        """Versions on offer, oldest first; names are compared without regard to case."""
        asked = (publisher.lower(), offer.lower(), sku.lower())
        return tuple(
            image.version
            for image in self._offers
            if (image.publisher.lower(), image.offer.lower(), image.sku.lower()) == asked
        )

    async def recover(self) -> None:
        """Simulated machines die with their emulator. Allow as many sockets as the host permits."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    async def provide(self, image: Marketplace, handle: str) -> None:
        """A folder with what little every Debian has."""
        if image.version not in self.marketplace_versions(image.publisher, image.offer, image.sku):
            raise MachineError(f"no simulated image is called {image}")
        if (self._images / handle).exists():
            return
        new = self._images / f"{handle}.new"
        for folder in ("etc", "home", "tmp", "var"):
            (new / "root" / folder).mkdir(parents=True, exist_ok=True)
        (new / "root/etc/os-release").write_text(_OS_RELEASE)
        _finish(new, self._images / handle)

    async def create_disk(self, disk: str, image: str) -> None:
        """A copy of the image's files."""
        _copy(self._image(image), self._disks / disk)

    async def delete_disk(self, disk: str) -> None:
        """Forget a disk; no error when there is none."""
        shutil.rmtree(self._disks / disk, ignore_errors=True)

    async def capture(self, disk: str, image: str) -> None:
        """A copy of the disk's files."""
        source = self._disks / disk
        if not source.exists():
            raise MachineError(f"there is no disk {disk}")
        _copy(source, self._images / image)

    async def copy_image(self, source: str, image: str) -> None:
        """A copy under another handle."""
        _copy(self._image(source), self._images / image)

    async def delete_image(self, image: str) -> None:
        """Forget an image. Disks made from it are copies."""
        shutil.rmtree(self._images / image, ignore_errors=True)

    async def start(self, machine: Machine) -> None:
        """Serve SSH and the ports at the machine's address."""
        if machine.name in self._running:
            return
        folder = self._disks / machine.disk
        if not folder.exists():
            raise MachineError(f"there is no disk {machine.disk}")
        if machine.profile is not None:
            Login.of(machine.profile).write(folder / "login.json")
            (folder / "root/etc/hostname").write_text(f"{machine.profile.hostname}\n")
        running = _Running(machine, self._host(machine, folder))
        self._running[machine.name] = running
        try:
            running.ssh = await serve(machine.address, running.host)
            await self.open_ports(machine.name, machine.ports)
        except OSError as error:
            await self.kill(machine.name)
            raise MachineError(f"{machine.name} cannot serve {machine.address}: {error}") from error

    async def stop(self, name: str) -> None:
        """Close everything; its disk stays."""
        running = self._running.pop(name, None)
        if running is None:
            return
        if running.ssh is not None:
            running.ssh.close()
        for connection in list(running.host.connections):
            connection.abort()
        for server in running.ports.values():
            server.close()
        for transport in list(running.transports):
            transport.abort()

    async def kill(self, name: str) -> None:
        """The same, and its fault is taken back."""
        await self.stop(name)
        self.clear_fault(name)

    def is_running(self, name: str) -> bool:
        """Whether the machine runs now."""
        return name in self._running

    async def run_script(self, name: str, script: str, seconds: float) -> Ran:
        """What the machine's shell answers; nothing is executed."""
        running = self._running.get(name)
        if running is None:
            raise MachineError(f"{name} does not run")
        result = running.host.shell.run(script)
        return Ran(result.status, result.stdout, result.stderr)

    async def run_custom_script(self, name: str, wanted: CustomScript, seconds: float) -> Ran:
        """Nothing is downloaded, and the command decides the status as an uploaded script does."""
        if name not in self._running:
            raise MachineError(f"{name} does not run")
        return Ran(status_of(wanted.command.encode()), "", "")

    def console(self, name: str) -> bytes:
        """A login prompt."""
        running = self._running.get(name)
        return (
            f"Debian GNU/Linux 12 {running.host.shell.hostname} ttyS0\n".encode()
            if running
            else b""
        )

    async def open_ports(self, name: str, ports: frozenset[int]) -> None:
        """Serve exactly these ports (besides SSH)."""
        running = self._running.get(name)
        if running is None:
            return
        for port in set(running.ports) - ports:
            running.ports.pop(port).close()
        for port in ports - set(running.ports):
            running.ports[port] = await asyncio.get_running_loop().create_server(
                lambda: self._responder(running),
                running.machine.address,
                port,
            )

    async def close(self) -> None:
        """Stop every machine."""
        for name in list(self._running):
            await self.stop(name)

    # -- inside ---------------------------------------------------------------------------------

    def _host(self, machine: Machine, folder: Path) -> SshHost:
        login = Login.read(folder / "login.json")
        named = folder / "root/etc/hostname"
        hostname = named.read_text().strip() if named.exists() else "localhost"
        home = folder / "root/home" / Path(login.user).name
        home.mkdir(parents=True, exist_ok=True)
        shell = Shell(folder / "root", hostname, login.user)
        return SshHost(
            machine.address,
            login,
            shell,
            is_open=lambda: not self._hangs_up_on_ssh(machine),
            answering=lambda: self._forwarded(machine),
        )

    def _image(self, handle: str) -> Path:
        folder = self._images / handle
        if not folder.exists():
            raise MachineError(f"there is no image {handle}")
        return folder

    def _hangs_up_on_ssh(self, machine: Machine) -> bool:
        fault = self._faults.of(machine)
        return fault is not None and fault.sickness in {"unreachable", "dead"}

    def _sickness(self, running: _Running) -> Sickness | None:
        """What ails the machine at this request."""
        running.asked += 1
        fault = self._faults.of(running.machine)
        return fault.sickness if fault and fault.strikes(running.asked) else None

    def _forwarded(self, machine: Machine) -> HttpResponder | None:
        fault = self._faults.of(machine)
        forwards = fault is None or fault.sickness != "unforwarding"
        return self._responder(self._running[machine.name]) if forwards else None

    def _responder(self, running: _Running) -> HttpResponder:
        return HttpResponder(lambda: self._answer(running), running.transports)

    def _answer(self, running: _Running) -> tuple[str, bytes] | Silence:
        sickness, machine = self._sickness(running), running.machine
        if sickness in _SILENCES:
            return _SILENCES[sickness]
        shown = {
            "ApplicationHealthState": "Unhealthy" if sickness in _STATUSES else "Healthy",
            **dict(machine.facts),
            "hostname": machine.profile.hostname if machine.profile else machine.name,
        }
        return _STATUSES.get(sickness, "200 OK"), json.dumps(shown).encode()


_SILENCES: dict[Sickness | None, Silence] = {"hanging": Silence.HANGING, "dead": Silence.DEAD}
_STATUSES: dict[Sickness | None, str] = {
    "unhealthy": "503 Service Unavailable",
    "failing": "500 Internal Server Error",
}


def _copy(source: Path, target: Path) -> None:
    if not target.exists():
        new = target.with_name(f"{target.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        shutil.copytree(source, new, symlinks=True)
        _finish(new, target)


def _finish(new: Path, target: Path) -> None:
    """Give a finished folder its name; one that is there already (work repeated) stays."""
    with suppress(OSError):
        new.rename(target)
    shutil.rmtree(new, ignore_errors=True)
