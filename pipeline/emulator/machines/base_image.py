"""Making a marketplace image: a Debian unpacked by mmdebstrap, customized, and put on a raw disk.

The cache is shared by every emulator of the user; a lock file keeps two from making the same image.
Needs root or unprivileged user namespaces (`uidmap`), as mmdebstrap does.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from pipeline.emulator.files import open_regular
from pipeline.emulator.machines.disks import CONTENTS, becoming, extract_kernel, forget, tidy
from pipeline.emulator.machines.host import program, run
from pipeline.emulator.machines.offer import Host, Newest, Offer
from pipeline.emulator.machines.seam import MachineError, Marketplace
from pipeline.emulator.machines.sources import apt_settings

GUEST: Final = Path(__file__).parent / "guest"
PACKAGES: Final = (
    "ca-certificates,curl,dbus,iproute2,linux-image-cloud-amd64,openssh-server,procps,qemu-guest-agent,sudo,systemd,"
    "systemd-sysv,tiny-initramfs,usr-is-merged"
)
LEAVE_OUT: Final = (
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/locale/*",
    "force-unsafe-io",
)
INITRAMFS: Final = (
    "AUTO_MODULES=no\\nINCLUDE_MODULES=virtio_pci,virtio_blk,virtio_net,virtio_rng\\n"
)
"""For the guest's initial RAM disk: the drivers of a QEMU machine, found without searching."""
MAKING: Final = 1800.0
"""Seconds that making an image may take; a minute is usual."""

KEPT: Final = 3
"""How many versions stay in the cache; images in use keep their files without it."""


class BaseImages:
    """The marketplace images of one cache folder."""

    def __init__(self, cache: Path) -> None:
        self._host = Host.this()
        self._folder = cache / f"debian-{self._host.release}-{_recipe()}"
        self.offer = Offer(self._folder, self._host)

    @property
    def skus(self) -> tuple[tuple[str, str, str], ...]:
        """Publisher, offer and SKU of what can be made here."""
        return self._host.skus

    def versions(self, publisher: str, offer: str, sku: str) -> tuple[str, ...]:
        """Versions on offer, oldest first; none of an image that cannot be made here."""
        return self.offer.versions() if self._host.offers(publisher, offer, sku) else ()

    async def provide(self, image: Marketplace) -> Path:
        """The folder with the image's files, made on first use.

        Raises MachineError when the version is neither made already nor the mirrors' newest.
        """
        urn = f"{image.publisher}:{image.offer}:{image.sku}:{image.version}"
        if not self._host.offers(image.publisher, image.offer, image.sku):
            raise MachineError(
                f"{urn} cannot be made here: this host's apt sources are those of "
                f"{self._host.id} {self._host.release}"
            )
        folder = self._folder / image.version
        if not folder.is_dir():
            async with _locked(self._folder / ".lock"):
                if not folder.is_dir():
                    await self._make(urn, folder)
        return folder

    async def _make(self, urn: str, folder: Path) -> None:
        newest = await self.offer.newest()
        if newest.version != folder.name:
            raise MachineError(f"{urn} is not on offer (any more): the newest is {newest.version}")
        tidy(self._folder)
        with becoming(folder) as draft:
            await _bootstrap(newest, self._host.codename, draft / "root.tar")
            await _assemble(draft)
            await extract_kernel(draft)
            for file in draft.iterdir():
                file.chmod(0o444)
        for version in self.offer.made()[:-KEPT]:
            forget(self._folder / version)


def _recipe() -> str:
    """What the images are made with, as a short digest: others made otherwise are not used."""
    made_with = hashlib.sha256("\n".join((PACKAGES, INITRAMFS, *LEAVE_OUT)).encode())
    for file in sorted(GUEST.iterdir()):
        made_with.update(file.read_bytes())
    return made_with.hexdigest()[:8]


async def _bootstrap(newest: Newest, codename: str, tar: Path) -> None:
    settings = apt_settings(await run("apt-config", "dump"))
    keyrings = {source.signed_by for source in newest.sources} - {""}
    uploads = [
        f"--setup-hook=upload {keyring} {keyring}"
        for keyring in sorted(keyrings)
        if not keyring.startswith("/usr/share/keyrings/")  # packaged, so the guest has it
    ]
    await run(
        "mmdebstrap",
        f"--mode={'root' if os.geteuid() == 0 else 'unshare'}",
        "--variant=apt",
        # With the package lists already there, `apt-get update` in the guest takes half the time.
        "--skip=cleanup/apt",
        f"--include={PACKAGES}",
        *(f"--dpkgopt={option}" for option in LEAVE_OUT),
        *(f"--aptopt={line}" for line in ('Acquire::Languages "none";', *settings)),
        *uploads,
        '--essential-hook=mkdir -p "$1/etc/tiny-initramfs"',
        f"""--essential-hook=printf '{INITRAMFS}' >"$1/etc/tiny-initramfs/tiny-initramfs.conf\"""",
        codename,
        str(tar),
        *(source.line() for source in newest.sources),
        seconds=MAKING,
    )


async def _assemble(draft: Path) -> None:
    """Unpack, customize and pack again, with the owners that the files have in the guest."""
    shell = ["sh", str(GUEST / "assemble"), str(draft / "root.tar"), str(draft / CONTENTS)]
    if os.geteuid() != 0:
        program("newuidmap")
        shell = ["unshare", "--user", "--map-root-user", "--map-auto", "--", *shell]
    await run(*shell, seconds=MAKING)


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    """Hold a lock among processes; the kernel lets go of it when its holder dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(open_regular(path, os.O_WRONLY | os.O_CREAT), "wb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.5)
        yield
