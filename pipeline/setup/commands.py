"""Running other programs: found where Debian puts them, logged, and never silent for long."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from pipeline.setup.reporting import Reporter, SetupError

Command: TypeAlias = Sequence[str | Path]

SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
SECONDS_BETWEEN_SIGNS_OF_LIFE = 30.0
LINES_OF_LOG_SHOWN = 15


def search_path() -> str:
    """PATH, and the folders a plain user's PATH lacks but where haproxy and mke2fs live."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])


def find(program: str) -> Path | None:
    """The program's path, or None."""
    found = shutil.which(program, path=search_path())
    return Path(found) if found else None


def output_of(
    command: Command, env: Mapping[str, str] | None = None, seconds: float = 30.0
) -> str | None:
    """What a quick command prints, or None when it cannot run, fails, or takes too long."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def said_by(command: Command, env: Mapping[str, str], cwd: Path, seconds: float) -> str:
    """What a command prints, however it ends; "" when it cannot run or takes too long."""
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout


def run_logged(
    name: str,
    command: Command,
    *,
    log: Path,
    reporter: Reporter,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    remedy: str = "",
) -> None:
    """Run a long command with its output in `log`, with a sign of life every half minute.

    Raises SetupError with the end of the log, and `remedy` as the command to try.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("wb") as stream:
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, "PATH": search_path(), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        except OSError as error:
            raise SetupError(f"{name}: {command[0]} does not start: {error}", remedy) from error
        with process:
            while True:
                try:
                    code = process.wait(SECONDS_BETWEEN_SIGNS_OF_LIFE)
                    break
                except subprocess.TimeoutExpired:
                    reporter.say(f"{name}: still running ({time.monotonic() - began:.0f} s)")
    if code:
        tail = log.read_text(errors="replace").splitlines()[-LINES_OF_LOG_SHOWN:]
        lines = "\n".join(f"  | {line}" for line in tail)
        raise SetupError(f"{name} failed (code {code}). The end of {log}:\n{lines}", remedy)
