"""A member whose admin state is `Down` gets no new connection, and keeps those that it has."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

from tests.emulator.network.sdk_zone import Body, Zone

ASKED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def pool(zone: Zone) -> Body:
    """The pool that production leads to, with its member."""
    operations = zone.network.load_balancer_backend_address_pools
    return dict(operations.get(zone.group, "lb", "blue").as_dict())


def states(zone: Zone) -> list[str | None]:
    """The admin states of its members, None for one that has none."""
    members = pool(zone)["properties"]["loadBalancerBackendAddresses"]
    return [member["properties"].get("adminState") for member in members]


def put(zone: Zone, state: str, etag: str = "") -> None:
    """What azure-cli sends: members by their names, with a state."""
    found = pool(zone)["properties"]["loadBalancerBackendAddresses"]
    members = [{"name": one["name"], "properties": {"adminState": state}} for one in found]
    body: Any = {"properties": {"loadBalancerBackendAddresses": members}}
    zone.network.load_balancer_backend_address_pools.begin_create_or_update(
        zone.group,
        "lb",
        "blue",
        body,
        headers={"If-Match": etag} if etag else {},
        retry_total=0,
    ).result()


def connect(zone: Zone) -> socket.socket:
    """A new connection to production."""
    return socket.create_connection((zone.front(), zone.production), timeout=10)


def answers(connection: socket.socket) -> bool:
    """Whether a request over it is answered."""
    connection.sendall(ASKED)
    return connection.recv(4096).startswith(b"HTTP/1.1 200")


def is_refused(zone: Zone) -> bool:
    """Whether nobody takes a new connection; a load balancer may accept one and close it."""
    try:
        with closing(connect(zone)) as connection:
            return not answers(connection)
    except OSError:
        return True


def until(zone: Zone, refused: bool) -> None:
    """Ask until it is so, a minute at most; each question takes a request's time."""
    patience = time.monotonic() + 60
    while is_refused(zone) != refused:
        assert time.monotonic() < patience, "it never was"


def test_an_established_connection_outlives_its_member_being_taken_out(zone: Zone) -> None:
    until(zone, refused=False)
    with closing(connect(zone)) as before:
        assert answers(before)
        put(zone, "Down")
        assert states(zone) == ["Down"]
        until(zone, refused=True)
        assert answers(before)
    put(zone, "None")
    assert states(zone) == [None]
    until(zone, refused=False)


def test_the_health_of_a_rule_names_who_took_a_member_out(zone: Zone) -> None:
    put(zone, "Down")
    operations = zone.network.load_balancer_load_balancing_rules
    found = operations.begin_health(zone.group, "lb", "production").result().as_dict()
    (member,) = found["loadBalancerBackendAddresses"]
    assert (member["state"], member["reason"]) == ("Down", "Down_Admin")
    put(zone, "None")


def test_a_whole_write_says_the_states_anew(zone: Zone) -> None:
    put(zone, "Down")
    body = zone.read()
    zone.write(body)
    assert states(zone) == ["Down"]
    for each in body["properties"]["backendAddressPools"]:
        each["properties"].pop("loadBalancerBackendAddresses", None)
    zone.write(body)
    assert states(zone) == [None]


def test_a_write_of_a_pool_is_fenced_by_the_load_balancers_etag(zone: Zone) -> None:
    stale = str(pool(zone)["etag"])
    zone.write(zone.read())
    with pytest.raises(HttpResponseError) as caught:
        put(zone, "Down", stale)
    assert caught.value.status_code == 412
    put(zone, "None", str(pool(zone)["etag"]))


def test_a_state_that_overrules_the_probe_is_refused_by_name(zone: Zone) -> None:
    with pytest.raises(HttpResponseError, match="'adminState' 'Up'"):
        put(zone, "Up")
