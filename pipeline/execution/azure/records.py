"""What no client that we have has a class for: private DNS zones and records, autoscale settings.

Zones and settings go through the client for resources of any type, record sets as plain requests
through the network client's own pipeline: signed in, traced, with the same trust.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from pipeline.arm import ResourceId
from pipeline.execution.azure.clients import Clients
from pipeline.execution.azure.refusals import refusals_about
from pipeline.execution.azure.requests import Body, Request

PRIVATE_DNS = "2024-06-01"
"""The api-version of Microsoft.Network/privateDnsZones, as azure-mgmt-privatedns sends it."""
ZONES = "microsoft.network/privatednszones"
RECORD_SETS = f"{ZONES}/txt"
AUTOSCALE = "2022-10-01"
"""The api-version of Microsoft.Insights/autoscaleSettings, as azure-mgmt-monitor sends it."""
BY_ID = {ZONES: PRIVATE_DNS, "microsoft.insights/autoscalesettings": AUTOSCALE}
"""Types that are reached by id, and the api-version of each."""
SECONDS = 10
"""How long one request to a record set may take: it is answered at once, or not at all."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request to a record set was answered: `body` is None where nothing is.

    `now` is the `Date` of the answer, Azure's clock to the second; it is on every recorded one.
    """

    body: Body | None
    now: datetime

    @property
    def etag(self) -> str:
        """Of a record set: the one for the next condition (recorded by azure-cli)."""
        return str((self.body or {}).get("etag") or "")


@dataclass(frozen=True, slots=True)
class ById:
    """One resource by its id, with the methods that the SDK's other operations have."""

    clients: Clients
    resource: ResourceId
    api_version: str

    def get(self, *_path: str) -> Any:
        """GET."""
        return self._operations.get_by_id(str(self.resource), api_version=self.api_version)

    def begin_create_or_update(self, *words: Any, **options: Any) -> Any:
        """PUT of the last word."""
        begin = self._operations.begin_create_or_update_by_id
        version = {"api_version": self.api_version}
        return begin(str(self.resource), words[-1], **version, **options)

    def begin_delete(self, *_path: str, **options: Any) -> Any:
        """DELETE."""
        begin = self._operations.begin_delete_by_id
        return begin(str(self.resource), **{"api_version": self.api_version, **options})

    @property
    def _operations(self) -> Any:
        return self.clients.resources.resources


def ask(clients: Clients, request: Request) -> Answer:
    """Send a request to a record set, once, whatever its verb.

    What is not there is answered without a body, by a GET and by a DELETE. Raises AzureRefused,
    SignInFailed or Unreachable: 412 where the condition did not hold, `ParentResourceNotFound`
    without the zone.
    """
    response = _send(clients, request.verb, _url(clients, request.target), request)
    absent = response.status_code == HTTPStatus.NOT_FOUND and _code(response) == "NotFound"
    if not (absent and request.verb in {"GET", "DELETE"}):
        with refusals_about(str(request.target)):
            response.raise_for_status()
    has_body = not absent and request.verb != "DELETE"
    return Answer(dict(response.json()) if has_body else None, _date(response))


def record_sets(clients: Clients, zone: ResourceId, suffix: str) -> Iterator[Body]:
    """The TXT record sets of a zone whose names end with a dot and these labels."""
    request = Request("GET", zone.child("TXT", suffix))
    url = f"{_url(clients, zone)}/TXT"
    parameters = {"$recordsetnamesuffix": suffix}
    while url:
        response = _send(clients, "GET", url, request, parameters)
        with refusals_about(str(zone)):
            response.raise_for_status()
        page = response.json()
        yield from page.get("value") or ()
        url, parameters = str(page.get("nextLink") or ""), {}


def _send(
    clients: Clients,
    verb: str,
    url: str,
    request: Request,
    parameters: dict[str, str] | None = None,
) -> Any:
    from azure.core.rest import HttpRequest  # noqa: PLC0415 - slow to import

    conditions = {"If-Match": request.if_match, "If-None-Match": "*" if request.if_none else ""}
    headers = {name: value for name, value in conditions.items() if value}
    query = parameters if parameters == {} else {"api-version": PRIVATE_DNS, **(parameters or {})}
    body = request.body if verb == "PUT" else None
    http = HttpRequest(verb, url, params=query, headers=headers, json=body)
    with refusals_about(str(request.target)):
        return clients.network.send_request(
            http, retry_total=0, connection_timeout=SECONDS, read_timeout=SECONDS
        )


def _url(clients: Clients, target: object) -> str:
    return f"{clients.environment.cloud.resource_manager.rstrip('/')}{target}"


def _code(response: Any) -> str:
    """The refusal's code: this service sends it without an `error` around it."""
    try:
        return str(response.json().get("code") or "")
    except (ValueError, AttributeError):
        return ""


def _date(response: Any) -> datetime:
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        return datetime.now(UTC).replace(microsecond=0)
