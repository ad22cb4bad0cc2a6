from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.resources.template import plan

CASES = Path(__file__).parent / "cases"
GROUP = {
    "id": "/subscriptions/s/resourceGroups/rg",
    "name": "rg",
    "location": "westeurope",
    "properties": {"provisioningState": "Succeeded"},
}


def request(*resources: dict[str, Any], **template: Any) -> dict[str, Any]:
    """A deployment's `properties` with these resources."""
    return {"mode": "Incremental", "template": {"resources": list(resources), **template}}


def resource(
    name: str, *needs: str, kind: str = "Test.Provider/things", **more: Any
) -> dict[str, Any]:
    """A template's resource."""
    return {"type": kind, "name": name, "apiVersion": "1", "dependsOn": list(needs), **more}


def names(properties: dict[str, Any]) -> list[str]:
    """The names of what a deployment makes, in order."""
    return [made.id.name for made in plan(properties, GROUP, "d").resources]


def test_the_template_that_packer_sends_makes_its_resources_in_the_order_of_their_needs() -> None:
    body = json.loads((CASES / "packer_2.6.3.json").read_text())
    planned = plan(body["properties"], GROUP, "pkrdp")
    order = [made.id.type.split("/")[1] for made in planned.resources]
    assert set(order) == {
        "publicIPAddresses",
        "networkInterfaces",
        "virtualMachines",
        "networkSecurityGroups",
        "virtualNetworks",
    }
    assert order.index("networkSecurityGroups") < order.index("virtualNetworks")
    assert order.index("virtualNetworks") < order.index("networkInterfaces")
    assert order.index("publicIPAddresses") < order.index("networkInterfaces")
    assert order.index("networkInterfaces") < order.index("virtualMachines")
    machine = next(made for made in planned.resources if made.id.type.endswith("virtualMachines"))
    assert machine.body["location"] == "westeurope"
    assert (
        machine.body["properties"]["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"][0][
            "path"
        ]
        == "/home/packer/.ssh/authorized_keys"
    )
    assert machine.body["properties"]["networkProfile"]["networkInterfaces"][0]["id"] == (
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/"
        "pkrni1wq2dmia7j"
    )


def test_a_secure_parameter_is_shown_without_its_value() -> None:
    body = json.loads((CASES / "packer_2.6.3.json").read_text())
    parameters = plan(body["properties"], GROUP, "pkrdp").parameters
    assert parameters["adminpassword"].shown() == {"type": "SecureString"}
    assert parameters["adminusername"].shown() == {"type": "String", "value": "packer"}
    assert "not-a-real-password" not in repr(parameters)


@pytest.mark.parametrize(
    "needed",
    [
        "first",
        "Test.Provider/things/first",
        "TEST.PROVIDER/Things/FIRST",
        "[resourceId('Test.Provider/things', 'first')]",
        "[resourceId('Test.Provider/things/', 'first')]",
        "[resourceId(resourceGroup().name, 'Test.Provider/things', 'first')]",
        "/subscriptions/S/resourcegroups/RG/providers/test.provider/things/first",
    ],
)
def test_depends_on_is_understood_however_it_is_written(needed: str) -> None:
    assert names(request(resource("second", needed), resource("first"))) == ["first", "second"]


def test_a_resource_whose_condition_is_false_is_not_made_and_not_waited_for() -> None:
    unwanted = resource("no", condition="[empty('something')]", tags="[nonsense()]")
    assert names(request(unwanted, resource("yes", "no"))) == ["yes"]


def test_a_child_is_named_after_its_parents() -> None:
    child = resource("vm/script", kind="Test.Provider/things/parts")
    made = plan(request(child), GROUP, "d").resources[0].id
    assert str(made).endswith("/providers/Test.Provider/things/vm/parts/script")


def test_variables_may_refer_to_each_other_in_any_order() -> None:
    variables = {"a": "[concat(variables('b'), '!')]", "b": "[parameters('p')]"}
    parameters = {"p": {"type": "string", "defaultValue": "[resourceGroup().name]"}}
    named = resource("[variables('a')]")
    assert names(request(named, variables=variables, parameters=parameters)) == ["rg!"]


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        (request(resource("a", "b"), resource("b", "a")), "Circular dependency detected"),
        (request(resource("a", "nobody")), "'nobody' is not defined in the template"),
        (request(resource("a"), resource("A")), "defines a resource twice"),
        (request(resource("a/b")), "incorrect segment lengths"),
        (request(resource("[parameters('no')]")), "parameter 'no' is not found"),
        (request(resource("[variables('no')]")), "variable 'no' is not found"),
        (request(resource("[reference('x').id]")), "'reference' is not expected"),
        (request(resource("[magic()]")), "'magic' is not valid or not served"),
        (request({"type": "a/b", "apiVersion": "1"}), "has no 'name'"),
        (
            request(resource("[variables('a')]"), variables={"a": "[variables('a')]"}),
            "refers to itself",
        ),
    ],
)
def test_a_template_that_azure_refuses_is_refused_with_the_reason(
    properties: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ArmError, match=reason) as refusal:
        plan(properties, GROUP, "d")
    assert (refusal.value.status, refusal.value.code) == (400, "InvalidTemplate")


@pytest.mark.parametrize(
    ("declared", "given", "reason"),
    [
        ({"p": {"type": "string"}}, {}, "'p' is not provided"),
        ({}, {"p": {"value": 1}}, "'p' in the parameters file are not valid"),
        ({"p": {"type": "int"}}, {"p": {"value": "many"}}, "Expected a value of type 'Int'"),
        ({"p": {"type": "int"}}, {"p": {"value": True}}, "Expected a value of type 'Int'"),
        ({"p": {"type": "thing"}}, {"p": {"value": 1}}, "unknown type 'thing'"),
        ({"p": {"type": "string"}}, {"p": "bare"}, "given without a 'value'"),
        (
            {"p": {"type": "string", "allowedValues": ["a", "b"]}},
            {"p": {"value": "c"}},
            "allowed value",
        ),
    ],
)
def test_a_wrong_parameter_is_named(
    declared: dict[str, Any], given: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ArmError, match=reason):
        plan({**request(parameters=declared), "parameters": given}, GROUP, "d")


def test_command_lines_may_give_numbers_and_booleans_as_text() -> None:
    declared = {"n": {"type": "int"}, "b": {"type": "Bool"}}
    given = {"N": {"value": "50000"}, "b": {"value": "true"}}
    read = plan({**request(parameters=declared), "parameters": given}, GROUP, "d").parameters
    assert (read["n"].value, read["b"].value) == (50000, True)


@pytest.mark.parametrize(
    ("properties", "what"),
    [
        ({"mode": "Complete", "template": {}}, "mode 'Complete'"),
        (request(resource("a", copy={"count": 2})), "'copy' in a template's resource"),
        (request(resource("a", kind="Microsoft.Resources/deployments")), "nested deployments"),
        ({"mode": "Incremental", "template": {"resources": {"a": {}}}}, "symbolic"),
    ],
)
def test_what_the_emulator_does_not_serve_is_refused_by_name(
    properties: dict[str, Any], what: str
) -> None:
    with pytest.raises(ArmError, match=what) as refusal:
        plan(properties, GROUP, "d")
    assert refusal.value.code == "NotServedByEmulator"


def test_a_deployment_without_a_template_is_refused() -> None:
    with pytest.raises(ArmError, match=r"properties\.template") as refusal:
        plan({"mode": "Incremental", "templateLink": {"uri": "https://…"}}, GROUP, "d")
    assert refusal.value.code == "InvalidRequestContent"
