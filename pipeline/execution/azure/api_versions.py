"""The api-versions of a cloud that has not the newest: lower ones are asked for, never higher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from azure.core.pipeline.policies import SansIOHTTPPolicy

_OF = {
    "compute": "/providers/microsoft.compute/",
    "galleries": "/providers/microsoft.compute/galleries",
    "network": "/providers/microsoft.network/",
    "dns": "/providers/microsoft.network/privatednszones",
}
"""What is in the path of a request; the longest that fits counts."""
_KEY = "api-version"


def pinned(url: str, versions: Mapping[str, str]) -> str:
    """The address with an api-version that the cloud has.

    Addresses of operations are Azure's own, and stay as they are.
    """
    parts = urlsplit(url)
    path = parts.path.lower()
    fitting = [(len(_OF[name]), versions[name]) for name in versions if _OF[name] in path]
    if not fitting or "operation" in path:
        return url
    newest = max(fitting)[1]
    asked = parse_qsl(parts.query, keep_blank_values=True)
    query = [(key, min(value, newest) if key == _KEY else value) for key, value in asked]
    return urlunsplit(parts._replace(query=urlencode(query)))


def policies(versions: Mapping[str, str]) -> list[SansIOHTTPPolicy[Any, Any]]:
    """What the SDK's clients are given to ask so; nothing for a cloud that has the newest."""
    from azure.core.pipeline.policies import SansIOHTTPPolicy  # noqa: PLC0415 - slow to import

    class Pinning(SansIOHTTPPolicy[Any, Any]):
        """Rewrites the address of each request before it is sent."""

        def on_request(self, request: Any) -> None:
            request.http_request.url = pinned(request.http_request.url, versions)

    return [Pinning()] if versions else []
