"""The virtual environment: exactly what requirements.lock says, made anew when that changes."""

from __future__ import annotations

import hashlib
import platform
import sys
from pathlib import Path

from pipeline.setup import commands
from pipeline.setup.commands import Command
from pipeline.setup.places import Places
from pipeline.setup.reporting import Reporter, SetupError

LOCK = Path(__file__).with_name("requirements.lock")
OLDEST = (3, 11)
INVOKES_PROGRAM = "from invoke.main import program"


def ensure(places: Places, reporter: Reporter) -> None:
    """Make `.venv`, or leave it alone when it was made from this lock with this Python."""
    if sys.version_info < OLDEST:
        raise SetupError(
            f"{sys.executable} is Python {platform.python_version()}; 3.11 or newer is needed",
            "make PYTHON=python3.11 setup  (or another one that is installed)",
        )
    stamp = places.venv / "made-from"
    if places.python.exists() and stamp.exists() and stamp.read_text() == fingerprint():
        return
    with reporter.step("Python packages into .venv", "about half a minute"):
        _make(places, reporter)
        use_our_program(places)
    stamp.write_text(fingerprint())


def use_our_program(places: Places) -> None:
    """Make `.venv/bin/invoke` start our own program (pipeline/cli.py) instead of Invoke's.

    `.venv/bin/bakeswap` is what the installed package has by that name.
    """
    path = f"sys.path.insert(0, {str(places.repository)!r})"
    for name in ("invoke", "inv"):
        script = places.venv / "bin" / name
        ours = f"{path}\nfrom pipeline.cli import program"
        script.write_text(script.read_text().replace(INVOKES_PROGRAM, ours))
    package = places.venv / "bin" / "bakeswap"
    package.write_text(f"#!{places.python}\nimport sys\n{path}\nfrom tasks import main\nmain()\n")
    package.chmod(0o755)


def fingerprint() -> str:
    """What an environment is made from: this Python's version and the lock."""
    return f"{platform.python_version()} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}\n"


def _make(places: Places, reporter: Reporter) -> None:
    venv: Command = [sys.executable, "-m", "venv", "--clear", places.venv]
    # The lock is complete. Resolving it anew, pip asks for `coverage[toml]` beside the locked
    # `coverage`, takes the newest there is, and refuses that for having no hash.
    only_the_lock = ("--require-hashes", "--no-deps", "-r", LOCK)
    install: Command = [places.python, "-m", "pip", "install", *only_the_lock]
    for name, command in (("python -m venv", venv), ("pip", install)):
        commands.run_logged(
            name, command, log=places.logs / "python.log", reporter=reporter, remedy="make setup"
        )
