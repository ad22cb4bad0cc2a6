"""Key vaults and the data plane of their secrets: who may ask, and what is answered."""

from __future__ import annotations

import json
import re
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.conftest import Emulator
from tests.emulator.vault_client import SECRETS, Vault, vault_in

GROUP = "vaults"
VALUE = "s3cret-of-the-vault"


@pytest.fixture
def vault(emulator: Emulator) -> Vault:
    return vault_in(emulator, GROUP)


def test_the_newest_version_is_answered_and_an_older_one_by_its_name(vault: Vault) -> None:
    first = vault.set("db", "old", enabled=True)
    second = vault.set("db", VALUE)

    newest = vault.ask("GET", "/secrets/DB").body
    assert newest["value"] == VALUE
    assert newest["id"] == f"{vault.own_address}/secrets/db/{second}"
    assert newest["attributes"]["enabled"]
    assert vault.ask("GET", f"/secrets/db/{first}").body["value"] == "old"
    versions = vault.ask("GET", "/secrets/db/versions").body["value"]
    assert [one["id"].rpartition("/")[2] for one in versions] == [first, second]
    listed = vault.ask("GET", "/secrets").body["value"]
    assert [one["id"].rpartition("/")[2] for one in listed] == ["db"]
    assert VALUE not in json.dumps([listed, versions])


def test_a_disabled_secret_is_not_answered(vault: Vault) -> None:
    version = vault.set("db", VALUE)
    changed = vault.ask("PATCH", f"/secrets/db/{version}", {"attributes": {"enabled": False}})
    assert not changed.body["attributes"]["enabled"]

    refused = vault.ask("GET", "/secrets/db")

    assert (refused.status, refused.code) == (403, "Forbidden")
    assert refused.body["error"]["innererror"] == {"code": "SecretDisabled"}
    assert refused.body["error"]["message"] == "Operation get is not allowed on a disabled secret."


def test_without_a_token_for_vaults_the_challenge_says_where_to_get_one(vault: Vault) -> None:
    authority = f"{vault.emulator.base}/{vault.emulator.facts['tenant']}"
    wanted = f'Bearer authorization="{authority}", resource="{vault.audience}"'
    for token, code in (("", "AKV10000"), (vault.emulator.token(), "AKV10022")):
        refused = vault.ask("GET", "/secrets/db", token=token)
        assert refused.status == 401
        assert refused.headers["www-authenticate"] == wanted
        assert code in refused.body["error"]["message"]
    refused = vault.emulator.call("GET", "/subscriptions", token=vault.token())
    assert refused.code == "InvalidAuthenticationTokenAudience"


def test_what_is_not_there_is_said_in_azures_words(vault: Vault) -> None:
    refused = vault.ask("GET", "/secrets/none")
    assert (refused.status, refused.code) == (404, "SecretNotFound")
    assert "(name/id) none was not found" in refused.body["error"]["message"]
    vault.set("db", VALUE)
    assert vault.ask("GET", f"/secrets/db/{'0' * 32}").code == "SecretNotFound"


def test_a_vault_that_is_not_there_answers_nothing(emulator: Emulator) -> None:
    with pytest.raises((URLError, HTTPException, ConnectionError)):
        Vault(emulator, GROUP, "nobodys").ask("GET", "/secrets/db")


def test_access_policies_and_the_firewall_are_enforced(emulator: Emulator) -> None:
    closed = vault_in(emulator, GROUP, enableRbacAuthorization=False, accessPolicies=[])
    refused = closed.ask("GET", "/secrets/db")
    assert refused.body["error"]["innererror"] == {"code": "ForbiddenByPolicy"}
    assert f"does not have secrets get permission on key vault '{closed.name};" in str(refused.body)

    closed.allow(secrets=SECRETS)
    closed.set("db", VALUE)
    assert closed.ask("GET", "/secrets/db").body["value"] == VALUE

    walled = vault_in(emulator, GROUP, networkAcls={"defaultAction": "Deny"})
    refused = walled.ask("GET", "/secrets/db")
    assert refused.body["error"]["innererror"] == {"code": "ForbiddenByFirewall"}
    let_in = {"defaultAction": "Deny", "ipRules": [{"value": "127.0.0.0/8"}]}
    walled.make(networkAcls=let_in)
    assert walled.ask("GET", "/secrets/db").code == "SecretNotFound"
    walled.make(publicNetworkAccess="Disabled")
    assert "ForbiddenByConnection" in str(walled.ask("GET", "/secrets/db").body)


def test_a_vault_is_as_azure_shows_it_and_its_name_is_taken_until_it_is_purged(
    emulator: Emulator, vault: Vault
) -> None:
    shown = emulator.call("GET", vault.resource).body
    assert re.fullmatch(r"https://127\.0\.0\.1:\d+/", shown["properties"]["vaultUri"])
    assert not shown["properties"]["vaultUri"].startswith(emulator.base)
    assert shown["properties"]["enableSoftDelete"]
    vault.set("db", VALUE)
    emulator.call("PUT", "/resourceGroups/more-vaults", {"location": "westeurope"})
    other = Vault(emulator, "more-vaults", vault.name.upper())
    assert other.make().code == "VaultAlreadyExists"

    assert emulator.call("DELETE", vault.resource).status == 200
    assert other.make().code == "ConflictError"
    deleted = (
        f"/subscriptions/{emulator.subscription}/providers/Microsoft.KeyVault/locations/westeurope"
        f"/deletedVaults/{vault.name}"
    )
    assert emulator.call("GET", deleted).body["name"] == vault.name
    assert emulator.call("POST", f"{deleted}/purge").status == 200
    assert emulator.call("GET", deleted).code == "DeletedVaultNotFound"
    assert vault.make().status == 201
    assert vault.ask("GET", "/secrets/db").code == "SecretNotFound"


@pytest.mark.parametrize(
    ("name", "properties", "code"),
    [
        ("ab", {}, "VaultNameNotValid"),
        ("two--hyphens", {}, "VaultNameNotValid"),
        ("good", {"createMode": "recover"}, "NotServedByEmulator"),
        ("good", {"tenantId": "00000000-0000-0000-0000-000000000000"}, "InvalidParameter"),
        ("good", {"enableRbacAuthorization": False}, "InvalidParameter"),
        ("good", {"flavour": "plain"}, "BadRequest"),
    ],
)
def test_what_azure_would_refuse_is_refused_by_name(
    vault: Vault, name: str, properties: dict[str, object], code: str
) -> None:
    assert Vault(vault.emulator, GROUP, name).make(**properties).code == code


def test_what_is_not_served_of_a_vault_is_named(vault: Vault) -> None:
    vault.set("db", VALUE)
    assert vault.ask("DELETE", "/secrets/db").code == "NotServedByEmulator"
    assert vault.ask("PUT", "/secrets/db", {"value": 7}).code == "BadParameter"
    bare = vault.emulator.call(
        "GET", f"{vault.address}/secrets/db?api-version=2024-11-01", token=vault.token()
    )
    assert bare.code == "BadParameter"


def test_no_file_of_the_emulator_shows_a_secret(vault: Vault) -> None:
    vault.set("db", VALUE)
    state = Path(str(vault.emulator.facts["state"]))
    shown = [
        file for file in state.rglob("*") if file.is_file() and VALUE.encode() in file.read_bytes()
    ]
    assert shown == []
    assert re.fullmatch(r"[0-9a-f]{32}", vault.set("db", VALUE))
