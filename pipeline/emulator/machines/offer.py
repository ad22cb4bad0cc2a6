"""What can be made of the host's apt sources: the Marketplace's Debian of the host's release."""

from __future__ import annotations

import asyncio
import platform
import re
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.emulator.files import FileError, read_json, write_json
from pipeline.emulator.machines.host import run
from pipeline.emulator.machines.seam import MachineError
from pipeline.emulator.machines.sources import (
    Release,
    Source,
    candidates,
    parse_release,
    version_of,
    version_order,
)

VALID: Final = 3600.0
"""Seconds after which the mirrors are asked again what they offer."""
ASKING: Final = 20.0
"""Seconds that the mirrors have for an answer."""
VERSION: Final = re.compile(r"0\.\d{8}\.\d+")
APT_HELPER: Final = "/usr/lib/apt/apt-helper"


@dataclass(frozen=True, slots=True)
class Host:
    """The operating system whose apt sources are used, as os-release names it."""

    id: str
    release: str
    codename: str

    @classmethod
    def this(cls) -> Host:
        """The one we run on."""
        fields = platform.freedesktop_os_release()
        return cls(fields["ID"], fields.get("VERSION_ID", ""), fields.get("VERSION_CODENAME", ""))

    @property
    def skus(self) -> tuple[tuple[str, str, str], ...]:
        """Publisher, offer and SKU of what can be made here, as Azure spells them."""
        skus = (self.release, f"{self.release}-gen2") if self.id == "debian" else ()
        return tuple(("Debian", f"debian-{self.release}", sku) for sku in skus)

    def offers(self, publisher: str, offer: str, sku: str) -> bool:
        """Whether it can be made here. Azure compares these names without regard to case."""
        name = (publisher.lower(), offer.lower(), sku.lower())
        return name in {(one.lower(), two.lower(), three.lower()) for one, two, three in self.skus}


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest version that can be made, and the sources it is made from."""

    version: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the mirrors offered, and when they were asked."""

    version: str
    asked: float


class Offer:
    """The versions on offer. The mirrors' last answer is remembered in a file in `folder`."""

    def __init__(self, folder: Path, host: Host, etc_apt: Path = Path("/etc/apt")) -> None:
        self._memory = folder / "offer.json"
        self._folder = folder
        self._host = host
        self._etc_apt = etc_apt
        self._asking: asyncio.Task[None] | None = None

    def versions(self) -> tuple[str, ...]:
        """Versions made already and the newest one, oldest first; answers at once.

        An old answer of the mirrors is renewed in the background: the next question sees it.
        """
        version, is_old = self._remembered()
        if is_old and not (self._asking and not self._asking.done()):
            self._asking = asyncio.get_running_loop().create_task(self.refresh())
        offered = {*self.made(), version} - {""}
        return tuple(sorted(offered, key=version_order))

    def made(self) -> tuple[str, ...]:
        """Versions that are in the folder, oldest first."""
        found = (path.name for path in self._folder.glob("0.*.*"))
        versions = (name for name in found if VERSION.fullmatch(name))
        return tuple(sorted(versions, key=version_order))

    async def refresh(self) -> None:
        """Ask the mirrors unless that was done lately. What cannot be asked stays as it was."""
        if self._host.id != "debian" or not self._remembered()[1]:
            return
        try:
            await self.newest()
        except MachineError:
            return  # offline, perhaps: versions that are made already can still be used

    async def newest(self) -> Newest:
        """Ask the mirrors now. Raises MachineError when none of the sources is a Debian's."""
        sources = candidates(self._etc_apt, self._host.codename)
        if not sources:
            raise MachineError(f"apt has no sources for Debian {self._host.codename}")
        releases = await _releases(sources)
        debian = {source: r for source, r in releases.items() if r.origin == "Debian"}
        if not debian:
            raise MachineError(
                f"no apt source is Debian's own: {', '.join(s.uri for s in sources)}"
            )
        version = version_of(debian.values())
        self._remember(version)
        return Newest(version, tuple(debian))

    async def close(self) -> None:
        """End a question to the mirrors that is still open."""
        if self._asking:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _remembered(self) -> tuple[str, bool]:
        with suppress(FileError):
            kept = read_json(self._memory, _Answer)
            if kept is not None and VERSION.fullmatch(kept.version):
                return kept.version, time.time() - kept.asked > VALID
        return "", True

    def _remember(self, version: str) -> None:
        with suppress(OSError, FileError):  # without a memory the mirrors are asked again
            self._folder.mkdir(parents=True, exist_ok=True)
            write_json(self._memory, _Answer(version, time.time()))


async def _releases(sources: tuple[Source, ...]) -> dict[Source, Release]:
    """Each suite's release, fetched by apt itself: it knows proxies, certificates and passwords."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / str(number) for number in range(len(sources))]
        wanted = [
            argument
            for source, file in zip(sources, files, strict=True)
            for argument in (source.release, str(file), "")
        ]
        await run(APT_HELPER, "download-file", *wanted, seconds=ASKING)
        texts = {source: file.read_text() for source, file in zip(sources, files, strict=True)}
    try:
        return {source: parse_release(text) for source, text in texts.items()}
    except ValueError as error:
        raise MachineError(
            f"a mirror answered with something else than a release: {error}"
        ) from error
