"""Blocks of loopback addresses belong to one emulator at a time, whichever state folder it has."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path

from pipeline.emulator.files import FileError, open_regular


class AddressesInUse(Exception):
    """Another emulator has addresses of the block; the text says which."""


@contextmanager
def claimed(block: str, state: Path) -> Iterator[None]:
    """Keep other emulators of this user off a block. Raises AddressesInUse.

    A claim is a locked file: it ends with its process, however that ends.
    """
    folder = _folder()
    own = folder / block.replace("/", "-")
    with os.fdopen(open_regular(own, os.O_RDWR | os.O_CREAT), "r+b", buffering=0) as file:
        if not _is_free(file.fileno()):
            raise _refusal(block, own)
        for other in folder.iterdir():
            if other != own and _overlaps(block, other) and _is_held(other):
                raise _refusal(block, other)
        file.truncate(0)
        file.write(f"{state} (process {os.getpid()})".encode())
        yield


def _folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"bakeswap-emulators-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise FileError.of(folder, error) from error
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise FileError(folder, "not a folder of this user", "move it away")
    return folder


def _overlaps(block: str, claim: Path) -> bool:
    try:
        return IPv4Network(block).overlaps(IPv4Network(claim.name.replace("-", "/")))
    except ValueError:
        return False  # not a claim


def _is_held(claim: Path) -> bool:
    descriptor = open_regular(claim, os.O_RDWR)
    try:
        return not _is_free(descriptor)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refusal(block: str, claim: Path) -> AddressesInUse:
    holder = claim.read_bytes()[:4096].decode(errors="replace").strip() or "unknown"
    return AddressesInUse(
        f"addresses of {block} are used by the emulator with the state folder {holder}; "
        "stop it, or choose another block with --addresses"
    )
