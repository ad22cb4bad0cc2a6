"""A small rpm repository, served on loopback, and the state of a machine that uses it."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from pipeline.execution.packages.rpm_unpacking import zstd
from pipeline.planning.packages.rpm_state import RpmState, reduced
from tests.execution.packages.repository import serving

SIGNS: Final = {"<": "LT", "<=": "LE", "=": "EQ", ">=": "GE", ">": "GT"}
SPACES: Final = (
    'xmlns="http://linux.duke.edu/metadata/common" xmlns:rpm="http://linux.duke.edu/metadata/rpm"'
)
HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>'
NORMAL: Final = "x86_64"


def zstandard(content: bytes) -> bytes:
    """By the extra's library, or Python's own."""
    library = zstd()
    assert library
    packed: bytes = library.compress(content)
    return packed


PACKED: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "": lambda content: content,
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard,
}


def split(version: str) -> tuple[str, str, str]:
    """Epoch, version and release."""
    epoch, _, rest = version.rpartition(":")
    upstream, _, release = rest.rpartition("-")
    return epoch or "0", upstream, release


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the repository, or installed somewhere."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    """As spec files have them: `libssl >= 3`, `/bin/sh`, `(a if b)`."""
    provides: tuple[str, ...] = ()
    obsoletes: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    architecture: str = NORMAL

    @property
    def source(self) -> str:
        """What it was made of."""
        return f"{self.name}-{self.version.rpartition(':')[2]}.src.rpm"

    @property
    def own(self) -> tuple[str, ...]:
        """All that it provides."""
        return (f"{self.name} = {self.version}", *self.provides)

    @property
    def identity(self) -> str:
        """What lists call it."""
        return hashlib.sha256(f"{self.name}{self.version}{self.architecture}".encode()).hexdigest()

    @property
    def indexed(self) -> str:
        """As primary.xml has it: with the files that it names, too."""
        epoch, version, release = split(self.version)
        named = [one for one in self.files if one.startswith("/etc/") or "bin/" in one]
        files = "".join(f"<file>{escape(one)}</file>" for one in named)
        relations = "".join(
            f"<rpm:{word}>{''.join(map(entry, entries))}</rpm:{word}>"
            for word, entries in (
                ("provides", self.own),
                ("requires", self.requires),
                ("conflicts", self.conflicts),
                ("obsoletes", self.obsoletes),
                ("recommends", self.recommends),
            )
            if entries
        )
        return (
            f'<package type="rpm"><name>{self.name}</name><arch>{self.architecture}</arch>'
            f'<version epoch="{epoch}" ver="{version}" rel="{release}"/>'
            f'<checksum type="sha256" pkgid="YES">{self.identity}</checksum>'
            f"<summary>a test&#39;s</summary><description>ünïcode</description>"
            f'<location href="Packages/{self.name}-{version}-{release}.rpm"/>'
            f"<format><rpm:sourcerpm>{self.source}</rpm:sourcerpm>{relations}{files}</format>"
            "</package>\n"
        )

    @property
    def listed(self) -> str:
        """As filelists.xml has it."""
        epoch, version, release = split(self.version)
        files = "".join(f"<file>{escape(one)}</file>" for one in self.files)
        return (
            f'<package pkgid="{self.identity}" name="{self.name}" arch="{self.architecture}">'
            f'<version epoch="{epoch}" ver="{version}" rel="{release}"/>{files}</package>\n'
        )

    @property
    def told(self) -> str:
        """As a machine tells of it: what gathering.py's QUERY makes rpm print."""
        epoch, version, release = split(self.version)
        epoch = "(none)" if epoch == "0" else epoch
        lines = [f"N|{self.name}|{epoch}|{version}|{release}|{self.architecture}|{self.source}"]
        for word, entries in (
            ("P", self.own),
            ("R", ("rpmlib(CompressedFileNames) <= 3.0.4-1", *self.requires)),
            ("C", self.conflicts),
            ("O", self.obsoletes),
        ):
            lines += ["|".join((word, *relation(one))) for one in entries]
        lines += [f"F|{file}" for file in self.files]
        return "".join(f"{line}\n" for line in lines)


def relation(text: str) -> tuple[str, str, str]:
    """Name, sign and version of `libssl >= 3`."""
    if text.startswith("("):
        return text, "", ""
    name, sign, version = (*text.split(), "", "")[:3]
    return name, sign, version


def entry(text: str) -> str:
    """A relation in primary.xml."""
    name, sign, version = relation(text)
    if not sign:
        return f"<rpm:entry name={quoteattr(name)}/>"
    epoch, _, rest = version.rpartition(":")
    upstream, _, release = rest.partition("-")
    told = f'epoch="{epoch or 0}" ver="{upstream}"' + (f' rel="{release}"' if release else "")
    return f'<rpm:entry name={quoteattr(name)} flags="{SIGNS[sign]}" {told}/>'


