"""The store in a blob container, on the emulator's Blob service."""

from __future__ import annotations

import itertools
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
