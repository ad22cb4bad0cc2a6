"""The settings of the Custom Script extension for Linux, as people write them.

Source: Microsoft's page of the extension, version 2.1.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from pipeline.emulator.arm.errors import not_served
from pipeline.emulator.machines.seam import CustomScript

_HOW = ("commandToExecute", "script")
_ELSEWHERE = ("storageAccountName", "storageAccountKey", "managedIdentity")
_LARGEST_SCRIPT = 256 * 1024
_ADDRESS = re.compile(r"https?://[!#-\[\]-~]+", re.IGNORECASE)
"""Nothing that curl's configuration, or the shell around it, would read otherwise."""


class SettingsError(Exception):
    """The extension's handler refuses its settings; the text says why."""


def check_served(protected: Mapping[str, Any]) -> None:
    """Refuse by name downloads that need an account of Azure's storage."""
    for name in _ELSEWHERE:
        if name in protected:
            raise not_served(f"'protectedSettings.{name}' of the extension 'CustomScript'")


def custom_script(settings: Mapping[str, Any], protected: Mapping[str, Any]) -> CustomScript:
    """What is to be done in a machine. Raises SettingsError, as the handler does in the machine."""
    for name in (*_HOW, "fileUris"):
        if settings.get(name) and protected.get(name):
            raise SettingsError(f"'{name}' is in both settings and protectedSettings")
    given = {**settings, **protected}
    named = [name for name in _HOW if given.get(name)]
    if len(named) != 1:
        raise SettingsError("exactly one of 'commandToExecute' and 'script' has to be specified")
    command = given[named[0]]
    if not isinstance(command, str):
        raise SettingsError(f"'{named[0]}' is no text")
    return CustomScript(
        files=_files(given.get("fileUris") or []),
        command=command if named[0] == "commandToExecute" else _decoded(command),
        converts_lines=not given.get("skipDos2Unix"),
    )


def _files(addresses: Any) -> tuple[tuple[str, str], ...]:
    """Each with the name of the file that it becomes: the last part of its path."""
    if not isinstance(addresses, list):
        raise SettingsError("'fileUris' is no list of addresses")
    return tuple((_file_name(address), address) for address in addresses)


def _file_name(address: Any) -> str:
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        raise SettingsError("'fileUris' has an entry that is no http or https address")
    name = unquote(urlsplit(address).path).rsplit("/", 1)[-1]
    if name in {"", ".", ".."} or not name.isprintable():
        raise SettingsError("'fileUris' has an address that names no file")
    return name


def _decoded(script: str) -> str:
    """A script is Base64, perhaps of what gzip made."""
    try:
        content = base64.b64decode(script, validate=True)
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (binascii.Error, OSError, EOFError, zlib.error) as error:
        raise SettingsError("'script' cannot be decoded") from error
    if len(content) > _LARGEST_SCRIPT:
        raise SettingsError("'script' is larger than 256 KB")
    return content.decode(errors="replace")
