"""Private DNS zones and TXT record sets: conditional writes, flat refusals, lists in parts."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.conftest import Emulator, Reply

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
API = "2024-06-01"


class Zone:
    """A zone in a resource group of the test's own."""

    def __init__(self, emulator: Emulator, group: str) -> None:
        self.emulator = emulator
        self.group = group
        self.path = (
            f"/resourceGroups/{group}/providers/Microsoft.Network/privateDnsZones/a.internal"
        )

    def put(self, name: str, holder: str = "a", **conditions: str) -> Reply:
        """A PUT of a TXT record set; `If_Match="…"` is a header."""
        headers = {key.replace("_", "-"): value for key, value in conditions.items()}
        properties = {
            "ttl": 60,
            "metadata": {"holder": holder},
            "txtRecords": [{"value": [holder]}],
        }
        path = f"{self.path}/TXT/{name}"
        return self.emulator.call("PUT", path, {"properties": properties}, headers=headers)

    def call(self, method: str, tail: str, **conditions: str) -> Reply:
        """A request below the zone."""
        headers = {key.replace("_", "-"): value for key, value in conditions.items()}
        return self.emulator.call(method, f"{self.path}{tail}", headers=headers)


@pytest.fixture
def zone(emulator: Emulator, resources: ResourceManagementClient, group: str) -> Zone:
    """A zone that was made through the SDK, as a long-running operation."""
    made = Zone(emulator, group)
    identifier = f"/subscriptions/{emulator.subscription}{made.path}"
    body: Any = {"location": "global", "tags": {"system": "test"}}
    poller = resources.resources.begin_create_or_update_by_id(identifier, body, api_version=API)
    document = poller.result().as_dict()
    assert document["properties"]["provisioningState"] == "Succeeded"
    assert (document["location"], document["tags"]) == ("global", {"system": "test"})
    assert GUID.fullmatch(document["etag"])
    return made


def message(reply: Reply) -> tuple[int, str, str]:
    """The status and the refusal, which has no `error` around it."""
    return reply.status, reply.body["code"], reply.body["message"]


def test_a_record_set_is_written_at_once_and_its_etag_is_the_current_one(zone: Zone) -> None:
    made = zone.put("web.local")
    changed = zone.put("web.local", "b", If_Match=made.body["etag"])

    assert (made.status, changed.status) == (201, 200)
    assert made.body["etag"] != changed.body["etag"]
    assert GUID.fullmatch(made.body["etag"])
    found = zone.call("GET", "/TXT/web.local")
    assert found.body["etag"] == changed.body["etag"]
    assert found.body["properties"] == {
        "ttl": 60,
        "metadata": {"holder": "b"},
        "txtRecords": [{"value": ["b"]}],
        "fqdn": "web.local.a.internal.",
        "isAutoRegistered": False,
    }
    assert parsedate_to_datetime(found.headers["date"]).tzinfo is not None


def test_a_record_set_that_exists_is_not_created_again(zone: Zone) -> None:
    assert zone.put("web", If_None_Match="*").status == 201

    assert message(zone.put("web", "b", If_None_Match="*")) == (
        412,
        "PreconditionFailed",
        "The Record set web exists already and hence cannot be created again.",
    )
    assert zone.call("GET", "/TXT/web").body["properties"]["metadata"] == {"holder": "a"}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_an_etag_that_does_not_hold_is_refused(zone: Zone, method: str) -> None:
    old = zone.put("web").body["etag"]
    zone.put("web", "b")

    reply = (
        zone.put("web", "c", If_Match=old)
        if method == "PUT"
        else zone.call("DELETE", "/TXT/web", If_Match=old)
    )

    assert message(reply) == (
        412,
        "PreconditionFailed",
        "The Record set web has been modified (etag mismatch).",
    )
    assert zone.call("GET", "/TXT/web").body["properties"]["metadata"] == {"holder": "b"}


def test_a_write_of_what_is_gone_does_not_bring_it_back(zone: Zone) -> None:
    etag = zone.put("web").body["etag"]
    assert zone.call("DELETE", "/TXT/web", If_Match=etag).status == 200
    assert zone.call("DELETE", "/TXT/web", If_Match=etag).status == 204

    assert zone.put("web", If_Match=etag).status == 412


