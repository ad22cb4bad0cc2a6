"""Verifying that the index of a repository is signed by a key that the image has, by gpgv."""

from __future__ import annotations

import base64
import binascii
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pipeline.errors import Unreachable
from pipeline.state_files import naming

PROGRAM: Final = "gpgv"
SECONDS: Final = 60.0
_ARMOR: Final = re.compile(
    rb"-----BEGIN PGP PUBLIC KEY BLOCK-----[^\n]*\n(?:[^\n]+:[^\n]*\n)*\s*"
    rb"([A-Za-z0-9+/=\s]+?)(?:\n=[A-Za-z0-9+/]{4})?\s*-----END"
)


def verify(content: bytes, signature: bytes, keys: Iterable[bytes], folder: Path) -> None:
    """Raise Unreachable unless the signature is of the content, by one of the keys.

    `keys` are as files have them, armored or not; `folder`: where there may be files for a while.
    """
    if shutil.which(PROGRAM) is None:
        raise Unreachable(f"{PROGRAM} is not on this machine, and the repository is signed")
    with naming(folder), tempfile.TemporaryDirectory(dir=folder) as home:
        files = {"keys.gpg": b"".join(map(_plain, keys)), "signature": signature, "signed": content}
        for name, text in files.items():
            (Path(home) / name).write_bytes(text)
        command = [PROGRAM, "--homedir", home, "--keyring", f"{home}/keys.gpg"]
        try:
            ended = subprocess.run(
                [*command, f"{home}/signature", f"{home}/signed"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unreachable(f"{PROGRAM}: {type(error).__name__}") from error
    if ended.returncode:
        last = ended.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise Unreachable(f"not signed by a key of the image: {last}")


def _plain(key: bytes) -> bytes:
    """A key without armor, as gpgv reads it."""
    blocks = _ARMOR.findall(key)
    try:
        return b"".join(map(base64.b64decode, blocks)) if blocks else key
    except binascii.Error:
        return b""
