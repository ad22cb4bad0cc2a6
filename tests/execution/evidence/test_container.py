"""The store in a blob container, on the emulator's Blob service."""

from __future__ import annotations

import itertools
import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.evidence import EvidencePolicy
from pipeline.errors import AzureRefused, Refused, Unreachable
from pipeline.execution.azure.blobs import AUDIENCE, Container
from pipeline.execution.azure.clients import Clients
from pipeline.execution.evidence.container import ContainerStore
from pipeline.execution.evidence.stores import store_of
from pipeline.planning.evidence.canonical import digest_of
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone

_numbers = itertools.count(1)


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> LandingZone:
    """No resource of it is made."""
    return landing_zone(tmp_path, emulator)


@pytest.fixture
def store(zone: LandingZone) -> ContainerStore:
    """A container that is not there yet."""
    address = f"{zone.emulator.base}/evidence{next(_numbers)}/box"
    return ContainerStore(Container(Clients(zone.environment), address))


def fault(store: ContainerStore, zone: LandingZone, method: str, **fail: object) -> None:
    """What the next such request is answered."""
    path = store.container.address.removeprefix(zone.emulator.base)
    zone.fault({"method": method, "path": path}, {"fail": fail})


def test_what_is_kept_is_found_by_its_digest_and_the_container_is_made(
    store: ContainerStore,
) -> None:
    assert store.get("0" * 64) is None
    digest = store.put(b"hello")

    assert digest == digest_of(b"hello") == store.put(b"hello")
    assert (store.get(digest), store.fetch(digest), store.get("0" * 64)) == (
        b"hello",
        b"hello",
        None,
    )
    assert str(store).endswith("/box")


def test_an_empty_document_is_kept_as_well(store: ContainerStore) -> None:
    assert store.get(store.put(b"")) == b""


def test_what_was_changed_is_refused_and_told_as_such(store: ContainerStore) -> None:
    store.container.put(f"sha256/{digest_of(b'hello')}", b"hellO")

    with pytest.raises(Refused, match="was changed since it was kept"):
        store.get(digest_of(b"hello"))
    store.put(b"hello")  # what is there is never written again
    assert store.fetch(digest_of(b"hello")) == b"hellO"


def aged(store: ContainerStore, zone: LandingZone, seconds: float) -> None:
    """As if all blobs had been kept so long ago."""
    account, _, container = store.container.address.rpartition("/")
    folder = Path(str(zone.emulator.facts["state"]), "blobs", account.rpartition("/")[2], container)
    then = time.time() - seconds
    for file in folder.iterdir():
        os.utime(file, (then, then))


def test_what_is_old_is_deleted_and_what_is_young_stays(
    store: ContainerStore, zone: LandingZone
) -> None:
    digest = store.put(b"hello")
    name = f"sha256/{digest}"

    assert not store.delete(name, 60)
    aged(store, zone, 120)
    store.put(b"hello")  # whoever keeps it again needs it
    assert not store.delete(name, 60)
    aged(store, zone, 120)
    assert store.delete(name, 60)
    assert store.delete(name, 60)
    assert store.get(digest) is None


def test_what_is_kept_again_after_the_look_stays(store: ContainerStore, zone: LandingZone) -> None:
    name = f"sha256/{store.put(b'hello')}"
    refusal = {"status": 412, "code": "ConditionNotMet", "message": "Another."}
    fault(store, zone, "DELETE", **refusal)

    assert not store.delete(name, 0)
    assert store.delete(name, 0)


@pytest.mark.parametrize("method", ["HEAD", "DELETE"])
def test_who_may_not_delete_is_told_so(
    store: ContainerStore, zone: LandingZone, method: str
) -> None:
    name = f"sha256/{store.put(b'hello')}"
    refusal = {"status": 403, "code": "AuthorizationPermissionMismatch", "message": "No."}
    fault(store, zone, method, **refusal)

    with pytest.raises(AzureRefused, match="403"):
        store.delete(name, 0)


def test_notes_are_found_by_their_folder_in_pages(store: ContainerStore, zone: LandingZone) -> None:
    assert store.names("deleted") == ()
    for name in ("deleted/two", "deleted/one", "deleted/three", "other"):
        store.write(name, b"note")

    listed = ("deleted/one", "deleted/three", "deleted/two")
    assert store.names("deleted") == listed
    assert store.container.names("deleted/", page=2) == listed
    assert store.read("deleted/two") == b"note"
    fault(store, zone, "GET", status=403, code="AuthorizationPermissionMismatch", message="No.")
    with pytest.raises(AzureRefused, match="403"):
        store.names("deleted")


def test_what_was_deleted_meanwhile_is_not_made_young(store: ContainerStore) -> None:
    name = f"sha256/{store.put(b'hello')}"
    assert store.container.touch(name)
    assert store.delete(name, 0)

    assert not store.container.touch(name)


def test_who_may_not_write_again_is_told_so(store: ContainerStore, zone: LandingZone) -> None:
    store.put(b"hello")
    fault(store, zone, "PUT", status=403, code="AuthorizationPermissionMismatch", message="No.")

    with pytest.raises(AzureRefused, match="403"):
        store.container.touch("any")


def test_a_refusal_is_told_with_azure_s_code_and_the_role(
    store: ContainerStore, zone: LandingZone
) -> None:
    for call in (lambda: store.put(b"x"), lambda: store.get("0" * 64)):
        for method in ("PUT", "GET"):
            fault(
                store,
                zone,
                method,
                status=403,
                code="AuthorizationPermissionMismatch",
                message="No.",
            )
        with pytest.raises(AzureRefused, match="HTTP 403") as refusal:
            call()
        assert refusal.value.status == 403
        command = str(refusal.value.advice[0].command)
        assert 'az role assignment create --role "Storage Blob Data Contributor"' in command
        zone.emulator.call("DELETE", "/emulator/faults")


def test_a_container_that_may_not_be_made_is_told(store: ContainerStore, zone: LandingZone) -> None:
    odd = ContainerStore(Container(store.container.clients, f"{zone.emulator.base}/Odd/box"))

    with pytest.raises(AzureRefused, match="InvalidResourceName: The specifed resource name"):
        odd.put(b"x")


def test_a_store_that_does_not_answer_is_unreachable(
    zone: LandingZone,
) -> None:
    clients = Clients(zone.environment, sleep=lambda seconds: None)
    silent = ContainerStore(Container(clients, "https://127.0.0.1:9/shop/box"))

    with pytest.raises(Unreachable, match=r"https://127\.0\.0\.1:9/shop/box/sha256/"):
        silent.put(b"x")


def test_the_address_in_the_definition_means_the_container(zone: LandingZone) -> None:
    policy = EvidencePolicy(store=f"{zone.emulator.base}/shop/evidence")
    there = replace(zone, environment=replace(zone.environment, evidence=policy))
    found = store_of(there.session())

    digest = found.put(b"hello")
    assert str(found) == policy.store
    assert found.get(digest) == b"hello"
    assert AUDIENCE == "https://storage.azure.com"
