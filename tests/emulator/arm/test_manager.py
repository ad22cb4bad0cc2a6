"""ARM's manners, for any kind of resource."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from pipeline.emulator.arm.errors import ArmError
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.manager import merge
from tests.emulator.arm.lab import GROUP, Lab, lab, thing


async def refused(call: Coroutine[Any, Any, Any]) -> ArmError:
    """The refusal that a call meets."""
    with pytest.raises(ArmError) as refusal:
        await call
    return refusal.value


def run(tmp_path: Path, scenario: Any) -> None:
    """Run a scenario in a lab of its own."""

    async def main() -> None:
        async with lab(tmp_path / "store.sqlite") as made:
            await asyncio.wait_for(scenario(made), 30)

    asyncio.run(main())


def test_a_first_put_answers_201_and_a_second_200(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        first = await made.manager.put(thing("a"), {"tags": {"x": "1"}, "properties": {"n": 1}})
        second = await made.manager.put(thing("A"), {"properties": {"n": 2}})
        assert (first.status, second.status) == (201, 200)
        assert first.body["location"] == "westeurope"
        assert second.body["id"] == first.body["id"]
        assert second.body["tags"] == {}
        assert second.body["etag"] != first.body["etag"]
        assert second.body["properties"] == {"n": 2, "provisioningState": "Succeeded"}

    run(tmp_path, scenario)


def test_slow_work_shows_its_states_and_changes_the_etag_when_it_ends(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        answer = await made.manager.put(thing("a"), {"properties": {"slow": True}})
        assert answer.body["properties"]["provisioningState"] == "Creating"
        busy = await refused(made.manager.put(thing("a"), {}))
        assert busy.status == 409
        made.things.go.set()
        await made.manager.settle(answer)
        assert answer.operation is not None
        assert answer.operation.status == "Succeeded"
        after = made.manager.get(thing("a"), {})
        assert after.body["properties"]["provisioningState"] == "Succeeded"
        assert after.headers["ETag"] == after.body["etag"] != answer.body["etag"]
        again = await made.manager.put(thing("a"), {"properties": {"slow": True}})
        assert again.body["properties"]["provisioningState"] == "Updating"

    run(tmp_path, scenario)


def test_work_that_fails_leaves_the_resource_failed_and_tells_why(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        with pytest.raises(ArmError, match="ThingFailed: a failed"):
            await made.put("a", slow=True, fails=True)
        assert made.state("a") == "Failed"

    run(tmp_path, scenario)


@pytest.mark.parametrize("condition", ["if-match", "if-none-match"])
def test_a_write_whose_condition_does_not_hold_changes_nothing(
    tmp_path: Path, condition: str
) -> None:
    async def scenario(made: Lab) -> None:
        await made.put("a", n=1)
        etag = made.manager.get(thing("a"), {}).body["etag"]
        wrong = {"if-match": 'W/"stale"', "if-none-match": "*"}[condition]
        refusal = await refused(made.manager.put(thing("a"), {}, {condition: wrong}))
        assert (refusal.status, refusal.code) == (412, "PreconditionFailed")
        assert refusal.details[0].code == "PreconditionFailedEtagMismatch"
        assert made.manager.get(thing("a"), {}).body["properties"]["n"] == 1
        answer = await made.manager.put(thing("a"), {}, {"if-match": etag})
        assert answer.status == 200

    run(tmp_path, scenario)


def test_if_match_on_something_missing_is_refused(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        refusal = await refused(made.manager.put(thing("a"), {}, {"if-match": "*"}))
        assert refusal.status == 412

    run(tmp_path, scenario)


def test_a_delete_takes_time_and_a_second_one_joins_it(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        await made.put("a")
        first = await made.manager.delete(thing("a"))
        assert first.status == 202
        assert made.state("a") == "Deleting"
        second = await made.manager.delete(thing("a"))
        assert second.operation is first.operation
        await made.manager.settle(first)
        assert made.state("a") is None
        assert (await made.manager.delete(thing("a"))).status == 204

    run(tmp_path, scenario)


def test_a_delete_supersedes_the_work_under_way(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        creating = await made.manager.put(thing("a"), {"properties": {"slow": True}})
        await made.manager.settle(await made.manager.delete(thing("a")))
        assert creating.operation is not None
        assert creating.operation.status == "Canceled"
        assert made.things.realized == []

    run(tmp_path, scenario)


def test_what_is_in_use_is_not_deleted(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        await made.put("a")
        await made.put("b", uses=["a"])
        assert (await refused(made.manager.delete(thing("a")))).code == "InUse"
        assert made.state("a") == "Succeeded"

    run(tmp_path, scenario)


def test_a_patch_merges_objects_and_replaces_the_rest(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        await made.manager.put(
            thing("a"), {"tags": {"x": "1"}, "properties": {"deep": {"m": 1, "n": 2}, "list": [1]}}
        )
        change = {"tags": {"y": "2"}, "properties": {"deep": {"n": None, "o": 3}, "list": [2]}}
        answer = await made.manager.patch(thing("a"), change)
        assert answer.status == 200
        assert answer.body["tags"] == {"x": "1", "y": "2"}
        assert answer.body["properties"]["deep"] == {"m": 1, "o": 3}
        assert answer.body["properties"]["list"] == [2]

    run(tmp_path, scenario)


def test_an_action_may_be_done_at_once_or_take_time(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        await made.put("a")
        assert (await made.manager.act(thing("a"), "POKE", {"b": 1})).body == {"b": 1}
        answer = await made.manager.act(thing("a"), "start", {"hard": True})
        assert answer.status == 202
        assert (await refused(made.manager.act(thing("a"), "start", {}))).status == 409
        made.things.go.set()
        await made.manager.settle(answer)
        body = made.manager.get(thing("a"), {}).body
        assert body["properties"]["started"] == {"hard": True}
        assert (await refused(made.manager.act(thing("a"), "fly", {}))).status == 501

    run(tmp_path, scenario)


def test_what_is_not_there_is_named_as_azure_names_it(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        elsewhere = ResourceId("sub", "gone", "Lab.Test", (("things", "a"),))
        part = thing("a").child("parts", "p")
        for call, code in (
            (made.manager.put(elsewhere, {}), "ResourceGroupNotFound"),
            (made.manager.put(part, {}), "ParentResourceNotFound"),
            (made.manager.patch(thing("a"), {}), "ResourceNotFound"),
            (made.manager.act(thing("a"), "poke", {}), "ResourceNotFound"),
            (made.manager.put(GROUP.child("x", "y"), {}), "NotServedByEmulator"),
        ):
            assert (await refused(call)).code == code
        with pytest.raises(ArmError, match=r"The Resource 'Lab\.Test/things/a' under resource"):
            made.manager.get(thing("a"), {})

    run(tmp_path, scenario)


def test_children_are_listed_under_their_parent_only(tmp_path: Path) -> None:
    async def scenario(made: Lab) -> None:
        for name in ("a", "b"):
            await made.put(name)
            await made.manager.put(thing(name).child("parts", f"of-{name}"), {})
        listed = made.manager.list_children(thing("a"), "parts", {}).body["value"]
        assert [part["name"] for part in listed] == ["of-a"]
        everywhere = made.manager.list("lab.test/THINGS", "SUB", None, {}).body["value"]
        assert [one["name"] for one in everywhere] == ["a", "b"]

    run(tmp_path, scenario)


def test_merging_removes_what_is_null() -> None:
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": None}, "d": {"e": 4}}) == {
        "a": {"c": 2},
        "d": {"e": 4},
    }


def test_an_id_is_the_same_however_it_is_written() -> None:
    one = ResourceId.parse("/subscriptions/S/resourceGroups/RG/providers/Lab.Test/things/a")
    other = ResourceId.parse("/SUBSCRIPTIONS/s/resourcegroups/rg//providers/lab.test/Things/A")
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
