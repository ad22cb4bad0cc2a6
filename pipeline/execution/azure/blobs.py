"""Blobs of one container: the data plane of Azure Storage, as far as evidence needs it.

Signed in like everything else; azure-storage-blob would be 22 MB for a few requests.
https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from pipeline.advice import Advice, AdviceList, Shell
from pipeline.errors import AzureRefused
from pipeline.execution.azure.clients import Clients
from pipeline.execution.azure.refusals import refusals_about

AUDIENCE: Final = "https://storage.azure.com"
"""Of the tokens, in every cloud (Microsoft's page on authorizing with Entra ID)."""
VERSION: Final = "2021-12-02"
"""`x-ms-version`: any from 2017-11-09 on takes bearer tokens."""
ROLE: Final = "Storage Blob Data Contributor"
BYTES: Final = "application/octet-stream"
SECONDS: Final = 30
"""How long one answer may take: evidence is small."""

_THERE = frozenset({"BlobAlreadyExists", "ConditionNotMet", "ContainerAlreadyExists"})
_ABSENT = frozenset({"BlobNotFound", "ContainerNotFound", "ResourceNotFound"})
_NO_CONTAINER = "ContainerNotFound"
_NO_BLOB = "no-such-blob"
_NO_ETAG = '"0x0"'
_IMMUTABLE = frozenset({"BlobImmutableDueToPolicy", "BlobImmutableDueToLegalHold"})
_NAME = re.compile(r"<Name>(.*?)</Name>")
_MARKER = re.compile(r"<NextMarker>(.*?)</NextMarker>")
_MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Container:
    """A container by its address; every call raises AzureRefused, SignInFailed or Unreachable."""

    clients: Clients
    address: str

    def put(self, name: str, content: bytes) -> bool:
        """Keep a blob unless one of the name is there; answers whether it is a new one.

        The container is made when it is not there.
        """
        headers = {"x-ms-blob-type": "BlockBlob", "If-None-Match": "*"}
        url = f"{self.address}/{name}"
        answer = self._send("PUT", url, headers, content)
        if _code(answer) == _NO_CONTAINER:
            self._made(
                self._send("PUT", f"{self.address}?restype=container", {}, b""), self.address
            )
            answer = self._send("PUT", url, headers, content)
        self._made(answer, url)
        return bool(answer.status_code == HTTPStatus.CREATED)

    def touch(self, name: str) -> bool:
        """Make a blob that is there as young as a new one: Set Blob Metadata, with none.

        False where there is no such blob. No fault for one that an immutability policy protects:
        nobody can delete it either.
        """
        url = f"{self.address}/{name}?comp=metadata"
        answer = self._send("PUT", url, {}, b"")
        if _code(answer) in _ABSENT:
            return False
        if answer.status_code != HTTPStatus.OK and _code(answer) not in _IMMUTABLE:
            raise _refusal(answer, url)
        return True

    def names(self, prefix: str, page: int = 5000) -> tuple[str, ...]:
        """The names of blobs that begin so, asked for in pages; none where there is no container.

        They are names of ours, in which XML has nothing to escape.
        """
        found: list[str] = []
        marker = ""
        while True:
            asked = f"prefix={prefix}&maxresults={page}{f'&marker={marker}' if marker else ''}"
            url = f"{self.address}?restype=container&comp=list&{asked}"
            answer = self._send("GET", url, {}, None)
            if _code(answer) in _ABSENT:
                return ()
            if answer.status_code != HTTPStatus.OK:
                raise _refusal(answer, url)
            text = answer.text()
            found += _NAME.findall(text)
            ended = _MARKER.search(text)
            marker = ended[1] if ended else ""
            if not marker:
                return tuple(found)

    def delete(self, name: str, age: float) -> bool:
        """Delete a blob that was written so many seconds ago; False where it is younger.

        By the service's own clock, and only as it was looked at: whoever writes it again meanwhile
        keeps it, as an immutability policy does. One that is not there is deleted.
        """
        url = f"{self.address}/{name}"
        seen = self._send("HEAD", url, {}, None)
        if seen.status_code == HTTPStatus.NOT_FOUND:
            return True
        if seen.status_code != HTTPStatus.OK:
            raise _refusal(seen, url)
        written, now = (
            parsedate_to_datetime(seen.headers[one]) for one in ("Last-Modified", "Date")
        )
        if (now - written).total_seconds() < age:
            return False
        answer = self._send("DELETE", url, {"If-Match": seen.headers["ETag"]}, None)
        is_another = answer.status_code == HTTPStatus.PRECONDITION_FAILED
        if is_another or _code(answer) in _IMMUTABLE:
            return False
        if answer.status_code not in {HTTPStatus.ACCEPTED, HTTPStatus.NOT_FOUND}:
            raise _refusal(answer, url)
        return True

    def get(self, name: str) -> bytes | None:
        """A blob's content; None where there is none."""
        url = f"{self.address}/{name}"
        answer = self._send("GET", url, {}, None)
        if answer.status_code == HTTPStatus.OK:
            return bytes(answer.read())
        if _code(answer) in _ABSENT:
            return None
        raise _refusal(answer, url)

    def is_readable(self) -> bool:
        """Whether blobs can be read there; False where there is no container yet."""
        url = f"{self.address}/{_NO_BLOB}"
        answer = self._send("GET", url, {}, None)
        if answer.status_code != HTTPStatus.OK and _code(answer) not in _ABSENT:
            raise _refusal(answer, url)
        return _code(answer) != _NO_CONTAINER

    def refuse_unwritable(self) -> None:
        """Raises AzureRefused where no blob may be written, and writes none.

        A Put Blob of a condition that never holds: rights are looked at before (Specifying
        conditional headers for Blob service operations).
        """
        url = f"{self.address}/{_NO_BLOB}"
        headers = {"x-ms-blob-type": "BlockBlob", "If-Match": _NO_ETAG}
        answer = self._send("PUT", url, headers, b"")
        if answer.status_code != HTTPStatus.PRECONDITION_FAILED:
            raise _refusal(answer, url)

    def _made(self, answer: Any, url: str) -> None:
        if answer.status_code != HTTPStatus.CREATED and _code(answer) not in _THERE:
            raise _refusal(answer, url)

    def _send(self, verb: str, url: str, headers: dict[str, str], content: bytes | None) -> Any:
        from azure.core.rest import HttpRequest  # noqa: PLC0415 - slow to import

        said = {"x-ms-version": VERSION, "x-ms-date": formatdate(usegmt=True), **headers}
        if content is not None:
            said |= {
                "Content-Type": "application/octet-stream",
                "Content-Length": str(len(content)),
            }
        request = HttpRequest(verb, url, headers=said, content=content)
        with refusals_about(url):
            return self.clients.data_plane(AUDIENCE).send_request(
                request, connection_timeout=SECONDS, read_timeout=SECONDS
            )


def _code(answer: Any) -> str:
    return str(answer.headers.get("x-ms-error-code") or "")


def _refusal(answer: Any, url: str) -> AzureRefused:
    found = _MESSAGE.search(answer.text())
    sentence = " ".join(found[1].split()) if found else f"HTTP {answer.status_code}"
    return AzureRefused(
        url,
        _code(answer) or f"HTTP {answer.status_code}",
        sentence,
        status=answer.status_code,
        advice=_way_in(url) if answer.status_code == HTTPStatus.FORBIDDEN else (),
    )


def _way_in(url: str) -> AdviceList:
    account = url.removeprefix("https://").partition(".")[0]
    return (
        Advice(
            "assign the role",
            Shell(
                f'az role assignment create --role "{ROLE}" --assignee CLIENT-ID --scope'
                f" $(az storage account show --name {account} --query id -o tsv)"
            ),
        ),
    )
