"""The one seam between the compute provider and the machines.

Two kinds stand behind it: `qemu` (a real operating system) and `simulated` (none).
The compute provider knows only this module; it names disks, images and machines by handles of its
own choosing (file-system safe, unique within one emulator) and remembers them in its store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

SSH_PORT = 2222
"""Where a guest's port 22 is served: binding a port below 1024 would need root."""


@dataclass(frozen=True, slots=True)
class Marketplace:
    """A marketplace image, `publisher:offer:sku:version`; the version is never `latest`."""

    publisher: str
    offer: str
    sku: str
    version: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What `osProfile` asks of the first boot. None of it is printed: it may hold secrets."""

    hostname: str
    admin_username: str
    ssh_keys: tuple[str, ...] = field(default=(), repr=False)
    password: str | None = field(default=None, repr=False)
    custom_data: bytes | None = field(default=None, repr=False)
    user_data: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine to run: `name` is its handle, `disk` the handle of its operating system disk.

    `address` is its own loopback address. `ports` are the guest's TCP ports served there, besides
    SSH. `facts` are what a simulated machine answers about itself (`version`: the gallery version
    it was made from, or ""); a real one ignores them. `profile` is None for a specialized disk.
    """

    name: str
    disk: str
    address: str
    cores: int
    memory_mib: int
    profile: Profile | None
    ports: frozenset[int] = frozenset()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ran:
    """How a script ended in a machine, and what it printed."""

    status: int
    output: str = field(repr=False)
    errors: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CustomScript:
    """Files to download, each with its name, and a command to run beside them; all may be secret.

    A command that begins with `#!` is a script for what it names there.
    """

    files: tuple[tuple[str, str], ...] = field(repr=False)
    command: str = field(repr=False)
    converts_lines: bool = True
    """Whether files that are scripts lose the carriage returns at their ends of lines."""


class MachineError(Exception):
    """The host could not do it; the text says what and why, and becomes the operation's message."""


class MachineTimeout(MachineError):
    """What was to be done in the machine has not ended in the time that it was given."""


class Machines(Protocol):
    """A kind of machine. Every method may be repeated after a crash: it ends in the same state."""

    kind: str

    def marketplace_skus(self) -> tuple[tuple[str, str, str], ...]:
        """Publisher, offer and SKU of every marketplace image on offer."""

    def marketplace_versions(self, publisher: str, offer: str, sku: str) -> tuple[str, ...]:
        """Versions on offer, oldest first; empty when there is no such marketplace image."""

    async def recover(self) -> None:
        """End whatever a killed emulator left running on this state folder, and nothing else."""

    async def provide(self, image: Marketplace, handle: str) -> None:
        """Make the marketplace image available as the image `handle`; it is made on first use."""

    async def create_disk(self, disk: str, image: str) -> None:
        """A new disk that is a thin copy of an image."""

    async def delete_disk(self, disk: str) -> None:
        """Forget a disk; no error when there is none."""

    async def capture(self, disk: str, image: str) -> None:
        """An image with what a disk holds now. Its machine must not be running."""

    async def copy_image(self, source: str, image: str) -> None:
        """The same contents under a second handle (a gallery version made from a managed image)."""

    async def delete_image(self, image: str) -> None:
        """Forget an image. Disks made from it stay usable."""

    async def start(self, machine: Machine) -> None:
        """Boot; returns when the guest is provisioned and answers on SSH. Raises MachineError."""

    async def stop(self, name: str) -> None:
        """Shut down in an orderly way, leaving the disk consistent; no error when not running."""

    async def kill(self, name: str) -> None:
        """End at once, and forget everything but its disk; no error when not running."""

    def is_running(self, name: str) -> bool:
        """Whether the machine runs now."""

    async def run_script(self, name: str, script: str, seconds: float) -> Ran:
        """Run a script as root in a running machine, for so many seconds at most.

        Raises MachineTimeout, or MachineError when its agent does not answer. The script may hold
        secrets.
        """

    async def run_custom_script(self, name: str, wanted: CustomScript, seconds: float) -> Ran:
        """The same for what the Custom Script extension does."""

    def console(self, name: str) -> bytes:
        """What the machine printed on its serial console since its last start; b"" for nothing."""

    async def open_ports(self, name: str, ports: frozenset[int]) -> None:
        """Serve these guest ports (besides SSH) at the machine's address from now on."""

    async def close(self) -> None:
        """Stop every machine, in an orderly way where time allows: the emulator is going to end."""
