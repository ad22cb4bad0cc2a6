"""Which versions of packages fix security, out of an updateinfo.xml, however large it is.

Also versions count that no repository has any more: who skips one gets its fixes with a later one.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from pipeline.planning.packages.rpm_state import MODULAR

SECURITY: Final = "security"
"""The type of an advisory."""
_WORDS: Final = ("name", "arch", "epoch", "version", "release")
"""Attributes of a package that an advisory names."""

Fixed: TypeAlias = Mapping[str, tuple[str, ...]]
"""Versions, by `name.architecture`."""


def fixed(pieces: Iterable[bytes]) -> Fixed:
    """The versions that advisories of security bring; `pieces` make the document.

    Packages of module streams are left out: an advisory of one stream says nothing of another.
    Raises ValueError for what is no XML. Whoever calls has looked at its beginning (`is_plain`).
    """
    reader = _Reader()
    parser = ET.XMLParser(target=reader)  # noqa: S314 - without a document type, see above
    try:
        for piece in pieces:
            parser.feed(piece)
        parser.close()
    except ET.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
    return {name: tuple(versions) for name, versions in sorted(reader.found.items())}


class _Reader:
    """Keeps of a document what is asked for, and no element."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, None]] = {}
        self._is_security = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        if tag == "update":
            self._is_security = attributes.get("type") == SECURITY
        elif tag == "package" and self._is_security:
            self._add({key: attributes.get(key, "") for key in _WORDS})

    def _add(self, told: Mapping[str, str]) -> None:
        whole = f"{told['version']}-{told['release']}"
        if not told["name"] or not told["version"] or MODULAR.search(whole):
            return
        version = whole if told["epoch"] in {"", "0"} else f"{told['epoch']}:{whole}"
        self.found.setdefault(f"{told['name']}.{told['arch']}", {})[version] = None
