"""Where set-up puts things: `.venv` in the checkout, and the user's cache folder."""

from __future__ import annotations

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.setup.reporting import Reporter, SetupError

REPOSITORY = Path(__file__).resolve().parents[2]
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one set-up; the pipeline and the tests rely on those under `.venv`."""

    repository: Path
    cache: Path

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.repository / ".venv"

    @property
    def python(self) -> Path:
        """The Python of the virtual environment."""
        return self.venv / "bin" / "python"

    @property
    def packer(self) -> Path:
        """The Packer that the pipeline runs; a symbolic link."""
        return self.venv / "bin" / "packer"

    @property
    def packer_share(self) -> Path:
        """Holds `plugins`, the default PACKER_PLUGIN_PATH, and one `plugins-VERSION` each."""
        return self.venv / "share" / "packer"

    @property
    def logs(self) -> Path:
        """What long commands printed."""
        return self.cache / "logs"

    def cached(self, tool: str, version: str) -> Path:
        """The cached binary of a tool; its folder says for which version and machine."""
        return self.cache / f"{tool}-{version}-{system()}" / tool


def here() -> Places:
    """The folders for this checkout and user."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Places(REPOSITORY, Path(cache) / "bakeswap")


def system() -> str:
    """This machine in the words of Go and Packer, for example `linux_amd64`."""
    machine = platform.machine()
    return f"{platform.system().lower()}_{ARCHITECTURES.get(machine, machine)}"


@contextmanager
def only_one(folder: Path, reporter: Reporter) -> Iterator[None]:
    """Keep other set-ups out of a folder; wait, and say so, while one is in there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise SetupError(f"{folder} cannot be used: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reporter.say(f"another set-up works in {folder}: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
