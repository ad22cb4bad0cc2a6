"""What a Custom Script extension does in a real machine, as one shell script for its agent.

Order, folder and names follow Microsoft's page of the extension (version 2) for Linux.
"""

from __future__ import annotations

import base64
import shlex
from typing import Final

from pipeline.emulator.machines.seam import CustomScript

FOLDER: Final = "/var/lib/waagent/custom-script/download/0"
_COMMAND: Final = ".command"
_TRIES: Final = 3


def shell_script(wanted: CustomScript) -> str:
    """Download the files, then run the command there; what it prints and its status are its own.

    Addresses and command may hold secrets. They stay out of every process's arguments: curl reads
    its address from standard input, and the command is a file that is gone afterwards.
    """
    lines = ["#!/bin/sh", "set -eu", "umask 077"]
    lines += [f"rm -rf {FOLDER}", f"mkdir -p {FOLDER}", f"cd {FOLDER}"]
    for name, address in wanted.files:
        file = shlex.quote(f"./{name}")
        lines += [
            f"curl -fsSL --retry {_TRIES} -o {file} -K - <<'END'",
            f'url = "{address}"',
            "END",
            f"chmod 0700 {file}",
        ]
        if wanted.converts_lines:
            lines.append(_if_script(file, rf"sed -i 's/\r$//' {file}"))
    command = f"./{_COMMAND}"
    lines += [
        f"base64 -d >{command} <<'END'",
        base64.b64encode(f"{wanted.command}\n".encode()).decode(),
        "END",
        f"chmod 0700 {command}",
        f"trap 'rm -f {command}' EXIT",
        _if_script(command, command, f"sh {command}"),
    ]
    return "\n".join(lines) + "\n"


def _if_script(file: str, then: str, otherwise: str = ":") -> str:
    """One command for a file whose first line names its interpreter, another for any other."""
    return f"""case "$(head -c 2 {file} | tr -d '\\0')" in '#!') {then} ;; *) {otherwise} ;; esac"""
