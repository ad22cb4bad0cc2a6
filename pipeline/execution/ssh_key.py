"""A key nobody holds: scale sets demand one, and immutable instances are not to be logged into."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from pipeline.errors import Unreachable


def public_key() -> str:
    """The public half of a new RSA key, whose private half is gone when this returns."""
    with tempfile.TemporaryDirectory(prefix="bakeswap-key-") as folder:  # 0700
        key = Path(folder) / "key"
        command = [
            "ssh-keygen",
            "-q",
            "-t",
            "rsa",
            "-b",
            "3072",
            "-N",
            "",
            "-C",
            "",
            "-f",
            str(key),
        ]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except FileNotFoundError:
            raise Unreachable(
                "ssh-keygen is missing", advice=(("bring it", "apt-get install openssh-client"),)
            ) from None
        return key.with_suffix(".pub").read_text().strip()
