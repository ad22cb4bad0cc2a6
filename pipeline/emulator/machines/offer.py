"""What can be made of the host's apt sources: the Marketplace's Debian of the host's release."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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

    def offers(self, publisher: str, offer: str, sku: str) -> bool:
        """Whether it can be made here. Azure compares these names without regard to case."""
        name = (publisher.lower(), offer.lower(), sku.lower())
        skus = (self.release, f"{self.release}-gen2")
        return self.id == "debian" and name in {
            ("debian", f"debian-{self.release}", sku) for sku in skus
        }


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest version that can be made, and the sources it is made from."""

    version: str
    sources: tuple[Source, ...]


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
        versions = (path.name for path in self._folder.glob("0.*.*"))
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
        try:
            memory = json.loads(self._memory.read_text())
            return memory["version"], time.time() - memory["asked"] > VALID
        except (FileNotFoundError, ValueError, KeyError):
            return "", True

    def _remember(self, version: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=self._folder, prefix=".offer")
        with os.fdopen(descriptor, "w") as file:
            json.dump({"version": version, "asked": time.time()}, file)
        Path(draft).rename(self._memory)


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
