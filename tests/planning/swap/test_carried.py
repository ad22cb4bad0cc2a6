"""What a new scale set has from the one that serves, and what it has not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from azure.mgmt.compute import models

from pipeline.definition.operating_system import UNSAID, WINDOWS, OperatingSystem
from pipeline.definition.shape import (
    FLEXIBLE,
    SERVING,
    Identity,
    OsDisk,
    ScaleSetShape,
)
from pipeline.errors import Refused
from pipeline.planning.swap import carried as carrying
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.scale_set_body import scale_set as body_of
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.swap.steps import CreateScaleSet, Wish
from pipeline.planning.swap.survey import Survey
from tests.planning.goldens import KEY, RUN, answer
from tests.planning.swap.examples import IMAGE, V1, scale_set, surveyed, swap_tags
from tests.planning.swap.shapes import SETUP, attached

LIKE = ScaleSetShape("Standard_D2s_v5", 2, like=SERVING, without_protected_settings=("monitor",))


def live(**changes: Any) -> dict[str, Any]:
    """A GET of a scale set that another hand made; `changes` are of its profile."""
    body = answer("scale-set")
    body["properties"]["virtualMachineProfile"].update(changes)
    return body


def serving(shape: ScaleSetShape = LIKE, body: dict[str, Any] | None = None) -> Survey:
    """1.0.0 serves and has that body."""
    one = replace(scale_set("1.0.0"), body=body or live())
    return replace(surveyed(one), image=replace(IMAGE, scale_set=shape))


def creation(now: Survey) -> CreateScaleSet:
    """The step that stages 1.0.1."""
    steps = plan_stage(now).steps
    return next(step for step in steps if isinstance(step, CreateScaleSet))


def made(shape: ScaleSetShape = LIKE, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The body of the new scale set."""
    return body_of(creation(serving(shape, body)), KEY, RUN)


OF_WINDOWS = OperatingSystem(WINDOWS, "packer/windows/windows.pkr.hcl:56")
ACCESS = {"adminUsername": "theirs", "windowsConfiguration": {"timeZone": "UTC"}}


@pytest.mark.parametrize(
    ("system", "body", "words"),
    [
        (OF_WINDOWS, None, "is of Linux: no scale set of Windows is like it"),
        (UNSAID, {"osProfile": ACCESS}, "is of Windows: no scale set of Linux is like it"),
    ],
)
def test_a_set_of_one_system_is_like_none_of_the_other(
    system: OperatingSystem, body: dict[str, Any] | None, words: str
) -> None:
    now = serving(body=live(**(body or {})))

    with pytest.raises(Refused, match=words):
        creation(replace(now, image=replace(now.image, system=system)))


def test_every_field_of_the_serving_set_is_carried_unknown_ones_too() -> None:
    body = made()
    profile = body["properties"]["virtualMachineProfile"]

    assert body["zones"] == ["1", "2"]
    assert body["identity"] == {
        "type": "SystemAssigned, UserAssigned",
        "userAssignedIdentities": {"/identities/web": {}},
    }
    assert body["fieldOfTheFuture"] == {"kept": True}
    assert body["properties"]["fieldOfTheFuture"] == [1]
    assert body["properties"]["automaticRepairsPolicy"] == {"enabled": False}
    assert body["tags"]["owner"] == "platform"
    assert profile["profileOfTheFuture"] == {"kept": {"id": "x"}}
    assert profile["userData"] == "dGhlaXJz"
    assert profile["securityProfile"] == {"encryptionAtHost": True}
    assert profile["storageProfile"]["osDisk"]["diffDiskSettings"] == {"option": "Local"}
    assert "managedDisk" not in profile["storageProfile"]["osDisk"]
    access = profile["osProfile"]
    assert access["adminUsername"] == "theirs"
    assert access["linuxConfiguration"]["ssh"]["publicKeys"][0]["keyData"] == "ssh-rsa THEIRS"
    assert access["linuxConfiguration"]["disablePasswordAuthentication"] is True
    names = [one["name"] for one in profile["extensionProfile"]["extensions"]]
    assert names == ["ApplicationHealth", "vault", "monitor"]


