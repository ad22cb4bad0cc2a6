"""List Blobs: names by prefix, in pages, as XML.

https://learn.microsoft.com/rest/api/storageservices/list-blobs. Names are kept beside the blobs,
whose files have digests for names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

from pipeline.emulator.files import read, write
from pipeline.emulator.storage.wire import Reply, Request, StorageError

_SUFFIX = ".name"
_SERVED = frozenset({"restype", "comp", "prefix", "marker", "maxresults"})
_LARGEST = 5000


def is_asked(query: Mapping[str, str]) -> bool:
    """Whether these parameters list blobs; others that would matter are not served."""
    wanted = {"restype": "container", "comp": "list"}
    return wanted.items() <= dict(query).items() and set(query) <= _SERVED


def remember(file: Path, name: str) -> None:
    """Keep a blob's name beside its file. Raises FileError."""
    write(file.with_suffix(_SUFFIX), name.encode())


def forget(file: Path) -> None:
    """A blob that is deleted; one of an earlier emulator has no name."""
    file.with_suffix(_SUFFIX).unlink(missing_ok=True)


def names(folder: Path) -> list[str]:
    """Of all blobs of a container, sorted as the service does."""
    return sorted((read(file) or b"").decode() for file in folder.glob(f"*{_SUFFIX}"))


def page(request: Request, all_names: list[str]) -> Reply:
    """One page of them; the marker is the name that the next one begins with."""
    prefix, marker = (request.query.get(one, "") for one in ("prefix", "marker"))
    size = request.query.get("maxresults", str(_LARGEST))
    if not size.isdecimal() or not 0 < int(size) <= _LARGEST:
        raise StorageError(
            400,
            "OutOfRangeQueryParameterValue",
            "One of the query parameters specified in the request URI is outside the permissible "
            "range.",
        )
    found = [name for name in all_names if name.startswith(prefix) and name >= marker]
    shown, rest = found[: int(size)], found[int(size) :]
    blobs = "".join(f"<Blob><Name>{escape(name)}</Name></Blob>" for name in shown)
    text = (
        '<?xml version="1.0" encoding="utf-8"?><EnumerationResults>'
        f"<Prefix>{escape(prefix)}</Prefix><Blobs>{blobs}</Blobs>"
        f"<NextMarker>{escape(rest[0]) if rest else ''}</NextMarker></EnumerationResults>"
    )
    return Reply(200, text.encode(), {"Content-Type": "application/xml"})