def test_what_is_not_there_is_told_in_the_words_of_the_service(zone: Zone) -> None:
    assert message(zone.call("GET", "/TXT/web")) == (
        404,
        "NotFound",
        f"The resource record 'web' does not exist in resource group '{zone.group}' of "
        f"subscription '{zone.emulator.subscription}'.",
    )
    elsewhere = Zone(zone.emulator, zone.group)
    elsewhere.path = zone.path.replace("a.internal", "b.internal")
    assert elsewhere.call("GET", "/TXT/web").code == "ParentResourceNotFound"
    assert elsewhere.put("web", If_None_Match="*").code == "ParentResourceNotFound"


def test_of_many_who_create_one_record_set_one_does(zone: Zone) -> None:
    with ThreadPoolExecutor(8) as many:
        replies = list(many.map(lambda n: zone.put("web", str(n), If_None_Match="*"), range(8)))

    assert sorted(reply.status for reply in replies) == [201, *([412] * 7)]


def test_a_list_comes_in_parts_and_can_be_chosen_from(zone: Zone) -> None:
    for number in range(3):
        zone.put(f"{number}.web")
    zone.put("0.shop")
    found: list[str] = []
    path = f"{zone.path}/TXT?$recordsetnamesuffix=web&$top=2&api-version={API}"
    while path:
        page = zone.emulator.call("GET", path).body
        found += [each["name"] for each in page["value"]]
        path = page.get("nextLink", "").removeprefix(zone.emulator.base)

    assert found == ["0.web", "1.web", "2.web"]
    assert len(zone.call("GET", "/TXT").body["value"]) == 4


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"ttl": 0},
        {"ttl": "soon"},
        {"ttl": 60, "aRecords": []},
        {"ttl": 60, "metadata": {"n": 1}},
        {"ttl": 60, "txtRecords": [{"value": "text"}]},
        {"ttl": 60, "txtRecords": [{"value": ["x" * 1025]}]},
    ],
)
def test_a_record_set_that_azure_refuses_is_refused(zone: Zone, properties: Any) -> None:
    reply = zone.emulator.call("PUT", f"{zone.path}/TXT/web", {"properties": properties})

    assert (reply.status, reply.body["code"]) == (400, "BadRequest")


@pytest.mark.parametrize("name", ["a..b", "-a", "x" * 64, "a b"])
def test_a_name_that_is_none_is_refused(zone: Zone, name: str) -> None:
    assert zone.put(name.replace(" ", "%20")).status == 400


def test_a_zone_is_global_and_has_two_labels(emulator: Emulator, group: str) -> None:
    at = f"/resourceGroups/{group}/providers/Microsoft.Network/privateDnsZones"
    assert emulator.call("PUT", f"{at}/internal", {"location": "global"}).status == 400
    wrong = emulator.call("PUT", f"{at}/a.internal", {"location": "westeurope"})
    assert wrong.code == "LocationNotAvailableForResourceType"


def test_a_deleted_zone_takes_its_record_sets_along(
    zone: Zone, resources: ResourceManagementClient
) -> None:
    zone.put("web")
    zones = f"/resourceGroups/{zone.group}/providers/Microsoft.Network/privateDnsZones"
    assert (
        zone.emulator.call("GET", zones).body["value"][0]["properties"]["numberOfRecordSets"] == 2
    )
    tags = zone.emulator.call("PATCH", zone.path, {"tags": {"a": "b"}})
    assert (tags.status, tags.body["tags"]) == (202, {"system": "test", "a": "b"})
    identifier = f"/subscriptions/{zone.emulator.subscription}{zone.path}"

    resources.resources.begin_delete_by_id(identifier, api_version=API).result()

    assert zone.emulator.call("GET", zone.path).status == 404
    assert zone.put("web").code == "ParentResourceNotFound"


def test_faults_reach_these_routes_and_the_sdk_reads_flat_refusals(
    zone: Zone, network: NetworkManagementClient
) -> None:
    body = {
        "match": {"method": "PUT", "path": f"{zone.group}/.*/TXT/web$"},
        "action": {"fail": {"status": 429, "code": "TooManyRequests", "message": "Later."}},
    }
    zone.emulator.call("POST", "/emulator/faults", body)
    assert zone.put("web").status == 429
    assert zone.put("web").status == 201

    url = f"{zone.emulator.base}/subscriptions/{zone.emulator.subscription}{zone.path}/TXT/web"
    request = HttpRequest(
        "DELETE", url, params={"api-version": API}, headers={"If-Match": "another"}
    )
    with pytest.raises(HttpResponseError) as caught:
        network.send_request(request).raise_for_status()
    assert caught.value.error is not None
    assert caught.value.error.code == "PreconditionFailed"
