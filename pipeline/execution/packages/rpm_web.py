"""Reading addresses of rpm repositories: by HTTP and HTTPS, bounded in time and in bytes.

By the proxies and the certificate authorities of this machine (http_proxy, no_proxy, SSL_CERT_FILE
and their like), as urllib and OpenSSL read them.
"""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

from pipeline.errors import Unreachable
from pipeline.planning.packages.rpm_repos import Repository

SECONDS: Final = 300.0
"""For all of a repository: its lists may have to be fetched whole."""
SILENCE: Final = 30.0
"""Seconds without a byte after which nobody is waited for."""
LARGEST_INDEX: Final = 4 * 1024 * 1024
"""Bytes of a repomd.xml, of its signature, and of a list of mirrors."""
_PIECE: Final = 256 * 1024


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


class Web:
    """Reads addresses of a repository for SECONDS; raises Unreachable, naming them."""

    def __init__(self, repository: Repository) -> None:
        self._until = time.monotonic() + SECONDS
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
            raise Unreachable(f"{address}: {reason_of(error)}") from error

    def _pieces(self, address: str, answer: Any, most: int) -> Any:
        size = 0
        with answer:
            while True:
                self._left(address)
                try:
                    piece = answer.read1(_PIECE)
                except (OSError, ValueError, http.client.HTTPException) as error:
                    raise Unreachable(f"{address}: {reason_of(error)}") from error
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
                f" {reason_of(error)}"
            ) from error
    return context


def reason_of(error: Exception) -> str:
    """What went wrong, in a few words."""
    reason = getattr(error, "reason", None) or error
    return getattr(reason, "strerror", None) or str(reason) or type(error).__name__
