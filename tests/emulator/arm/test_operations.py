"""Operations survive the emulator, and end whatever happens."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.operations import Operation, Operations
from pipeline.emulator.arm.store import Record, Store
from tests.emulator.arm.things import ThingInternals, Things, emulated_things, thing


async def never_begun(_: Operation) -> None:
    """Work that must not begin."""
    raise AssertionError("cancelled before it began")


async def failing(_: Operation) -> None:
    """Work with a mistake in it."""
    raise LookupError("no such thing")


async def endless(_: Operation) -> None:
    """Work that never ends."""
    await asyncio.Event().wait()


async def test_work_under_way_when_the_emulator_ends_is_done_at_the_next_start(
    tmp_path: Path,
) -> None:
    async with emulated_things(tmp_path / "store.sqlite") as first:
        answer = await first.manager.put(thing("a"), {"properties": {"slow": True}})
        await asyncio.sleep(0)
    assert answer.operation is not None
    async with emulated_things(tmp_path / "store.sqlite") as second:
        assert second.state("a") == "Creating"
        second.things.go.set()
        second.manager.operations.resume()
        kept = second.manager.operations.find(answer.operation.id)
        assert kept is not None
        await second.manager.operations.ended(kept, 10)
        assert kept.status == "Succeeded"
        assert second.state("a") == "Succeeded"


async def test_an_operation_cancelled_before_its_first_line_ends_too(tmp_path: Path) -> None:
    operations = Operations(Store(tmp_path / "store.sqlite"), never_begun)
    operation = operations.begin(thing("a"), "westeurope", "realize")
    await operations.cancel(operation)
    assert operation.status == "Canceled"
    await operations.ended(operation, 10)


async def test_a_fault_of_the_work_ends_the_operation_as_failed(tmp_path: Path) -> None:
    operations = Operations(Store(tmp_path / "store.sqlite"), failing)
    operation = operations.begin(thing("a"), "westeurope", "realize")
    await operations.ended(operation, 10)
    assert operation.status == "Failed"
    assert operation.error is not None
    assert "no such thing" in operation.error["message"]


async def test_waiting_for_an_operation_ends_when_patience_does(tmp_path: Path) -> None:
    operations = Operations(Store(tmp_path / "store.sqlite"), endless)
    operation = operations.begin(thing("a"), "westeurope", "realize")
    await operations.ended(operation, 0.01)
    assert operation.status == "InProgress"
    assert operations.under_way(thing("A")) == [operation]
    await operations.close()


def test_the_store_answers_copies_and_keeps_what_it_was_given(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite")
    shapes = {Things.type.lower(): ThingInternals}
    store.restore(shapes)
    store.put(Record(thing("a"), {"name": "a"}, ThingInternals(secret=1)))
    copy = store.get(thing("A"))
    assert copy is not None
    copy.document["name"] = "changed"
    store.set_fact("x/1", [1])
    store.set_fact("y/1", [2])
    store.close()
    again = Store(tmp_path / "store.sqlite")
    again.restore(shapes)
    kept = again.get(thing("a"))
    assert kept is not None
    assert kept.document == {"name": "a"}
    assert kept.internals(ThingInternals).secret == 1
    assert again.facts("x/", list[int]) == [[1]]
    again.drop_fact("x/1")
    assert again.fact("x/1", list[int]) is None
    again.delete(thing("a"))
    assert list(again.everything()) == []
    assert (tmp_path / "store.sqlite").stat().st_mode & 0o777 == 0o600
    again.close()


def test_an_address_belongs_to_its_owner_until_released(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite")
    addresses = Addresses(store, "127.96.0.0/15")
    private = addresses.take("nic-1")
    assert private.startswith("127.96.")
    assert addresses.take("NIC-1") == private
    assert addresses.take("pip-1", "public").startswith("127.97.")
    assert Addresses(store, "127.96.0.0/15").take("nic-1") == private
    addresses.release("nic-1")
    assert addresses.take("nic-2") == private
    store.close()
