"""Sealing what clients hand over for machines only, so that no file of the emulator shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from pipeline.emulator.files import damaged, read, write


class Sealer:
    """Seals JSON values with a key of its own, in a private file made on first use.

    Raises FileError when the file cannot be used.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        key = read(file)
        if key is None:
            key = Fernet.generate_key()
            write(file, key)
        try:
            self._key = Fernet(key)
        except ValueError as error:
            raise damaged(file, "no key") from error

    def seal(self, value: Any) -> str:
        """The value as text that only `open` reads."""
        return self._key.encrypt(json.dumps(value).encode()).decode()

    def open(self, sealed: str) -> Any:
        """What was sealed. Raises FileError when it was with another key."""
        try:
            return json.loads(self._key.decrypt(sealed))
        except (InvalidToken, ValueError) as error:
            raise damaged(self._file, "another key") from error
