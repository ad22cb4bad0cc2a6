"""Containers and block blobs in folders of the state, and what is answered about them.

Served: Create Container, Get Container Properties, List Blobs, Put Blob, Get Blob, Get Blob
Properties, Set Blob Metadata without any, Delete Blob.
Every account is there, with the address `https://HOST/ACCOUNT`, as emulators of storage have it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from email.utils import formatdate
from pathlib import Path
from typing import TypeAlias

from pipeline.emulator.files import FileError, read, write
from pipeline.emulator.storage import listing
from pipeline.emulator.storage.wire import VERSION, Reply, Request, StorageError, not_served

OLDEST = "2017-11-09"
"""The first `x-ms-version` that takes bearer tokens (Microsoft's page on authorizing)."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}")
_LONGEST_NAME = 1024
_CONTAINER_PARTS = 2
"""Segments of a container's path: the account, and its name."""
_NOT_SERVED = (
    *("if-modified-since", "if-unmodified-since", "range", "x-ms-range"),
    *("x-ms-lease-id", "x-ms-encryption-key", "x-ms-encryption-scope", "x-ms-access-tier"),
    *("x-ms-tags", "x-ms-if-tags", "x-ms-immutability-policy-mode", "x-ms-legal-hold"),
    *("x-ms-blob-public-access", "x-ms-copy-source"),
)
"""Headers that would matter."""


Routes: TypeAlias = Mapping[str, Callable[[Request], Reply]]


class Blobs:
    """The Blob service over a folder. Raises StorageError, and FileError for the disk's faults."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def clear(self) -> None:
        """No account has anything any more."""
        shutil.rmtree(self._root, ignore_errors=True)

    def answer(self, request: Request) -> Reply:
        """Answer one request whose token was accepted."""
        self._refuse_unserved(request)
        parts = len(request.segments)
        if parts == _CONTAINER_PARTS and request.query == {"restype": "container"}:
            act: Routes = {"PUT": self._create, "GET": self._container, "HEAD": self._container}
        elif parts == _CONTAINER_PARTS and listing.is_asked(request.query):
            act = {"GET": self._list}
        elif parts > _CONTAINER_PARTS and not request.query:
            act = {"PUT": self._put, "GET": self._get, "HEAD": self._get, "DELETE": self._delete}
        elif parts > _CONTAINER_PARTS and request.query == {"comp": "metadata"}:
            act = {"PUT": self._touch}
        else:
            raise not_served(str(request))
        return self._routed(request, act)

    def _routed(self, request: Request, act: Routes) -> Reply:
        if request.method not in act:
            raise not_served(str(request))
        account, container, *_ = request.segments
        if not _ACCOUNT.fullmatch(account) or not _CONTAINER.fullmatch(container):
            raise StorageError(
                400,
                "InvalidResourceName",
                "The specifed resource name contains invalid characters.",
            )
        return act[request.method](request)

    def _refuse_unserved(self, request: Request) -> None:
        version = request.headers.get(VERSION, "")
        if not _DATE.fullmatch(version) or version < OLDEST:
            raise _invalid_header(f"{VERSION}: {version}")
        for name in request.headers:
            if name in _NOT_SERVED or name.startswith("x-ms-meta-"):
                raise not_served(f"the header {name} of {request}")
        if "timeout" in request.query:
            raise not_served(f"the parameter timeout of {request}")

    # -- containers --------------------------------------------------------------------------------

    def _create(self, request: Request) -> Reply:
        folder = self._folder(request)
        if folder.is_dir():
            raise StorageError(
                409, "ContainerAlreadyExists", "The specified container already exists."
            )
        try:
            folder.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise FileError.of(folder, error) from error
        return Reply(201, headers=_times(folder, folder.name))

    def _container(self, request: Request) -> Reply:
        folder = self._there(request)
        return Reply(200, headers=_times(folder, folder.name))

    def _list(self, request: Request) -> Reply:
        return listing.page(request, listing.names(self._there(request)))

    # -- blobs -------------------------------------------------------------------------------------

    def _put(self, request: Request) -> Reply:
        folder, headers = self._there(request), request.headers
        if "x-ms-blob-type" not in headers:
            raise StorageError(
                400,
                "MissingRequiredHeader",
                "An HTTP header that's mandatory for this request is not specified.",
            )
        if headers["x-ms-blob-type"] != "BlockBlob":
            raise not_served(f"blobs of type {headers['x-ms-blob-type']}")
        self._look_at_condition(request, folder)
        digest = _md5(request.content)
        if headers.get("content-md5", digest) != digest:
            raise StorageError(
                400,
                "Md5Mismatch",
                "The MD5 value specified in the request did not match with the MD5 value calculated"
                " by the server.",
            )
        file = _file(folder, request)
        write(file, request.content)
        listing.remember(file, _name(request))
        told = {"Content-MD5": digest, "x-ms-request-server-encrypted": "true"}
        return Reply(201, headers={**told, **_times(file, digest)})

    def _look_at_condition(self, request: Request, folder: Path) -> None:
        file = _file(folder, request)
        condition = request.headers.get("if-none-match")
        if condition not in {None, "*"}:
            raise not_served(f"If-None-Match: {condition}")
        if condition and read(file) is not None:
            raise StorageError(409, "BlobAlreadyExists", "The specified blob already exists.")
        _refuse_another(request, file)

    def _get(self, request: Request) -> Reply:
        for name in ("if-match", "if-none-match"):
            if name in request.headers:
                raise not_served(f"the header {name} of {request}")
        file = self._existing(request)
        content = read(file) or b""
        digest = _md5(content)
        told = {
            "Content-Type": "application/octet-stream",
            "Content-MD5": digest,
            "x-ms-blob-type": "BlockBlob",
            "x-ms-server-encrypted": "true",
        }
        return Reply(200, content, {**told, **_times(file, digest)})

    def _touch(self, request: Request) -> Reply:
        """Set Blob Metadata: it has none, before and after, and another ETag."""
        file = self._existing(request)
        _refuse_another(request, file)
        file.touch()
        return Reply(200, headers=_times(file, _md5(read(file) or b"")))

    def _delete(self, request: Request) -> Reply:
        """At once: soft delete is a setting of accounts, which are none here."""
        if "if-none-match" in request.headers:
            raise not_served(f"the header if-none-match of {request}")
        file = self._existing(request)
        _refuse_another(request, file)
        listing.forget(file)
        file.unlink()
        return Reply(202, headers={"x-ms-delete-type-permanent": "true"})

    def _existing(self, request: Request) -> Path:
        file = _file(self._there(request), request)
        if read(file) is None:
            raise StorageError(404, "BlobNotFound", "The specified blob does not exist.")
        return file

    def _there(self, request: Request) -> Path:
        folder = self._folder(request)
        if not folder.is_dir():
            raise StorageError(404, "ContainerNotFound", "The specified container does not exist.")
        return folder

    def _folder(self, request: Request) -> Path:
        account, container, *_ = request.segments
        return self._root / account / container


def _file(folder: Path, request: Request) -> Path:
    """A blob's file: names may be longer than those of files, and hold anything."""
    name = _name(request)
    if len(name) > _LONGEST_NAME:
        raise StorageError(
            400, "InvalidUri", "The requested URI does not represent any resource on the server."
        )
    return folder / hashlib.sha256(name.encode()).hexdigest()


def _name(request: Request) -> str:
    return "/".join(request.segments[_CONTAINER_PARTS:])


def _refuse_another(request: Request, file: Path) -> None:
    """412 unless the blob is the one that `If-Match` means; none is another one, too.

    "If-Match … if the blob does not exist": Specifying conditional headers for Blob service
    operations.
    """
    wanted = request.headers.get("if-match")
    if wanted is None:
        return
    content = read(file)
    if content is None or _times(file, _md5(content))["ETag"] != wanted:
        raise StorageError(
            412,
            "ConditionNotMet",
            "The condition specified using HTTP conditional header(s) is not met.",
        )


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _invalid_header(what: str) -> StorageError:
    return StorageError(
        400,
        "InvalidHeaderValue",
        f"The value for one of the HTTP headers is not in the correct format. ({what})",
    )


def _times(path: Path, content: str) -> dict[str, str]:
    """`ETag` and `Last-Modified` of what is at a path."""
    when = path.stat().st_mtime
    tag = hashlib.sha256(f"{content} {when}".encode()).hexdigest()[:15].upper()
    return {"ETag": f'"0x{tag}"', "Last-Modified": formatdate(when, usegmt=True)}
