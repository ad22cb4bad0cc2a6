"""One request as a value: what the client asked, taken apart as ARM takes it apart."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from pipeline.emulator.arm.errors import invalid_content

_DEEPEST = 128
_TOO_DEEP = f"The reader's MaxDepth of {_DEEPEST} has been exceeded."


@dataclass(slots=True)
class Exchange:
    """A request. Names of headers and query parameters are in lower case."""

    method: str
    base: str
    """`https://127.0.0.1:8443`, as the client addressed the emulator; no trailing slash."""
    path: str
    raw_query: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes = field(default=b"", repr=False)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @classmethod
    def of(cls, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Exchange:
        """Take a request apart; `target` is the request line's path and query, still encoded."""
        path, _, query = target.partition("?")
        lowered = {name.lower(): value for name, value in headers.items()}
        pairs = parse_qsl(query, keep_blank_values=True)
        return cls(
            method=method.upper(),
            base=f"https://{lowered.get('host', '127.0.0.1')}",
            path=path,
            raw_query=query,
            segments=split(path),
            query={name.lower(): value for name, value in pairs},
            headers=lowered,
            content=content,
        )

    def below(self, path: str, base: str) -> Exchange:
        """The same request, of something below a path of the emulator at another address."""
        whole = f"{path}{self.path}"
        return replace(self, base=base, path=whole, segments=split(whole))

    @property
    def words(self) -> list[str]:
        """The path's segments in lower case."""
        return [segment.lower() for segment in self.segments]

    @property
    def api_version(self) -> str:
        """The api-version, "" when there is none."""
        return self.query.get("api-version", "")

    def url(self, path: str) -> str:
        """An absolute URL of the emulator, as this client addresses it; `path` may have a query."""
        query = urlencode({"api-version": self.api_version})
        return f"{self.base}{path}{'&' if '?' in path else '?'}{query}"

    def body(self) -> dict[str, Any]:
        """The body of a request that may have one. Raises ArmError when it is no JSON object."""
        return self.json() if self.method in {"POST", "PUT", "PATCH"} else {}

    def json(self) -> dict[str, Any]:
        """The body as a JSON object, {} when empty. Raises ArmError for anything else."""
        try:
            body = lenient_json(self.content.decode()) if self.content.strip() else {}
        except ValueError as error:
            raise invalid_content(str(error)) from error
        except RecursionError as error:
            raise invalid_content(_TOO_DEEP) from error
        if not isinstance(body, dict):
            raise invalid_content("a JSON object is required")
        if _is_deeper(body, _DEEPEST):
            raise invalid_content(_TOO_DEEP)
        return body


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether containers are nested deeper than some number of levels."""
    inner = value.values() if isinstance(value, dict) else value
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def split(path: str) -> tuple[str, ...]:
    """A path's segments: split before decoding (`%2F` stays in its segment), `//` counting once."""
    return tuple(unquote(part) for part in path.split("/") if part)


_LENIENT = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\])*")
    | (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<name>[A-Za-z_$][\w$]*)(?=\s*:)
    | ,(?P<trailing>\s*(?=[}\]]))""",
    re.VERBOSE | re.DOTALL,
)


def lenient_json(text: str) -> Any:
    """JSON as ARM reads it: names without quotes, comments and trailing commas are no mistake.

    The Azure CLI sends `{"properties": {…, template:{…the file's text…}}}`. Raises ValueError.
    """
    try:
        return json.loads(text)
    except ValueError:
        return json.loads(_LENIENT.sub(_strict, text), strict=False)


def _strict(match: re.Match[str]) -> str:
    if match["string"] is not None:
        return match["string"]
    if match["name"] is not None:
        return f'"{match["name"]}"'
    return " "
