"""ARM's manners, for any kind of resource."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.manager import merge
from tests.emulator.arm.things import GROUP, EmulatedThings, thing


async def refused(call: Coroutine[Any, Any, Any]) -> ArmError:
    """The refusal that a call meets."""
    with pytest.raises(ArmError) as refusal:
        await call
    return refusal.value


async def test_a_first_put_answers_201_and_a_second_200(arm: EmulatedThings) -> None:
    first = await arm.manager.put(thing("a"), {"tags": {"x": "1"}, "properties": {"n": 1}})
    second = await arm.manager.put(thing("A"), {"properties": {"n": 2}})
    assert (first.status, second.status) == (201, 200)
    assert first.body["location"] == "westeurope"
    assert second.body["id"] == first.body["id"]
    assert second.body["tags"] == {}
    assert second.body["etag"] != first.body["etag"]
    assert second.body["properties"] == {"n": 2, "provisioningState": "Succeeded"}


async def test_slow_work_shows_its_states_and_changes_the_etag_when_it_ends(
    arm: EmulatedThings,
) -> None:
    answer = await arm.manager.put(thing("a"), {"properties": {"slow": True}})
    assert answer.body["properties"]["provisioningState"] == "Creating"
    busy = await refused(arm.manager.put(thing("a"), {}))
    assert busy.status == 409
    arm.things.go.set()
    await arm.manager.settle(answer)
    assert answer.operation is not None
    assert answer.operation.status == "Succeeded"
    after = arm.manager.get(thing("a"), {})
    assert after.body["properties"]["provisioningState"] == "Succeeded"
    assert after.headers["ETag"] == after.body["etag"] != answer.body["etag"]
    again = await arm.manager.put(thing("a"), {"properties": {"slow": True}})
    assert again.body["properties"]["provisioningState"] == "Updating"


async def test_work_that_fails_leaves_the_resource_failed_and_shows_why(
    arm: EmulatedThings,
) -> None:
    with pytest.raises(ArmError, match="ThingFailed: a failed"):
        await arm.put("a", slow=True, fails=True)
    assert arm.state("a") == "Failed"


@pytest.mark.parametrize("condition", ["if-match", "if-none-match"])
async def test_a_write_whose_condition_does_not_hold_changes_nothing(
    arm: EmulatedThings, condition: str
) -> None:
    await arm.put("a", n=1)
    etag = arm.manager.get(thing("a"), {}).body["etag"]
    wrong = {"if-match": 'W/"stale"', "if-none-match": "*"}[condition]
    refusal = await refused(arm.manager.put(thing("a"), {}, {condition: wrong}))
    assert (refusal.status, refusal.code) == (412, "PreconditionFailed")
    assert refusal.details[0].code == "PreconditionFailedEtagMismatch"
    assert arm.manager.get(thing("a"), {}).body["properties"]["n"] == 1
    answer = await arm.manager.put(thing("a"), {}, {"if-match": etag})
    assert answer.status == 200


async def test_if_match_on_something_missing_is_refused(arm: EmulatedThings) -> None:
    refusal = await refused(arm.manager.put(thing("a"), {}, {"if-match": "*"}))
    assert refusal.status == 412


async def test_a_delete_takes_time_and_a_second_one_joins_it(arm: EmulatedThings) -> None:
    await arm.put("a")
    first = await arm.manager.delete(thing("a"))
    assert first.status == 202
    assert arm.state("a") == "Deleting"
    second = await arm.manager.delete(thing("a"))
    assert second.operation is first.operation
    await arm.manager.settle(first)
    assert arm.state("a") is None
    assert (await arm.manager.delete(thing("a"))).status == 204


async def test_a_delete_supersedes_the_work_under_way(arm: EmulatedThings) -> None:
    creating = await arm.manager.put(thing("a"), {"properties": {"slow": True}})
    await arm.manager.settle(await arm.manager.delete(thing("a")))
    assert creating.operation is not None
    assert creating.operation.status == "Canceled"
    assert arm.things.realized == []


async def test_what_is_in_use_is_not_deleted(arm: EmulatedThings) -> None:
    await arm.put("a")
    await arm.put("b", uses=["a"])
    assert (await refused(arm.manager.delete(thing("a")))).code == "InUse"
    assert arm.state("a") == "Succeeded"


async def test_a_patch_merges_objects_and_replaces_the_rest(arm: EmulatedThings) -> None:
    await arm.manager.put(
        thing("a"), {"tags": {"x": "1"}, "properties": {"deep": {"m": 1, "n": 2}, "list": [1]}}
    )
    change = {"tags": {"y": "2"}, "properties": {"deep": {"n": None, "o": 3}, "list": [2]}}
    answer = await arm.manager.patch(thing("a"), change)
    assert answer.status == 200
    assert answer.body["tags"] == {"x": "1", "y": "2"}
    assert answer.body["properties"]["deep"] == {"m": 1, "o": 3}
    assert answer.body["properties"]["list"] == [2]


async def test_an_action_may_be_done_at_once_or_take_time(arm: EmulatedThings) -> None:
    await arm.put("a")
    assert (await arm.manager.act(thing("a"), "POKE", {"b": 1})).body == {"b": 1}
    answer = await arm.manager.act(thing("a"), "start", {"hard": True})
    assert answer.status == 202
    assert (await refused(arm.manager.act(thing("a"), "start", {}))).status == 409
    arm.things.go.set()
    await arm.manager.settle(answer)
    body = arm.manager.get(thing("a"), {}).body
    assert body["properties"]["started"] == {"hard": True}
    assert (await refused(arm.manager.act(thing("a"), "fly", {}))).status == 501


async def test_what_is_not_there_is_named_as_azure_names_it(arm: EmulatedThings) -> None:
    elsewhere = ResourceId("sub", "gone", "Test.Provider", (("things", "a"),))
    part = thing("a").child("parts", "p")
    for call, code in (
        (arm.manager.put(elsewhere, {}), "ResourceGroupNotFound"),
        (arm.manager.put(part, {}), "ParentResourceNotFound"),
        (arm.manager.patch(thing("a"), {}), "ResourceNotFound"),
        (arm.manager.act(thing("a"), "poke", {}), "ResourceNotFound"),
        (arm.manager.put(GROUP.child("x", "y"), {}), "NotServedByEmulator"),
    ):
        assert (await refused(call)).code == code
    with pytest.raises(ArmError, match=r"The Resource 'Test\.Provider/things/a' under resource"):
        arm.manager.get(thing("a"), {})


async def test_children_are_listed_under_their_parent_only(arm: EmulatedThings) -> None:
    for name in ("a", "b"):
        await arm.put(name)
        await arm.manager.put(thing(name).child("parts", f"of-{name}"), {})
    listed = arm.manager.list_children(thing("a"), "parts", {}).body["value"]
    assert [part["name"] for part in listed] == ["of-a"]
    everywhere = arm.manager.list("test.provider/THINGS", "SUB", None, {}).body["value"]
    assert [one["name"] for one in everywhere] == ["a", "b"]


def test_merging_removes_what_is_null() -> None:
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": None}, "d": {"e": 4}}) == {
        "a": {"c": 2},
        "d": {"e": 4},
    }


def test_an_id_is_the_same_however_it_is_written() -> None:
    one = ResourceId.parse("/subscriptions/S/resourceGroups/RG/providers/Test.Provider/things/a")
    other = ResourceId.parse("/SUBSCRIPTIONS/s/resourcegroups/rg//providers/test.provider/Things/A")
    assert one == other
    assert hash(one) == hash(other)
    assert str(ResourceId.parse(str(one))) == str(one)
    assert ResourceId.parse("/subscriptions/s/resourceGroups/rg").is_group


@pytest.mark.parametrize(
    "text",
    ["", "x", "/subscriptions/s", "/subscriptions/s/resourceGroups/rg/providers/A.B/c", "/a/b/c/d"],
)
def test_a_malformed_id_is_refused(text: str) -> None:
    with pytest.raises(ArmError) as refusal:
        ResourceId.parse(text)
    assert refusal.value.code == "LinkedInvalidPropertyId"