def advisory(name: str, *packages: Package, kind: str = "security") -> str:
    """An update of updateinfo.xml."""
    listed = "".join(
        f'<package name="{one.name}" epoch="{epoch}" version="{version}" release="{release}"'
        f' arch="{one.architecture}" src="{one.source}"><filename>{one.name}.rpm</filename>'
        "</package>"
        for one in packages
        for epoch, version, release in (split(one.version),)
    )
    return (
        f'<update from="security@example.com" status="final" type="{kind}" version="1">'
        f"<id>{name}</id><title>{name}</title><issued date='2026-11-01 00:00:00'/>"
        f"<severity>Important</severity><references/><pkglist><collection short='all'>"
        f"<name>all</name>{listed}</collection></pkglist></update>\n"
    )


@dataclass
class Repository:
    """Packages below a folder; `url` is where they are served."""

    folder: Path
    url: str
    requests: list[str] = field(default_factory=list)
    """Paths and statuses of all requests so far."""
    _written: int = 0

    def publish(
        self, *packages: Package, advisories: Iterable[str] = (), packed: str = ".gz"
    ) -> None:
        """Make these what the repository has; each list is called by its checksum."""
        lists = {
            "primary": f'<metadata {SPACES} packages="{len(packages)}">\n'
            + "".join(one.indexed for one in packages)
            + "</metadata>\n",
            "filelists": '<filelists xmlns="http://linux.duke.edu/metadata/filelists">\n'
            + "".join(one.listed for one in packages)
            + "</filelists>\n",
            "other": "<otherdata/>",
        }
        if told := "".join(advisories):
            lists["updateinfo"] = f"<updates>\n{told}</updates>\n"
        self.write(
            {
                kind: f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'
                for kind, text in lists.items()
            },
            packed,
        )

    def write(self, lists: Mapping[str, str], packed: str = ".gz") -> None:
        """Publish lists by their kinds."""
        self._written += 1
        told = [f"<revision>{self._written}</revision>"]
        (self.folder / "repodata").mkdir(parents=True, exist_ok=True)
        for kind, text in lists.items():
            plain = text.encode()
            content = PACKED[packed](plain)
            digest = hashlib.sha256(content).hexdigest()
            name = f"repodata/{digest}-{kind}.xml{packed}"
            (self.folder / name).write_bytes(content)
            told.append(
                f'<data type="{kind}"><checksum type="sha256">{digest}</checksum>'
                f'<open-checksum type="sha256">{hashlib.sha256(plain).hexdigest()}</open-checksum>'
                f'<location href="{name}"/><timestamp>1700000000</timestamp>'
                f"<size>{len(content)}</size><open-size>{len(plain)}</open-size></data>"
            )
        self.index("\n".join(told))

    def index(self, told: str) -> None:
        """Write repomd.xml."""
        file = self.folder / "repodata" / "repomd.xml"
        file.write_text(
            f'{HEAD}\n<repomd xmlns="http://linux.duke.edu/metadata/repo">{told}</repomd>\n'
        )
        # If-Modified-Since counts in seconds, and a test publishes twice in one.
        os.utime(file, (1_700_000_000 + self._written,) * 2)

    def lists(self, kind: str) -> list[Path]:
        """The files of a kind that were published so far."""
        return sorted((self.folder / "repodata").glob(f"*-{kind}.xml*"))

    def metalink(self, *mirrors: str, digest: str = "") -> None:
        """Write a metalink of what is published now."""
        content = (self.folder / "repodata" / "repomd.xml").read_bytes()
        digest = digest or hashlib.sha256(content).hexdigest()
        urls = "".join(
            f'<url protocol="http" type="http" preference="{100 - number}">'
            f"{one}/repodata/repomd.xml</url>"
            for number, one in enumerate(mirrors)
        )
        (self.folder / "metalink").write_text(
            '<?xml version="1.0"?>\n<metalink version="3.0" xmlns="http://www.metalinker.org/">'
            '<files><file name="repomd.xml"><verification><hash type="md5">00</hash>'
            f'<hash type="sha256">{digest}</hash></verification>'
            f"<resources>{urls}</resources></file></files></metalink>"
        )

    def settings(self, text: str = "", **more: str) -> dict[str, str]:
        """The files of a machine that uses it; `text`: more lines of its section."""
        section = f"[main-repo]\nname=Main $basearch\nbaseurl={self.url}/\ngpgcheck=1\n{text}"
        return {"etc/yum.repos.d/main.repo": section, **more}

    def asked(self, status: int) -> list[str]:
        """The paths of requests that were answered so."""
        return [one.partition(" ")[0] for one in self.requests if one.endswith(f" {status}")]


@contextmanager
def served(folder: Path) -> Iterator[Repository]:
    """An empty repository below a folder."""
    root = folder / "rpms"
    root.mkdir(parents=True)
    with serving(root) as (url, requests):
        yield Repository(root, url, requests)


def state_of(
    settings: Mapping[str, str], base: Iterable[Package], now: Iterable[Package]
) -> RpmState:
    """What rpm knows of a version that was baked upon a base, or upon nobody knows what."""
    names = (f"{one.name}-{one.version.rpartition(':')[2]}.{one.architecture}" for one in base)
    told = "".join(one.told for one in now)
    return RpmState(NORMAL, tuple(names), reduced(told), dict(settings), {})
