"""Each kind of violation is found: one planted of each."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

import pytest

from tests.conformance.checker import Exchanged, check_body, check_exchange, place_of

S = "/subscriptions/s/resourceGroups/g/providers"
SCALE_SET = f"{S}/Microsoft.Compute/virtualMachineScaleSets/web"
BALANCER = f"{S}/Microsoft.Network/loadBalancers/lb"
POLL = (
    "https://127.0.0.1/subscriptions/s/providers/P/locations/l/operations/1?api-version=2026-04-01"
)
SET: dict[str, Any] = {
    "location": "westeurope",
    "properties": {"orchestrationMode": "Uniform", "overprovision": True},
}


def put(
    answer: Any, *, status: int = 201, body: Any = SET, poll: str = POLL, after: str = "10"
) -> Exchanged:
    """A PUT of a scale set that was accepted."""
    sent = {"azure-asyncoperation": poll, "retry-after": after}
    return Exchanged("PUT", SCALE_SET, status, body, answer, sent)


def with_properties(**changes: Any) -> dict[str, Any]:
    """The scale set, with other properties."""
    body = deepcopy(SET)
    body["properties"] |= changes
    return body


def test_what_fits_is_no_violation() -> None:
    answer = with_properties(provisioningState="Creating") | {"id": SCALE_SET}

    assert check_exchange(put(answer)) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"colour": "red"}, "properties.colour: unknown property"),
        ({"Overprovision": True}, "unknown property; expected 'overprovision'"),
        ({"overprovision": "true"}, "properties.overprovision: str; expected boolean"),
        ({"platformFaultDomainCount": "1"}, "Count: str; expected integer"),
        ({"scaleInPolicy": {"rules": "Default"}}, "scaleInPolicy.rules: str; expected "),
        ({"scaleInPolicy": {"rules": [1]}}, r"scaleInPolicy.rules\[\]: int; expected"),
        ({"provisioningState": "Creating"}, "provisioningState: read-only property sent"),
        ({"orchestrationMode": "Loose"}, "value 'Loose'; expected one of Flexible, Uniform"),
        ({"orchestrationMode": "uniform"}, "spelling 'uniform'; expected 'Uniform'"),
    ],
)
def test_a_violation_in_a_request_is_found(change: dict[str, Any], line: str) -> None:
    (found,) = check_body("compute", "VirtualMachineScaleSet", with_properties(**change), "request")

    assert re.search(f"^request: .*{line}", str(found))


def test_what_is_compulsory_and_missing_is_found() -> None:
    body = {
        "properties": {"loadBalancingRules": [{"name": "r", "properties": {"protocol": "Tcp"}}]}
    }

    (found,) = check_body("network", "LoadBalancer", body, "request")
    assert str(found) == (
        "request: properties.loadBalancingRules[].properties.frontendPort: missing; "
        "expected integer, which is compulsory"
    )


def test_what_is_never_answered_is_found() -> None:
    answer = with_properties(virtualMachineProfile={"osProfile": {"adminPassword": "x"}})

    found = check_body("compute", "VirtualMachineScaleSet", answer, "answer")
    assert [str(each) for each in found] == [
        "answer: properties.virtualMachineProfile.osProfile.adminPassword: "
        "write-only property answered; expected nothing"
    ]


def test_a_null_in_an_answer_is_found() -> None:
    (found,) = check_exchange(put(with_properties(scaleInPolicy=None)))

    assert str(found) == "answer: properties.scaleInPolicy: null; expected ScaleInPolicy"


def test_a_status_that_the_operation_does_not_have_is_found() -> None:
    (found,) = check_exchange(put(SET, status=202))

    assert str(found) == "answer: status: 202; expected 200, 201"


def test_an_operation_without_an_address_is_found() -> None:
    going_on = with_properties(provisioningState="Creating")
    exchanged = Exchanged("PUT", SCALE_SET, 201, SET, going_on, {})

    assert "no address of the operation" in str(check_exchange(exchanged)[0])
    ended = with_properties(provisioningState="Succeeded")
    assert check_exchange(Exchanged("PUT", SCALE_SET, 201, SET, ended, {})) == []
    assert check_exchange(Exchanged("DELETE", SCALE_SET, 202, None, None, {})) != []


def test_an_address_that_no_poller_takes_is_found() -> None:
    (found,) = check_exchange(put(SET, poll="/subscriptions/s/operations/1"))

    assert "no poller takes" in str(found)


def test_a_retry_after_that_is_no_number_of_seconds_is_found() -> None:
    going_on = with_properties(provisioningState="Creating")

    assert "Retry-After: soon" in str(check_exchange(put(going_on, after="soon"))[0])


@pytest.mark.parametrize("answer", [{}, {"error": {"code": "X"}}, {"message": "x"}, "text"])
def test_a_refusal_in_another_shape_is_found(answer: Any) -> None:
    assert check_exchange(put(answer, status=400)) != []


def test_a_refusal_in_arms_shape_is_none() -> None:
    refusal = {"error": {"code": "BadRequest", "message": "No."}}

    assert check_exchange(put(refusal, status=400, body={"x": 1})) == []


def test_only_who_is_held_to_it_must_send_what_fits() -> None:
    exchanged = put(SET, body=with_properties(overprovision="true"))

    assert len(check_exchange(exchanged)) == 1
    assert check_exchange(exchanged, is_held=False) == []


@pytest.mark.parametrize(
    ("method", "path", "verb"),
    [
        ("GET", f"{SCALE_SET}?api-version=1", "GET"),
        ("GET", f"{S}/Microsoft.Compute/virtualmachinescalesets", "GET *"),
        ("GET", "/subscriptions/s/providers/Microsoft.Network/loadBalancers", "GET *"),
        ("POST", f"{SCALE_SET}/manualUpgrade", "POST manualupgrade"),
        ("GET", f"{SCALE_SET}/instanceView", "GET instanceView"),
        ("GET", f"{SCALE_SET}/virtualMachines/0/instanceView", "GET instanceView"),
        ("PUT", "/subscriptions/s/resourcegroups/g", "PUT"),
        ("GET", "/subscriptions/s/providers/Microsoft.Compute/locations/l/usages", "GET *"),
    ],
)
def test_an_operation_is_known_by_its_path(method: str, path: str, verb: str) -> None:
    found = place_of(method, path)

    assert found is not None
    assert found[1] == verb


@pytest.mark.parametrize("path", ["/", "/subscriptions/s", f"{S}/P/t/n", f"{BALANCER}/nothing"])
def test_nothing_is_said_of_what_no_model_is_known_of(path: str) -> None:
    assert place_of("GET", path) is None
    assert check_exchange(Exchanged("GET", path, 299)) == []


def test_each_item_of_a_list_is_held_to_it() -> None:
    listed = {"value": [{"location": "l"}, {"location": "l", "colour": 1}], "nextLink": "x"}
    path = SCALE_SET.removesuffix("/web")

    (found,) = check_exchange(Exchanged("GET", path, 200, None, listed, {}))
    assert found.path == "colour"


def test_a_result_with_a_value_is_no_list() -> None:
    path = f"{S}/Microsoft.Compute/virtualMachines/vm/runCommand"
    result = {"value": [{"code": "ProvisioningState/succeeded", "message": "out"}]}

    assert check_exchange(Exchanged("POST", path, 200, None, result, {})) == []