def test_tags_of_the_environment_count_as_what_the_definition_says() -> None:
    now = serving()
    environment = replace(now.environment, tags=(("Owner", "shop"), ("team", "shop")))
    plan = plan_stage(replace(now, environment=environment))
    step = creation(replace(now, environment=environment))

    tags = body_of(step, KEY, RUN)["tags"]
    assert (tags["Owner"], tags["team"]) == ("shop", "shop")
    assert "owner" not in tags
    assert "tag owner" not in plan.notes[0]


def test_what_makes_a_set_that_version_is_its_own() -> None:
    body = made()
    profile = body["properties"]["virtualMachineProfile"]
    (nic,) = profile["networkProfile"]["networkInterfaceConfigurations"]
    (first, second) = nic["properties"]["ipConfigurations"]

    assert (body["sku"]["name"], body["sku"]["capacity"]) == ("Standard_D2s_v5", 2)
    assert (body["tags"]["version"], body["tags"]["run"]) == ("1.0.1", RUN)
    assert "served-since" not in body["tags"]
    image = profile["storageProfile"]["imageReference"]
    assert list(image) == ["id"]
    assert image["id"].endswith("/versions/1.0.1")
    assert profile["osProfile"]["computerNamePrefix"] == "web-1-0-1"
    assert (nic["name"], first["name"], second["name"]) == ("nic0", "second", "ip0")
    (pool,) = second["properties"]["loadBalancerBackendAddressPools"]
    assert pool["id"].endswith(f"/backendAddressPools/{V1}")
    assert second["properties"]["subnet"] == {"id": "/their/subnet"}
    assert "loadBalancerBackendAddressPools" not in first["properties"]
    assert "healthProbe" not in profile["networkProfile"]


def test_the_plan_tells_what_is_carried_and_what_is_not() -> None:
    plan = plan_stage(serving())

    (like, secrets, *memberships) = plan.notes
    for word in ("zones", "identity", "tag owner", "extension vault", "profileOfTheFuture"):
        assert word in like
    assert like.startswith("like web-1-0-0: ")
    assert "custom data" in secrets
    assert memberships == [
        "not from web-1-0-0: /other/pool, where it would serve before its promotion",
        "not from web-1-0-0: /our/pool, where it would serve before its promotion",
        "not from web-1-0-0: /nat/pool, where it would serve before its promotion",
    ]


def test_what_the_definition_says_counts() -> None:
    shape = replace(
        LIKE,
        zones=("3",),
        identity=Identity(system=True),
        os_disk=OsDisk(type="Premium_LRS"),
        ssh_keys=("ssh-ed25519 OURS",),
        user_data=attached("x", b"ours"),
        accelerated_networking=False,
        extensions=(replace(SETUP, name="monitor", protected=None),),
        properties=attached("y", b'{"properties": {"FieldOfTheFuture": 2}}'),
    )

    body = made(shape)

    profile = body["properties"]["virtualMachineProfile"]
    assert (body["zones"], body["identity"]) == (["3"], {"type": "SystemAssigned"})
    assert body["properties"]["fieldOfTheFuture"] == 2
    assert profile["storageProfile"]["osDisk"] == {
        "createOption": "FromImage",
        "caching": "ReadOnly",
        "managedDisk": {"storageAccountType": "Premium_LRS"},
    }
    assert profile["osProfile"]["linuxConfiguration"]["ssh"]["publicKeys"] == [
        {"path": "/home/theirs/.ssh/authorized_keys", "keyData": "ssh-ed25519 OURS"}
    ]
    assert profile["userData"] == "b3Vycw=="
    (nic,) = profile["networkProfile"]["networkInterfaceConfigurations"]
    assert nic["properties"]["enableAcceleratedNetworking"] is False
    monitor = profile["extensionProfile"]["extensions"][-1]["properties"]
    assert (monitor["type"], "url" in monitor["settings"]) == ("CustomScript", False)


def test_an_ephemeral_disk_of_the_definition_has_no_type_of_the_serving_one() -> None:
    managed = {"createOption": "FromImage", "managedDisk": {"storageAccountType": "Premium_LRS"}}
    shape = replace(LIKE, os_disk=OsDisk(ephemeral="CacheDisk"))

    body = made(shape, live(storageProfile={"osDisk": managed}))

    disk = body["properties"]["virtualMachineProfile"]["storageProfile"]["osDisk"]
    assert "managedDisk" not in disk
    assert disk["diffDiskSettings"]["placement"] == "CacheDisk"


