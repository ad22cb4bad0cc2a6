"""Images and disks as files.

    images/<handle>/{disk.raw, vmlinuz, initrd}              never written again
    disks/<handle>/{overlay.qcow2, disk.raw, vmlinuz, initrd, id}

A disk holds hard links to the files of its image, so deleting the image frees nothing that a disk
needs, and deleting the last user frees it all. A folder is made under another name and renamed when
complete: one that has its final name is whole.
"""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pipeline.emulator.machines.host import run
from pipeline.emulator.machines.seam import MachineError

CONTENTS: Final = "disk.raw"
KERNEL: Final = "vmlinuz"
INITRD: Final = "initrd"
OVERLAY: Final = "overlay.qcow2"
IDENTITY: Final = "id"


@contextmanager
def becoming(folder: Path) -> Iterator[Path]:
    """A new folder to fill; it takes the name `folder` when all went well, and goes otherwise."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    draft.mkdir(mode=0o700)
    try:
        yield draft
        if not folder.exists():
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def tidy(folder: Path) -> None:
    """Remove what an interrupted process left half made, or half deleted, among folders."""
    for draft in folder.glob(".*"):
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)


def forget(folder: Path) -> None:
    """Delete a folder in a way that never leaves half of it under its name."""
    if folder.exists():
        trash = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
        folder.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)


async def link(source: Path, target: Path) -> None:
    """The same file under a second name; a copy where the file systems differ."""
    try:
        target.hardlink_to(source)
    except OSError:
        await run("cp", "--sparse=always", "--reflink=auto", str(source), str(target))


async def extract_kernel(folder: Path) -> None:
    """Write the kernel and initial RAM disk of `disk.raw`'s own /boot beside it.

    Debian's kernel packages keep the links /vmlinuz and /initrd.img on the newest kernel installed.
    """
    contents = str(folder / CONTENTS)
    for name, known_as in (("vmlinuz", KERNEL), ("initrd.img", INITRD)):
        described = await run("debugfs", "-R", f"stat /{name}", contents)
        target = re.search(r'Fast link dest: "([^"\s]+)"', described)
        if not target:
            raise MachineError(f"the disk has no /{name}, the link to its kernel: it cannot boot")
        destination = folder / known_as
        await run("debugfs", "-R", f"dump /{target[1].lstrip('/')} {destination}", contents)
        if not destination.is_file() or not destination.stat().st_size:
            raise MachineError(f"the disk's /{name} points to {target[1]}, which is not there")


class Disks:
    """The images and disks below one folder."""

    def __init__(self, state: Path) -> None:
        self._images = state / "images"
        self._disks = state / "disks"

    def tidy(self) -> None:
        """Remove what an interrupted process left half made, or half deleted."""
        tidy(self._images)
        tidy(self._disks)

    def folder(self, disk: str) -> Path:
        """Where a disk's files are. Raises MachineError when there is no such disk."""
        return _existing(self._disks / disk, "disk")

    async def add_image(self, source: Path, image: str) -> None:
        """An image with the files of the folder `source`; nothing is done when it is there."""
        if (self._images / image).exists():
            return
        check_whole(source)
        with becoming(self._images / image) as draft:
            for name in (CONTENTS, KERNEL, INITRD):
                await link(source / name, draft / name)

    async def copy_image(self, source: str, image: str) -> None:
        """The image `source` under a second handle."""
        await self.add_image(_existing(self._images / source, "image"), image)

    async def create_disk(self, disk: str, image: str) -> None:
        """A thin copy of an image, with an identity of its own."""
        if (self._disks / disk).exists():
            return
        source = _existing(self._images / image, "image")
        check_whole(source)
        with becoming(self._disks / disk) as draft:
            for name in (CONTENTS, KERNEL, INITRD):
                await link(source / name, draft / name)
            # A backing file without a folder is looked for beside the overlay, wherever that is.
            overlay = str(draft / OVERLAY)
            await run(
                "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", CONTENTS, overlay
            )
            (draft / IDENTITY).write_text(uuid.uuid4().hex)

    async def capture(self, disk: str, image: str) -> None:
        """An image with all that the disk holds now, depending on no other file."""
        if (self._images / image).exists():
            return
        overlay = str(self.folder(disk) / OVERLAY)
        with becoming(self._images / image) as draft:
            contents = str(draft / CONTENTS)
            await run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", overlay, contents)
            await extract_kernel(draft)

    def delete_disk(self, disk: str) -> None:
        """Forget a disk; no error when there is none."""
        forget(self._disks / disk)

    def delete_image(self, image: str) -> None:
        """Forget an image; no error when there is none."""
        forget(self._images / image)


def _existing(folder: Path, kind: str) -> Path:
    if not folder.is_dir():
        raise MachineError(f"there is no {kind} {folder.name!r}")
    return folder


def check_whole(folder: Path) -> None:
    """Raises MachineError when a file of an image is missing, empty or no file at all."""
    for name in (CONTENTS, KERNEL, INITRD):
        file = folder / name
        if not file.is_file() or not file.stat().st_size:
            raise MachineError(f"{file}: not a whole image; delete {folder} to have it made again")
