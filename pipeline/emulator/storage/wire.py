"""What the Blob service is asked and answers: its headers, and errors in XML.

Codes and sentences: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
and .../common-rest-api-error-codes; their shape: .../status-and-error-codes2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

AUDIENCE = "https://storage.azure.com"
"""Of the tokens that the service takes; a slash may follow."""
VERSION = "x-ms-version"
"""The header that every client of Azure Storage sends, and no other."""
ERROR = "x-ms-error-code"


@dataclass(frozen=True, slots=True)
class Request:
    """A request; names of headers and query parameters are in lower case."""

    method: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes = field(default=b"", repr=False)

    def __str__(self) -> str:
        asked = "&".join(f"{key}={value}" for key, value in self.query.items())
        return f"{self.method} /{'/'.join(self.segments)}{f'?{asked}' if asked else ''}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it is sent."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)


class StorageError(Exception):
    """A refusal: the service's code and sentence."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def reply(self, request_id: str) -> Reply:
        """As the service writes it: XML, and the code in a header as well."""
        told = f"{self.message}\nRequestId:{request_id}"
        text = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<Error><Code>{escape(self.code)}</Code><Message>{escape(told)}</Message></Error>"
        )
        headers = {**self.headers, ERROR: self.code, "Content-Type": "application/xml"}
        return Reply(self.status, text.encode(), headers)


def not_served(what: str) -> StorageError:
    """What Azure has and the emulator has not, by name."""
    return StorageError(501, "NotImplemented", f"The emulator does not serve {what}.")
