"""Deployments and resource groups, through the resource manager."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from tests.emulator.arm.lab import GROUP, Lab, deployment, lab, thing


def template(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body of a deployment's PUT."""
    return {"properties": {"mode": "Incremental", "template": {"resources": resources, **more}}}


def resource(name: str, *needs: str, **properties: Any) -> dict[str, Any]:
    """A thing in a template."""
    return {
        "type": "Lab.Test/things",
        "name": name,
        "apiVersion": "1",
        "dependsOn": list(needs),
        "properties": properties,
    }


def run(tmp_path: Path, scenario: Any) -> None:
    """Run a scenario in a lab of its own."""

    async def main() -> None:
        async with lab(tmp_path / "store.sqlite") as made:
            await asyncio.wait_for(scenario(made), 30)

    asyncio.run(main())


async def operations(made: Lab, name: str) -> dict[str, str]:
    """The states of a deployment's operations by resource name."""
    view = made.manager.view(deployment(name), "operations")
    assert view is not None
    return {
        item["properties"]["targetResource"]["resourceName"]: item["properties"][
            "provisioningState"
        ]
        for item in view.body["value"]
    }


def test_a_deployment_makes_its_resources_and_tells_what_it_made(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        made.things.go.set()
        body = template(
            resource("second", "first", slow=True),
            resource("first", slow=True),
            outputs={
                "state": {"type": "string", "value": "[reference('first').provisioningState]"}
            },
        )
        answer = await made.manager.put(deployment("d"), body)
        assert answer.status == 201
        assert answer.body["properties"]["provisioningState"] == "Accepted"
        await made.manager.settle(answer)
        assert made.things.realized == ["first", "second"]
        properties = made.manager.get(deployment("d"), {}).body["properties"]
        assert properties["provisioningState"] == "Succeeded"
        assert properties["outputs"]["state"] == {"type": "String", "value": "Succeeded"}
        assert await operations(made, "d") == {"first": "Succeeded", "second": "Succeeded"}

    run(tmp_path, scenario)


def test_a_failed_resource_fails_the_deployment_but_not_what_does_not_need_it(
    tmp_path: Path,
) -> None:
    async def scenario(made: Lab) -> None:
        body = template(
            resource("bad", slow=True, fails=True), resource("after", "bad"), resource("beside")
        )
        answer = await made.manager.put(deployment("d"), body)
        with pytest.raises(ArmError) as failure:
            await made.manager.settle(answer)
        assert failure.value.code == "DeploymentFailed"
        assert [detail.code for detail in failure.value.details] == ["ThingFailed"]
        assert await operations(made, "d") == {"bad": "Failed", "beside": "Succeeded"}
        assert made.state("after") is None
        properties = made.manager.get(deployment("d"), {}).body["properties"]
        assert properties["error"]["details"][0]["message"] == "bad failed."

    run(tmp_path, scenario)


def test_secure_values_are_neither_told_nor_kept(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        body = template(resource("a", n=1), parameters={"secret": {"type": "secureString"}})
        body["properties"]["parameters"] = {"secret": {"value": "hush-hush"}}
        answer = await made.manager.put(deployment("d"), body)
        await made.manager.settle(answer)
        shown = made.manager.get(deployment("d"), {}).body["properties"]["parameters"]
        assert shown == {"secret": {"type": "SecureString"}}
        assert "hush-hush" not in str(list(made.store.everything()))

    run(tmp_path, scenario)
    left = (tmp_path / "store.sqlite").read_bytes()
    assert b"hush-hush" not in left


def test_a_deployment_under_way_is_not_replaced(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        await made.manager.put(deployment("d"), template(resource("a", slow=True)))
        with pytest.raises(ArmError, match="still active") as refusal:
            await made.manager.put(deployment("d"), template())
        assert (refusal.value.status, refusal.value.code) == (409, "DeploymentActive")

    run(tmp_path, scenario)


def test_validating_makes_nothing(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        answer = await made.manager.act(deployment("d"), "validate", template(resource("a")))
        assert answer.status == 200
        assert [one["id"] for one in answer.body["properties"]["validatedResources"]] == [
            str(thing("a"))
        ]
        assert made.state("a") is None
        with pytest.raises(ArmError, match="NotServedByEmulator"):
            unknown = {"type": "Lab.Test/others", "name": "x", "apiVersion": "1"}
            await made.manager.act(deployment("d"), "validate", template(unknown))
        with pytest.raises(ArmError, match="properties is required"):
            await made.manager.act(deployment("d"), "validate", {})

    run(tmp_path, scenario)


def test_an_interrupted_deployment_is_finished_at_the_next_start(tmp_path: Path) -> None:
    async def main() -> None:
        async with lab(tmp_path / "store.sqlite") as first:
            body = template(resource("a", slow=True), resource("b", "a", slow=True))
            answer = await first.manager.put(deployment("d"), body)
            while first.state("a") is None:
                await asyncio.sleep(0)
        assert answer.operation is not None
        async with lab(tmp_path / "store.sqlite") as second:
            second.things.go.set()
            second.manager.operations.resume()
            kept = second.manager.operations.find(answer.operation.id)
            assert kept is not None
            await second.manager.operations.ended(kept, 10)
            assert kept.status == "Succeeded"
            assert (second.state("a"), second.state("b")) == ("Succeeded", "Succeeded")

    asyncio.run(main())


def test_deleting_a_deployment_leaves_what_it_made(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        await made.manager.settle(await made.manager.put(deployment("d"), template(resource("a"))))
        await made.manager.settle(await made.manager.delete(deployment("d")))
        assert made.store.get(deployment("d")) is None
        assert made.state("a") == "Succeeded"

    run(tmp_path, scenario)


def test_a_group_goes_with_all_that_is_in_it_in_whatever_order_it_can(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        await made.put("a")
        await made.manager.put(thing("a").child("parts", "p"), {})
        await made.put("b", uses=["a"])
        await made.put("c", uses=["b"])
        await made.manager.put(deployment("d"), template(resource("late", slow=True)))
        answer = await made.manager.delete(GROUP)
        with pytest.raises(ArmError, match="deprovisioning state"):
            await made.manager.put(thing("new"), {})
        await made.manager.settle(answer)
        assert list(made.store.everything()) == []

    run(tmp_path, scenario)


def test_a_group_that_cannot_go_says_what_is_left_and_stays(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        await made.put("a", uses=["b"])
        await made.put("b", uses=["a"])
        await made.put("c")
        with pytest.raises(ArmError, match=r"things/a', '/sub.*things/b' could not") as failure:
            await made.manager.settle(await made.manager.delete(GROUP))
        assert failure.value.code == "ResourceGroupDeletionBlocked"
        assert made.state("c") is None
        group = made.manager.get(GROUP, {}).body
        assert group["properties"]["provisioningState"] == "Succeeded"

    run(tmp_path, scenario)


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
def test_a_group_needs_a_good_name_and_one_region(
    tmp_path: Path, name: str, body: dict[str, Any], code: str
) -> None:
    async def scenario(made: Lab) -> None:
        with pytest.raises(ArmError) as refusal:
            await made.manager.put(type(GROUP).group("sub", name), body)
        assert refusal.value.code == code

    run(tmp_path, scenario)
