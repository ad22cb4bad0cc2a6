"""What a whole region, subscription or scope has, and no resource id names.

Every call raises AzureRefused, SignInFailed or Unreachable.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pipeline.errors import AzureRefused
from pipeline.execution.azure.records import AUTOSCALE
from pipeline.execution.azure.refusals import refusals_about
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.resources import Azure, listed

LOCKS_VERSION = "2020-05-01"
PERMISSIONS_VERSION = "2022-04-01"
"""Of providers whose SDK package is not installed: those that azure-cli uses."""
SIZES_VERSION = "2021-07-01"
"""The only one of `Microsoft.Compute/skus`, as in the SDK."""
POLICY_VERSION = "2022-03-01"
"""Of Azure Policy's `checkPolicyRestrictions` (its REST reference)."""
IMPATIENT: dict[str, Any] = {"retry_total": 2}
"""For reads that a command can do without: a provider that is down must not hold it up."""


def sizes(azure: Azure, location: str) -> list[Body]:
    """`Microsoft.Compute/skus` of a region.

    Azure lists over a thousand with forty capabilities each, out of which the SDK would make as
    many models (2.7 s).
    """
    path = f"/subscriptions/{azure.environment.subscription}/providers/Microsoft.Compute/skus"
    here = quote(f"location eq '{location}'")
    return _read_all(azure, f"{path}?$filter={here}&api-version={SIZES_VERSION}")


def compute_usages(azure: Azure, location: str) -> list[Body]:
    """The quotas of Microsoft.Compute in a region, with what is used of them."""
    with refusals_about(f"quotas of Microsoft.Compute in {location}"):
        return listed(lambda: azure.clients.compute.usage.list(location, **IMPATIENT))


def subnet_usages(azure: Azure, group: str, network: str) -> list[Body]:
    """How many addresses of each subnet are taken; [] without the network."""
    ask = azure.clients.network.virtual_networks
    with refusals_about(f"addresses of {network}"):
        return listed(lambda: ask.list_usage(group, network, **IMPATIENT))


def registration(azure: Azure, namespace: str) -> str:
    """Whether the subscription is registered for a provider, in Azure's word."""
    with refusals_about(f"registration of {namespace}"):
        found = azure.clients.resources.providers.get(namespace, **IMPATIENT)
    return str(found.registration_state or "")


def locks(azure: Azure, scope: str) -> list[Body]:
    """The management locks of a scope and of what is in it."""
    path = f"{scope}/providers/Microsoft.Authorization/locks"
    return _read_all(azure, f"{path}?api-version={LOCKS_VERSION}")


def permissions(azure: Azure, scope: str) -> list[Body]:
    """What the caller's roles allow in a scope: one entry for each role."""
    path = f"{scope}/providers/Microsoft.Authorization/permissions"
    return _read_all(azure, f"{path}?api-version={PERMISSIONS_VERSION}")


def autoscale_settings(azure: Azure) -> list[Body]:
    """The autoscale settings of the subscription, or of the group where only that may be read."""
    subscription = f"/subscriptions/{azure.environment.subscription}"
    path = f"providers/Microsoft.Insights/autoscaleSettings?api-version={AUTOSCALE}"
    try:
        return _read_all(azure, f"{subscription}/{path}")
    except AzureRefused:
        group = azure.environment.resource_group
        return _read_all(azure, f"{subscription}/resourceGroups/{group}/{path}")


def policy_restrictions(azure: Azure, scope: str, content: Body) -> Body:
    """What policies would say to a resource with this content; nothing is written."""
    from azure.core.rest import HttpRequest  # noqa: PLC0415 - slow to import

    path = f"{scope}/providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
    question = {"resourceDetails": {"resourceContent": content}}
    request = HttpRequest("POST", f"{path}?api-version={POLICY_VERSION}", json=question)
    with refusals_about(path):
        answer = azure.clients.resources.send_request(request, **IMPATIENT)
        if answer.status_code != HTTPStatus.OK:
            _refuse(answer)
        found: Body = answer.json()
        return found


def _read_all(azure: Azure, url: str) -> list[Body]:
    """Every page of a list, by the client that serves any path."""
    with refusals_about(url.partition("?")[0]):
        return list(_pages(azure, url))


def _pages(azure: Azure, url: str) -> Iterator[Body]:
    from azure.core.rest import HttpRequest  # noqa: PLC0415 - slow to import

    next_url: str | None = url
    while next_url:
        answer = azure.clients.resources.send_request(HttpRequest("GET", next_url), **IMPATIENT)
        if answer.status_code != HTTPStatus.OK:
            _refuse(answer)
        page: dict[str, Any] = answer.json()
        yield from page.get("value") or ()
        next_url = page.get("nextLink")


def _refuse(answer: Any) -> None:
    """Raises what the SDK's own operations raise, with Azure's code and sentence."""
    from azure.core.exceptions import HttpResponseError  # noqa: PLC0415 - slow to import
    from azure.mgmt.core.exceptions import ARMErrorFormat  # noqa: PLC0415 - slow to import

    raise HttpResponseError(response=answer, error_format=ARMErrorFormat)
