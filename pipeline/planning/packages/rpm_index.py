"""What rpm repositories publish: repomd.xml, metalinks and lists of mirrors, read.

https://github.com/openSUSE/libzypp/tree/master/zypp/parser/yum/schema has the schemas of the first,
https://www.metalinker.org/Metalink_3.0_Spec.pdf is of the second.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

PATH: Final = "repodata/repomd.xml"
"""Below the address of a repository."""
PRIMARY: Final = "primary"
ADVISORIES: Final = "updateinfo"
FILES: Final = "filelists"
CHECKSUMS: Final[Mapping[str, int]] = {"sha256": 64, "sha384": 96, "sha512": 128}
"""Those that are believed, with their digits."""
LONGEST_PROLOG: Final = 65536
"""Bytes before the first element."""

_REPO: Final = "{http://linux.duke.edu/metadata/repo}"
_METALINK: Final = "{http://www.metalinker.org/}"
_BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"
_PROLOG: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|<\?.*?\?>|<!--.*?-->)*+<[A-Za-z]", re.DOTALL
)
_ENCODING: Final = re.compile(rb"<\?xml\s[^>]*?encoding\s*=\s*[\"']([^\"']*)")
_ENCODINGS: Final = frozenset({b"utf-8", b"us-ascii", b"iso-8859-1"})
"""Those in which no byte before the first element means anything else."""
_DIGITS: Final = re.compile(r"[0-9]{1,15}")
_WEB: Final = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Checksum:
    """`kind` is of CHECKSUMS, `value` its digits in lower case."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Data:
    """A file that repomd.xml names."""

    kind: str
    """PRIMARY, ADVISORIES, FILES, or what others read."""
    address: str
    """From the repository's address, or from `base`."""
    base: str
    """An address of its own; "" for the repository's."""
    checksum: Checksum
    size: int
    """Bytes as it is fetched; 0 where nobody says."""
    open_size: int
    """Bytes unpacked; 0 where nobody says."""

    @property
    def name(self) -> str:
        """What it is called in the cache: by its content."""
        packed = re.search(r"\.xml(\.[a-z0-9]+)?$", self.address)
        return f"{self.kind}-{self.checksum.value}{packed[0] if packed else ''}"


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Where a repository is, the best first, and what its repomd.xml may be: () for whatever."""

    addresses: tuple[str, ...]
    checksums: tuple[Checksum, ...] = ()


def is_plain(start: bytes) -> bool:
    """Whether XML begins with an element: none that defines entities is ever read.

    `start` is its beginning, LONGEST_PROLOG bytes of it if there are as many.
    """
    prolog = start[:LONGEST_PROLOG]
    named = _ENCODING.search(prolog)
    is_known = named is None or named[1].lower() in _ENCODINGS
    return is_known and b"\0" not in prolog and _PROLOG.match(prolog) is not None


def repomd(content: bytes) -> Mapping[str, Data]:
    """What is published, by kind; raises ValueError for anything else."""
    found = (_data(one) for one in _parsed(content).iter(f"{_REPO}data"))
    kinds = {one.kind: one for one in found if one}
    if PRIMARY not in kinds:
        raise ValueError("it names no list of packages")
    return kinds


def mirrors(content: bytes) -> Mirrors:
    """Of a metalink, or of a list of addresses; raises ValueError for anything else."""
    if content.lstrip()[:1] != b"<":
        lines = (line.strip() for line in content.decode(errors="replace").splitlines())
        listed = tuple(line.rstrip("/") for line in lines if _WEB.fullmatch(line))
        if not listed:
            raise ValueError("it names no mirror")
        return Mirrors(listed)
    root = _parsed(content)
    ranked = sorted(_ranked(root), key=lambda one: -one[0])
    if not ranked:
        raise ValueError("it names no mirror")
    return Mirrors(tuple(address for _, address in ranked), tuple(_believed(root)))


def _ranked(root: ET.Element) -> Iterator[tuple[int, str]]:
    for one in root.iter(f"{_METALINK}url"):
        address = (one.text or "").strip()
        if _WEB.fullmatch(address) and address.endswith(f"/{PATH}"):
            preference = one.get("preference", "")
            rank = int(preference) if preference.isdigit() else 0
            yield rank, address.removesuffix(f"/{PATH}")


def _believed(root: ET.Element) -> Iterator[Checksum]:
    """Also those of earlier times, that a mirror may still have."""
    for one in root.iter(f"{_METALINK}hash"):
        try:
            yield _checksum(one.get("type", ""), one.text)
        except ValueError:
            continue  # md5 and sha1 stand beside better ones


def _data(one: ET.Element) -> Data | None:
    location = one.find(f"{_REPO}location")
    checksum = one.find(f"{_REPO}checksum")
    kind = one.get("type", "")
    if kind not in {PRIMARY, ADVISORIES, FILES}:
        return None
    if location is None or checksum is None or not location.get("href"):
        raise ValueError(f"{kind} has no address or no checksum")
    return Data(
        kind,
        location.get("href", ""),
        location.get(_BASE, ""),
        _checksum(checksum.get("type", ""), checksum.text),
        _number(one.findtext(f"{_REPO}size")),
        _number(one.findtext(f"{_REPO}open-size")),
    )


def _checksum(kind: str, text: str | None) -> Checksum:
    value = (text or "").strip().lower()
    digits = CHECKSUMS.get(kind, 0)
    if not digits or not re.fullmatch(f"[0-9a-f]{{{digits}}}", value):
        raise ValueError(f"not a checksum that is believed: {kind or 'none'}")
    return Checksum(kind, value)


def _number(text: str | None) -> int:
    return int(text or "") if _DIGITS.fullmatch(text or "") else 0


def _parsed(content: bytes) -> ET.Element:
    if not is_plain(content):
        raise ValueError("not XML without a document type")
    try:
        return ET.fromstring(content)  # noqa: S314 - without a document type there are no entities
    except ET.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
