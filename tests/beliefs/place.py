"""Where beliefs are tested: the emulator, or a subscription of Azure, through the same SDK."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.identity import DefaultAzureCredential
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.conftest import Reply

SUBSCRIPTION = "BAKESWAP_VERIFY_SUBSCRIPTION"
"""The variable that names a subscription; without it the emulator is asked."""
LOCATION = "BAKESWAP_VERIFY_LOCATION"
DEFAULT_LOCATION = "westeurope"


@dataclass(frozen=True, slots=True)
class Place:
    """A resource group to try things in."""

    network: NetworkManagementClient
    resources: ResourceManagementClient
    subscription: str
    group: str
    location: str

    @property
    def scope(self) -> str:
        """The group's id."""
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"

    def send(
        self,
        method: str,
        path: str,
        version: str,
        body: Any = None,
        *,
        of_subscription: bool = False,
        **headers: str,
    ) -> Reply:
        """A raw request below the group, or its subscription; `if_match="…"` is a header."""
        scope, _, _ = self.scope.partition("/resourceGroups/")
        mark = "&" if "?" in path else "?"
        request = HttpRequest(
            method,
            f"{scope if of_subscription else self.scope}{path}{mark}api-version={version}",
            json=body,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        answer = self.resources.send_request(request, retry_total=0)
        text = answer.text()
        named = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, named, json.loads(text) if text else None)

    def security_group(self, name: str = "guard", **more: Any) -> dict[str, Any]:
        """A network security group, made or changed; as a GET answers it."""
        body: Any = {"location": self.location, **more}
        groups = self.network.network_security_groups
        groups.begin_create_or_update(self.group, name, body).result()
        return dict(groups.get(self.group, name).as_dict())


def refused(call: Callable[[], Any]) -> HttpResponseError:
    """The refusal that a call meets."""
    with pytest.raises(HttpResponseError) as caught:
        call()
    return caught.value


def code(refusal: HttpResponseError) -> str:
    """Its code."""
    return str(refusal.error.code) if refusal.error else ""


@contextmanager
def place_in(subscription: str, credential: Any, **options: Any) -> Iterator[Place]:
    """A resource group of a name of its own, deleted at the end whatever happens."""
    location = os.environ.get(LOCATION) or DEFAULT_LOCATION
    name = f"bakeswap-verify-{secrets.token_hex(4)}"
    with (
        NetworkManagementClient(credential, subscription, **options) as network,
        ResourceManagementClient(credential, subscription, **options) as resources,
    ):
        tags = {"system": "bakeswap-verify"}
        made: Any = {"location": location, "tags": tags}
        resources.resource_groups.create_or_update(name, made)
        try:
            yield Place(network, resources, subscription, name, location)
        finally:
            resources.resource_groups.begin_delete(name).result()


@contextmanager
def azure(subscription: str) -> Iterator[Place]:
    """A subscription of public Azure, with whoever is signed in."""
    with DefaultAzureCredential() as credential, place_in(subscription, credential) as place:
        yield place
