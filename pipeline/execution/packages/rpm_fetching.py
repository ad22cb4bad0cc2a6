"""Fetching what rpm repositories publish, by conditional requests; what is kept is verified."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from pipeline.errors import StateFileError, Unreachable
from pipeline.execution.packages.rpm_signing import verify
from pipeline.execution.packages.rpm_web import Web
from pipeline.planning.packages import rpm_index
from pipeline.planning.packages.rpm_index import ADVISORIES, PATH, PRIMARY, Checksum, Data, Mirrors
from pipeline.planning.packages.rpm_repos import Repository
from pipeline.state_files import make_folder, naming, read_bytes, read_mapping, write_private

TRIES: Final = 4
"""Mirrors that are asked, one after another."""
LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a packed list."""
REPOMD: Final = "repomd.xml"
ANSWERED: Final = "answered.json"
"""What a server said of its repomd.xml, for the next request."""


@dataclass(frozen=True, slots=True)
class Published:
    """What is here of a repository."""

    repository: Repository
    folder: Path
    data: Mapping[str, Data]
    address: str
    """Where it came from."""

    def file(self, kind: str) -> Path | None:
        """A list of a kind; None where the repository has none."""
        return self.folder / self.data[kind].name if kind in self.data else None


def published(repository: Repository, folder: Path) -> Published:
    """What was fetched before; raises Unreachable where nothing was, or it is damaged."""
    try:
        content, told = read_bytes(folder / REPOMD), read_mapping(folder / ANSWERED)
        data = rpm_index.repomd(content)
    except (StateFileError, ValueError):
        raise Unreachable("its package indexes were not asked on this machine yet") from None
    return Published(repository, folder, data, str(told.get("address", "")))


def refresh(repository: Repository, folder: Path, keys: Mapping[str, bytes]) -> None:
    """Fetch what changed. Raises Unreachable with the repository's name, and StateFileError.

    `keys` are those of the image by path, for a repository whose index is signed.
    """
    web = Web(repository)
    make_folder(folder)
    reasons = []
    try:
        mirrors = _mirrors(web, repository)
    except Unreachable as error:
        raise Unreachable(f"{repository.name}: {error}") from error
    for address in mirrors.addresses[:TRIES]:
        try:
            return _refresh_from(web, repository, address, mirrors, folder, keys)
        except Unreachable as error:
            reasons.append(str(error))
    raise Unreachable(f"{repository.name}: {reasons[0]}")


def fetch(known: Published, kind: str) -> Path | None:
    """A further list of a repository, fetched unless it is here; None where there is none.

    Raises Unreachable with the repository's name.
    """
    data = known.data.get(kind)
    if data is None:
        return None
    try:
        web = Web(known.repository)
        _keep(web, known.address, data, known.folder)
    except Unreachable as error:
        raise Unreachable(f"{known.repository.name}: {error}") from error
    return known.folder / data.name


def _mirrors(web: Web, repository: Repository) -> Mirrors:
    if repository.addresses:
        return Mirrors(repository.addresses)
    try:
        return rpm_index.mirrors(web.read(repository.listed))
    except ValueError as error:
        raise Unreachable(f"{repository.listed}: {error}") from error


def _refresh_from(
    web: Web,
    repository: Repository,
    address: str,
    mirrors: Mirrors,
    folder: Path,
    keys: Mapping[str, bytes],
) -> None:
    at = f"{address}/{PATH}"
    told: dict[str, Any] = {}
    content = b""
    try:
        before = published(repository, folder)
        content, told = read_bytes(folder / REPOMD), read_mapping(folder / ANSWERED)
        told = told if before.address == address else {}
    except Unreachable:
        pass
    if not (content and mirrors.checksums and _is_one_of(content, mirrors.checksums)):
        answer = web.changed(at, told)
        if answer is not None:
            content, told = answer
            _verify(web, repository, f"{at}.asc", content, folder, keys)
        if mirrors.checksums and not _is_one_of(content, mirrors.checksums):
            raise Unreachable(f"{at}: another one than {repository.listed} names")
    try:
        data = rpm_index.repomd(content)
    except ValueError as error:
        raise Unreachable(f"{at}: {error}") from error
    for kind in (PRIMARY, ADVISORIES):
        if kind in data:
            _keep(web, address, data[kind], folder)
    with naming(folder / REPOMD):
        (folder / REPOMD).write_bytes(content)
    write_private(folder / ANSWERED, json.dumps({**told, "address": address}))
    named = {one.name for one in data.values()}
    for old in folder.iterdir():
        if old.name not in {REPOMD, ANSWERED} and not old.name.startswith(tuple(named)):
            old.unlink(missing_ok=True)


def _verify(
    web: Web,
    repository: Repository,
    at: str,
    content: bytes,
    folder: Path,
    keys: Mapping[str, bytes],
) -> None:
    """That an index is signed, where the repository's settings ask for that."""
    if repository.signed_by is None:
        return
    known = [keys[path] for path in repository.signed_by if path in keys]
    if not known:
        raise Unreachable(f"{at}: its key is none of those in /etc/pki/rpm-gpg")
    try:
        verify(content, web.read(at), known, folder)
    except Unreachable as error:
        raise Unreachable(f"{at}: {error}") from error


def _is_one_of(content: bytes, checksums: tuple[Checksum, ...]) -> bool:
    return any(hashlib.new(one.kind, content).hexdigest() == one.value for one in checksums)


def _keep(web: Web, address: str, data: Data, folder: Path) -> None:
    """Fetch a list unless it is here: it is called by its checksum."""
    target = folder / data.name
    if target.exists():
        return
    at = urljoin(f"{(data.base or address).rstrip('/')}/", data.address)
    most = min(data.size or LARGEST, LARGEST)
    digest = hashlib.new(data.checksum.kind)
    part = target.with_name("part")
    with naming(part), part.open("wb") as file:
        for piece in web.pieces(at, most):
            digest.update(piece)
            file.write(piece)
    if digest.hexdigest() != data.checksum.value:
        raise Unreachable(f"{at}: not what {REPOMD} names ({data.checksum.kind} differs)")
    with naming(target):
        part.replace(target)
