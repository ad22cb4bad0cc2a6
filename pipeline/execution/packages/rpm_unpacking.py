"""Unpacking what rpm repositories publish, piece by piece, and never more than is expected."""

from __future__ import annotations

import bz2
import gzip
import importlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from pipeline.errors import Unreachable
from pipeline.planning.packages.rpm_index import LONGEST_PROLOG, is_plain

EXTRA: Final = "bakeswap[rpm]"
"""What is installed for images of rpm."""
LARGEST: Final = 1024 * 1024 * 1024
"""Bytes of an unpacked file; the largest of any distribution have some hundred megabytes."""
MEMORY: Final = 256 * 1024 * 1024
"""Bytes that an xz file may ask for."""
_PIECE: Final = 256 * 1024
_ZSTD: Final = ("compression.zstd", "backports.zstd")
"""Python's own from 3.14 on; before, that of the extra."""


def missing_extra(what: str) -> Unreachable:
    """What is said where a library of the extra is not there."""
    return Unreachable(
        f"{what} is not on this machine: the indexes of rpm images need `pip install '{EXTRA}'`"
    )


def pieces(path: Path, limit: int = 0) -> Iterator[bytes]:
    """A file of XML, unpacked as its name says; `limit`: its size in bytes, where that is known.

    Raises Unreachable for a damaged or a larger one, and for one that defines entities.
    """
    most, size, is_first = min(limit or LARGEST, LARGEST), 0, True
    try:
        with path.open("rb") as file:
            for piece in _unpacked(file, path.suffix):
                size += len(piece)
                if size > most:
                    raise Unreachable(f"{path.name}: more than {most} bytes are in it")
                if is_first and not is_plain(piece):
                    raise Unreachable(f"{path.name}: not XML without a document type")
                is_first = False
                yield piece
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise Unreachable(f"{path.name}: damaged ({type(error).__name__})") from error


def _unpacked(file: BinaryIO, suffix: str) -> Iterator[bytes]:
    if suffix == ".gz":
        with gzip.open(file) as packed:
            yield from iter(lambda: packed.read(_PIECE), b"")
    elif suffix == ".bz2":
        yield from _by(bz2.BZ2Decompressor, file)
    elif suffix == ".xz":
        yield from _by(lambda: lzma.LZMADecompressor(memlimit=MEMORY), file)
    elif suffix == ".zst":
        library = zstd()
        if library is None:
            raise missing_extra("backports.zstd")
        try:
            yield from _by(library.ZstdDecompressor, file)
        except library.ZstdError as error:
            raise ValueError(str(error)) from error
    elif suffix == ".xml":
        yield from iter(lambda: file.read(_PIECE), b"")
    else:
        raise ValueError(suffix)


def _by(make: Callable[[], Any], file: BinaryIO) -> Iterator[bytes]:
    """By a decompressor that hands out no more than it is asked for; streams may follow another."""
    rest = file.read(_PIECE)
    while rest:
        decompressor, kept = make(), b""
        while not decompressor.eof:
            if decompressor.needs_input and not rest:
                rest = file.read(_PIECE)
                if not rest:
                    raise EOFError
            piece = decompressor.decompress(rest, _PIECE)
            rest = b""
            # The first piece is looked at as a whole.
            kept += piece
            if len(kept) >= LONGEST_PROLOG:
                yield kept
                kept = b""
        if kept:
            yield kept
        rest = decompressor.unused_data or file.read(_PIECE)


def zstd() -> Any:
    """The library that unpacks Zstandard; None where there is none."""
    for name in _ZSTD:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None