def test_an_extension_that_may_have_a_secret_stops_the_stage() -> None:
    bare = replace(LIKE, without_protected_settings=())
    with pytest.raises(Refused, match="has the extensions monitor, perhaps with protected"):
        plan_stage(serving(bare))

    given = replace(bare, extensions=(replace(SETUP, name="Monitor"),))
    names = {one["name"] for one in _extensions(made(given))}
    assert names == {"ApplicationHealth", "vault", "Monitor"}


def test_protected_settings_of_a_key_vault_are_carried() -> None:
    body = live()
    referenced = {"secretUrl": "https://shop.vault.azure.net/secrets/web"}
    _extensions(body)[-1]["properties"]["protectedSettingsFromKeyVault"] = referenced

    carried = made(replace(LIKE, without_protected_settings=()), body)

    assert _extensions(carried)[-1]["properties"]["protectedSettingsFromKeyVault"] == referenced


def _extensions(body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = body["properties"]["virtualMachineProfile"]["extensionProfile"][
        "extensions"
    ]
    return found


def test_a_set_of_the_other_orchestration_cannot_be_like_it() -> None:
    with pytest.raises(Refused, match='only with orchestration = "Uniform"'):
        plan_stage(serving(replace(LIKE, orchestration=FLEXIBLE)))


def test_several_that_serve_are_not_one_to_be_like() -> None:
    two = (replace(scale_set("1.0.0"), body=live()), scale_set("0.9.0"))
    both = tuple(replace(one, pools=two[0].pools) for one in two)
    now = replace(surveyed(*both), image=replace(IMAGE, scale_set=LIKE))

    with pytest.raises(Refused, match=r"web-0-9-0, web-1-0-0 serve"):
        plan_stage(now)


def test_nothing_that_serves_is_nothing_to_be_like() -> None:
    now = replace(surveyed(), image=replace(IMAGE, scale_set=LIKE))

    assert creation(now).like is None
    assert plan_stage(now).notes == ()


def test_a_set_that_says_little_is_carried_as_it_is() -> None:
    bare = {"id": "x", "name": "app", "sku": {}, "properties": {}}
    body = made(body=bare)

    assert body["properties"]["virtualMachineProfile"]["storageProfile"]["osDisk"] == {}
    assert plan_stage(serving(body=bare)).notes[0] == "like web-1-0-0: nothing"


def test_a_rollback_to_a_set_that_is_gone_tells_it_too() -> None:
    now = serving()
    now = replace(now, load_balancer=surveyed(tags=swap_tags(V1)).load_balancer)
    now = replace(serving(), scale_sets=now.scale_sets)

    plan = plan_swap(now, Wish("rollback", "1.0.1"))

    assert any(note.startswith("like web-1-0-0: ") for note in plan.notes)


def test_what_only_azure_writes_is_what_its_models_say() -> None:
    named = {
        *carrying.OF_THE_SET,
        *carrying.OF_ITS_LIFE,
        *carrying.OF_IDENTITIES,
        *carrying.OF_EXTENSIONS,
        *("exactVersion", "enableVMAgentPlatformUpdates"),
    }
    assert set(_read_only(models.VirtualMachineScaleSet)) <= named
    assert set(_read_only(models.VirtualMachineScaleSetVMProfile)) == {"timeCreated"}
    assert set(_read_only(models.VirtualMachineScaleSetProperties)) == set(carrying.OF_ITS_LIFE)
    identity = models.VirtualMachineScaleSetIdentity, models.UserAssignedIdentitiesValue
    assert {name for one in identity for name in _read_only(one)} == set(carrying.OF_IDENTITIES)
    assert set(_read_only(models.VirtualMachineScaleSetExtension)) == set(carrying.OF_EXTENSIONS)
    assert json.loads(creation(serving()).like.body)  # type: ignore[union-attr]


def _read_only(model: Any) -> Iterator[str]:
    model({})  # the fields are there once one was made
    for field in model._attr_to_rest_field.values():
        if field._visibility == ["read"]:
            yield field._rest_name
