"""Deployments and resource groups, through the resource manager."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from tests.emulator.arm.things import GROUP, EmulatedThings, deployment, emulated_things, thing


def template(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a deployment's PUT."""
    return {
        "properties": {"mode": "Incremental", "template": {"resources": list(resources), **more}}
    }


def resource(name: str, *needs: str, **properties: Any) -> dict[str, Any]:
    """A thing in a template."""
    return {
        "type": "Test.Provider/things",
        "name": name,
        "apiVersion": "1",
        "dependsOn": list(needs),
        "properties": properties,
    }


async def operations(arm: EmulatedThings, name: str) -> dict[str, str]:
    """The states of a deployment's operations by resource name."""
    view = arm.manager.view(deployment(name), "operations")
    assert view is not None
    return {
        item["properties"]["targetResource"]["resourceName"]: item["properties"][
            "provisioningState"
        ]
        for item in view.body["value"]
    }


async def test_a_deployment_makes_its_resources_and_shows_what_it_made(arm: EmulatedThings) -> None:
    arm.things.go.set()
    body = template(
        resource("second", "first", slow=True),
        resource("first", slow=True),
        outputs={
            name: {"type": "string", "value": "[reference('first').provisioningState]"}
            for name in ("state", "VMSS", "VMName")
        },
    )
    answer = await arm.manager.put(deployment("d"), body)
    assert answer.status == 201
    assert answer.body["properties"]["provisioningState"] == "Accepted"
    await arm.manager.settle(answer)
    assert arm.things.realized == ["first", "second"]
    properties = arm.manager.get(deployment("d"), {}).body["properties"]
    assert properties["provisioningState"] == "Succeeded"
    assert properties["outputs"]["state"] == {"type": "String", "value": "Succeeded"}
    assert set(properties["outputs"]) == {"state", "vmss", "vmName"}  # ARM's spelling
    assert await operations(arm, "d") == {"first": "Succeeded", "second": "Succeeded"}


async def test_a_failed_resource_fails_the_deployment_but_not_what_does_not_need_it(
    arm: EmulatedThings,
) -> None:
    body = template(
        resource("bad", slow=True, fails=True), resource("after", "bad"), resource("beside")
    )
    answer = await arm.manager.put(deployment("d"), body)
    with pytest.raises(ArmError) as failure:
        await arm.manager.settle(answer)
    assert failure.value.code == "DeploymentFailed"
    assert [detail.code for detail in failure.value.details] == ["ThingFailed"]
    assert await operations(arm, "d") == {"bad": "Failed", "beside": "Succeeded"}
    assert arm.state("after") is None
    properties = arm.manager.get(deployment("d"), {}).body["properties"]
    assert properties["error"]["details"][0]["message"] == "bad failed."


async def test_secure_values_are_neither_shown_nor_kept(tmp_path: Path) -> None:
    async with emulated_things(tmp_path / "store.sqlite") as arm:
        body = template(resource("a", n=1), parameters={"secret": {"type": "secureString"}})
        body["properties"]["parameters"] = {"secret": {"value": "hush-hush"}}
        answer = await arm.manager.put(deployment("d"), body)
        await arm.manager.settle(answer)
        shown = arm.manager.get(deployment("d"), {}).body["properties"]["parameters"]
        assert shown == {"secret": {"type": "SecureString"}}
        assert "hush-hush" not in str(list(arm.store.everything()))
    left = (tmp_path / "store.sqlite").read_bytes()
    assert b"hush-hush" not in left


async def test_a_deployment_under_way_is_not_replaced(arm: EmulatedThings) -> None:
    await arm.manager.put(deployment("d"), template(resource("a", slow=True)))
    with pytest.raises(ArmError, match="still active") as refusal:
        await arm.manager.put(deployment("d"), template())
    assert (refusal.value.status, refusal.value.code) == (409, "DeploymentActive")


async def test_validating_makes_nothing(arm: EmulatedThings) -> None:
    answer = await arm.manager.act(deployment("d"), "validate", template(resource("a")))
    assert answer.status == 200
    assert [one["id"] for one in answer.body["properties"]["validatedResources"]] == [
        str(thing("a"))
    ]
    assert arm.state("a") is None
    with pytest.raises(ArmError, match="NotServedByEmulator"):
        unknown = {"type": "Test.Provider/others", "name": "x", "apiVersion": "1"}
        await arm.manager.act(deployment("d"), "validate", template(unknown))
    with pytest.raises(ArmError, match="properties is required"):
        await arm.manager.act(deployment("d"), "validate", {})


async def test_an_interrupted_deployment_is_finished_at_the_next_start(tmp_path: Path) -> None:
    async with emulated_things(tmp_path / "store.sqlite") as first:
        body = template(resource("a", slow=True), resource("b", "a", slow=True))
        answer = await first.manager.put(deployment("d"), body)
        while first.state("a") is None:
            await asyncio.sleep(0)
    assert answer.operation is not None
    async with emulated_things(tmp_path / "store.sqlite") as second:
        second.things.go.set()
        second.manager.operations.resume()
        kept = second.manager.operations.find(answer.operation.id)
        assert kept is not None
        await second.manager.operations.ended(kept, 10)
        assert kept.status == "Succeeded"
        assert (second.state("a"), second.state("b")) == ("Succeeded", "Succeeded")


async def test_deleting_a_deployment_leaves_what_it_made(arm: EmulatedThings) -> None:
    await arm.manager.settle(await arm.manager.put(deployment("d"), template(resource("a"))))
    await arm.manager.settle(await arm.manager.delete(deployment("d")))
    assert arm.store.get(deployment("d")) is None
    assert arm.state("a") == "Succeeded"


async def test_deleting_a_group_deletes_everything_in_it_in_any_order(
    arm: EmulatedThings,
) -> None:
    await arm.put("a")
    await arm.manager.put(thing("a").child("parts", "p"), {})
    await arm.put("b", uses=["a"])
    await arm.put("c", uses=["b"])
    await arm.manager.put(deployment("d"), template(resource("late", slow=True)))
    answer = await arm.manager.delete(GROUP)
    with pytest.raises(ArmError, match="deprovisioning state"):
        await arm.manager.put(thing("new"), {})
    await arm.manager.settle(answer)
    assert list(arm.store.everything()) == []


async def test_a_group_that_cannot_be_deleted_names_what_is_left_and_stays(
    arm: EmulatedThings,
) -> None:
    await arm.put("a", uses=["b"])
    await arm.put("b", uses=["a"])
    await arm.put("c")
    with pytest.raises(ArmError, match=r"things/a', '/sub.*things/b' could not") as failure:
        await arm.manager.settle(await arm.manager.delete(GROUP))
    assert failure.value.code == "ResourceGroupDeletionBlocked"
    assert arm.state("c") is None
    group = arm.manager.get(GROUP, {}).body
    assert group["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("x", {}, "LocationRequired"),
        ("x", {"location": "Mars"}, "LocationNotAvailableForResourceGroup"),
        ("x.", {"location": "westeurope"}, "InvalidResourceGroup"),
        ("a b", {"location": "westeurope"}, "InvalidResourceGroup"),
        ("rg", {"location": "eastus"}, "InvalidResourceGroupLocation"),
    ],
)
async def test_a_group_needs_a_good_name_and_one_region(
    arm: EmulatedThings, name: str, body: dict[str, Any], code: str
) -> None:
    with pytest.raises(ArmError) as refusal:
        await arm.manager.put(type(GROUP).group("sub", name), body)
    assert refusal.value.code == code
