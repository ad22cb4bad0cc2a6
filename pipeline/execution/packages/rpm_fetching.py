"""Fetching what rpm repositories publish: conditional requests, nothing kept that is not verified.

By the proxies and the certificate authorities of this machine (http_proxy, no_proxy, SSL_CERT_FILE
and their like), as urllib and OpenSSL read them.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urljoin, urlsplit

from pipeline.errors import StateFileError, Unreachable
from pipeline.planning.packages import rpm_index
from pipeline.planning.packages.rpm_index import ADVISORIES, PATH, PRIMARY, Checksum, Data, Mirrors
from pipeline.planning.packages.rpm_repos import Repository
from pipeline.state_files import make_folder, naming, read_bytes, read_mapping, write_private

SECONDS: Final = 300.0
"""For all of a repository: its lists may have to be fetched whole."""
SILENCE: Final = 30.0
"""Seconds without a byte after which nobody is waited for."""
TRIES: Final = 4
"""Mirrors that are asked, one after another."""
LARGEST: Final = 256 * 1024 * 1024
"""Bytes of a packed list."""
LARGEST_INDEX: Final = 4 * 1024 * 1024
"""Bytes of a repomd.xml, and of a list of mirrors."""
REPOMD: Final = "repomd.xml"
ANSWERED: Final = "answered.json"
"""What a server said of its repomd.xml, for the next request."""
_PIECE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Published:
    """What is here of a repository."""

    repository: Repository
    folder: Path
    identity: str
    """Another one for another repomd.xml."""
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
    identity = hashlib.sha256(content).hexdigest()
    return Published(repository, folder, identity, data, str(told.get("address", "")))


def refresh(repository: Repository, folder: Path) -> None:
    """Fetch what changed. Raises Unreachable with the repository's name, and StateFileError."""
    web = _Web(repository, time.monotonic() + SECONDS)
    make_folder(folder)
    reasons = []
    try:
        mirrors = _mirrors(web, repository)
    except Unreachable as error:
        raise Unreachable(f"{repository.name}: {error}") from error
    for address in mirrors.addresses[:TRIES]:
        try:
            return _refresh_from(web, repository, address, mirrors, folder)
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
        web = _Web(known.repository, time.monotonic() + SECONDS)
        _keep(web, known.address, data, known.folder)
    except Unreachable as error:
        raise Unreachable(f"{known.repository.name}: {error}") from error
    return known.folder / data.name


def _mirrors(web: _Web, repository: Repository) -> Mirrors:
    if repository.addresses:
        return Mirrors(repository.addresses)
    try:
        return rpm_index.mirrors(web.read(repository.listed))
    except ValueError as error:
        raise Unreachable(f"{repository.listed}: {error}") from error


def _refresh_from(
    web: _Web, repository: Repository, address: str, mirrors: Mirrors, folder: Path
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


def _is_one_of(content: bytes, checksums: tuple[Checksum, ...]) -> bool:
    return any(hashlib.new(one.kind, content).hexdigest() == one.value for one in checksums)


def _keep(web: _Web, address: str, data: Data, folder: Path) -> None:
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


class _SameTrust(urllib.request.HTTPRedirectHandler):
    """Follows no redirection from HTTPS to anything else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if req.type == "https" and urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError("a redirection to an address without TLS")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Web:
    """Reads addresses until a time of the monotonic clock; raises Unreachable, naming them."""

    def __init__(self, repository: Repository, until: float) -> None:
        self._until = until
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.UnknownHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(context=_context(repository)),
            urllib.request.HTTPDefaultErrorHandler(),
            _SameTrust(),
            urllib.request.HTTPErrorProcessor(),
        ):
            self._opener.add_handler(handler)

    def read(self, address: str) -> bytes:
        """All of a small file."""
        return b"".join(self.pieces(address, LARGEST_INDEX))

    def changed(self, address: str, told: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]] | None:
        """A small file, and what to say at the next time; None where it is as it was told."""
        asked = {"If-None-Match": told.get("etag"), "If-Modified-Since": told.get("modified")}
        conditions = {key: str(value) for key, value in asked.items() if value}
        answer = self._open(address, conditions)
        if answer is None:
            return None
        said = {"etag": answer.headers.get("ETag"), "modified": answer.headers.get("Last-Modified")}
        content = b"".join(self._pieces(address, answer, LARGEST_INDEX))
        return content, {key: value for key, value in said.items() if value}

    def pieces(self, address: str, most: int) -> Any:
        """A file, piece by piece; more than `most` bytes are refused."""
        answer = self._open(address, {})
        return self._pieces(address, answer, most)

    def _open(self, address: str, headers: Mapping[str, str]) -> Any:
        try:
            if urlsplit(address).scheme not in {"http", "https"}:
                raise Unreachable(f"{address}: only http and https can be asked from here")
            request = urllib.request.Request(address, headers=dict(headers))  # noqa: S310 - above
            return self._opener.open(request, timeout=self._left(address))
        except urllib.error.HTTPError as error:
            with error:
                if error.code == http.HTTPStatus.NOT_MODIFIED and headers:
                    return None
                raise Unreachable(f"{address}: HTTP {error.code}") from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Unreachable(f"{address}: {_reason(error)}") from error

    def _pieces(self, address: str, answer: Any, most: int) -> Any:
        size = 0
        with answer:
            while True:
                self._left(address)
                try:
                    piece = answer.read1(_PIECE)
                except (OSError, ValueError, http.client.HTTPException) as error:
                    raise Unreachable(f"{address}: {_reason(error)}") from error
                if not piece:
                    break
                size += len(piece)
                if size > most:
                    raise Unreachable(f"{address}: more than {most} bytes")
                yield piece

    def _left(self, address: str) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise Unreachable(f"{address}: no answer in {SECONDS:.0f} s")
        return min(SILENCE, left)


def _context(repository: Repository) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if repository.certificate:
        if not Path(repository.certificate).exists():
            raise Unreachable(
                f"{repository.name}: asks for the client certificate {repository.certificate},"
                " which is not on this machine"
            )
        try:
            context.load_cert_chain(repository.certificate, repository.key or None)
        except OSError as error:
            raise Unreachable(
                f"{repository.name}: the client certificate {repository.certificate}:"
                f" {_reason(error)}"
            ) from error
    return context


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None) or error
    return getattr(reason, "strerror", None) or str(reason) or type(error).__name__
