"""What `doctor` says of secrets, of the signing key and of the evidence store, good and bad."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.keyvault.keys import KeyClient

from pipeline.definition.evidence import EvidencePolicy
from pipeline.definition.given import VaultSecret
from pipeline.execution.azure.blobs import Container
from pipeline.execution.azure.clients import Clients
from tests.conftest import Emulator
from tests.emulator.vault_client import Vault, vault_in
from tests.execution.doctor.lines import checks
from tests.execution.evidence.keys import AnyKey, ed, p256, write_private, write_public
from tests.execution.landing_zone import LandingZone, landing_zone

_numbers = itertools.count(1)
VALUE = "s3cret-of-the-vault"


@pytest.fixture
def zone(tmp_path: Path, emulator: Emulator) -> Iterator[LandingZone]:
    """An environment of which nothing is there yet."""
    yield landing_zone(tmp_path, emulator)
    emulator.call("DELETE", "/emulator/faults")


@pytest.fixture
def vault(emulator: Emulator) -> Vault:
    return vault_in(emulator, "vaults-of-doctor")


def line(zone: LandingZone, check: str) -> dict[str, Any]:
    """The one line of a check."""
    (found,) = checks(zone)[check]
    return found


def under(zone: LandingZone, **policy: Any) -> LandingZone:
    """Where evidence is like that, and required."""
    evidence = EvidencePolicy(required=("checks",), **policy)
    return replace(zone, environment=replace(zone.environment, evidence=evidence))


# -- secrets ---------------------------------------------------------------------------------------


def with_secret(zone: LandingZone, vault: str) -> LandingZone:
    """An image whose template takes a secret."""
    secret = VaultSecret("token", "package-token", vault=vault, at="images/web/image.hcl:6")
    cloud = replace(zone.environment.cloud, vaults=str(zone.emulator.facts["key_vaults"]))
    return replace(
        zone,
        image=replace(zone.image, secrets=(secret,)),
        environment=replace(zone.environment, cloud=cloud),
    )


def test_a_secret_that_can_be_read_is_read_and_not_shown(zone: LandingZone, vault: Vault) -> None:
    vault.set("package-token", VALUE)

    found = line(with_secret(zone, vault.name), "secret")

    told = f"token from secret package-token of key vault {vault.name}: it can be read"
    assert (found["result"], found["what"]) == ("ok", told)
    assert VALUE not in str(found) + zone.output


def test_a_secret_that_is_not_there_is_failed(zone: LandingZone, vault: Vault) -> None:
    found = line(with_secret(zone, vault.name), "secret")

    assert found["result"] == "FAILED"
    assert "SecretNotFound" in found["what"]
    assert found["commands"] == [f"az keyvault secret list --vault-name {vault.name} -o table"]


def test_a_secret_that_may_not_be_read_names_the_role(zone: LandingZone, vault: Vault) -> None:
    vault.set("package-token", VALUE)
    vault.allow(secrets=["list"], keys=["get"])

    found = line(with_secret(zone, vault.name), "secret")

    assert "ForbiddenByPolicy" in found["what"]
    assert found["fix"] == "assign the role"
    assert 'role "Key Vault Secrets User"' in found["commands"][0]


def test_a_vault_that_nobody_has_or_names_is_failed(zone: LandingZone) -> None:
    found = line(with_secret(zone, "nobodys"), "secret")
    assert found["commands"] == ["az keyvault list -o table"]
    assert "No vault of the name nobodys may be there" in found["what"]

    found = line(with_secret(zone, ""), "secret")
    assert found["result"] == "FAILED"
    assert 'images/web/image.hcl:6: secret "token": no vault is named here' in found["what"]


# -- the signing key -------------------------------------------------------------------------------


@pytest.mark.parametrize(("make", "kind"), [(ed, "Ed25519"), (p256, "ECDSA on P-256")])
def test_a_key_in_a_file_is_read(zone: LandingZone, make: Callable[[], AnyKey], kind: str) -> None:
    key = make()
    write_private(zone.root / "keys/release.pem", key)
    write_public(zone.root / "keys/release.pub", key)

    found = line(under(zone, sign_with="keys/release.pem", signed_by=KEYS), "signing key")

    assert (found["result"], found["what"]) == (
        "ok",
        f"keys/release.pem: {kind}, and it can be read",
    )


KEYS = ("keys/release.pub",)


def test_a_key_in_a_file_that_cannot_sign_is_failed_with_what_to_do(zone: LandingZone) -> None:
    signing = under(zone, sign_with="keys/release.pem")
    path = zone.root / "keys/release.pem"

    found = line(signing, "signing key")
    assert (found["result"], found["fix"]) == ("FAILED", "make one")
    assert found["commands"] == [f"openssl genpkey -algorithm ed25519 -out {path}"]

    write_private(path, ed(), mode=0o644)
    found = line(signing, "signing key")
    assert "others can read this private key (mode 0644)" in found["what"]
    assert found["commands"] == [f"chmod 600 {path}"]

    path.write_text("no key")
    path.chmod(0o600)
    assert "not a private key" in line(signing, "signing key")["what"]


def test_a_key_whose_signatures_nobody_trusts_is_failed(zone: LandingZone) -> None:
    write_private(zone.root / "keys/release.pem", ed())
    write_public(zone.root / "keys/release.pub", ed())

    found = line(under(zone, sign_with="keys/release.pem", signed_by=KEYS), "signing key")

    assert "no key of signed_by is its public one" in found["what"]
    assert found["commands"][0].startswith("openssl pkey -in ")
    assert found["commands"][0].endswith("/keys/release.pem -pubout -out keys/release.pub")


def test_where_no_evidence_is_required_a_missing_key_is_a_warning(zone: LandingZone) -> None:
    policy = EvidencePolicy(sign_with="keys/release.pem")
    loose = replace(zone, environment=replace(zone.environment, evidence=policy))

    assert line(loose, "signing key")["result"] == "warning"


@pytest.fixture
def keys(vault: Vault) -> KeyClient:
    """What an administrator makes keys with."""
    return KeyClient(
        vault.own_address,
        vault.emulator.credential(),
        connection_verify=vault.emulator.ca_file,
        verify_challenge_resource=False,
    )


def signing_in(zone: LandingZone, vault: Vault, **policy: Any) -> LandingZone:
    """Where a key of a vault signs."""
    cloud = replace(zone.environment.cloud, vaults=str(zone.emulator.facts["key_vaults"]))
    there = replace(zone, environment=replace(zone.environment, cloud=cloud))
    return under(there, sign_with=f"{vault.own_address}/keys/release", **policy)


def signatures(zone: LandingZone) -> list[str]:
    """What was asked of keys besides reading them."""
    seen = zone.emulator.call("GET", "/emulator/requests").body["value"]
    return [one["path"] for one in seen if one["path"].endswith("/sign")]


def test_a_key_in_a_vault_is_read_and_signs_nothing(
    zone: LandingZone, vault: Vault, keys: KeyClient
) -> None:
    keys.create_ec_key("release")
    before = signatures(zone)

    found = line(signing_in(zone, vault), "signing key")

    told = f"{vault.own_address}/keys/release: ECDSA on P-256, enabled, and it can be read"
    assert (found["result"], found["what"]) == ("ok", told)
    assert signatures(zone) == before


def test_a_key_in_a_vault_whose_signatures_nobody_trusts_is_failed(
    zone: LandingZone, vault: Vault, keys: KeyClient
) -> None:
    keys.create_ec_key("release")
    write_public(zone.root / "keys/release.pub", p256())

    found = line(signing_in(zone, vault, signed_by=KEYS), "signing key")

    address = f"{vault.own_address}/keys/release"
    wanted = f"az keyvault key download --id {address} --encoding PEM --file keys/release.pub"
    assert found["commands"] == [wanted]


def missing(vault: Vault, keys: KeyClient) -> tuple[str, str]:
    return "KeyNotFound", "az keyvault key list"


def forbidden(vault: Vault, keys: KeyClient) -> tuple[str, str]:
    keys.create_ec_key("release")
    vault.allow(keys=["sign"])
    return "ForbiddenByPolicy", 'az role assignment create --role "Key Vault Crypto User"'


def disabled(vault: Vault, keys: KeyClient) -> tuple[str, str]:
    keys.create_ec_key("release", enabled=False)
    return "KeyDisabled", "az keyvault key set-attributes"


def expired(vault: Vault, keys: KeyClient) -> tuple[str, str]:
    keys.create_ec_key("release", expires_on=datetime.now(UTC) - timedelta(days=1))
    return "it expired at", "az keyvault key set-attributes"


def on_p384(vault: Vault, keys: KeyClient) -> tuple[str, str]:
    keys.create_ec_key("release", curve="P-384")
    return "a key of type EC on P-384; it must be EC on P-256", "az keyvault key create"


@pytest.mark.parametrize("trouble", [missing, forbidden, disabled, expired, on_p384])
def test_a_key_in_a_vault_that_cannot_sign_is_failed_with_what_to_do(
    zone: LandingZone,
    vault: Vault,
    keys: KeyClient,
    trouble: Callable[[Vault, KeyClient], tuple[str, str]],
) -> None:
    problem, command = trouble(vault, keys)

    found = line(signing_in(zone, vault), "signing key")

    assert found["result"] == "FAILED"
    assert problem in found["what"]
    assert found["commands"][0].startswith(command)


def test_without_the_extra_it_is_named(
    zone: LandingZone, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "azure.keyvault.keys", None)

    found = line(signing_in(zone, vault), "signing key")

    assert "the library that signs with Key Vault is not installed" in found["what"]
    assert found["commands"] == ["pip install 'bakeswap[evidence]'"]


def test_a_vault_of_a_key_that_nobody_has_is_failed(zone: LandingZone) -> None:
    silent = under(zone, sign_with="https://127.0.0.1:9/keys/release")

    found = line(silent, "signing key")

    assert "No vault of the name VAULT may be there" in found["what"]
    assert found["commands"] == ["az keyvault list -o table"]


# -- the store -------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_yet_can_be_written_and_is_not_made(zone: LandingZone) -> None:
    found = line(zone, "evidence store")

    assert (found["result"], found["what"]) == ("ok", ".pipeline/evidence can be written")
    assert not (zone.root / ".pipeline/evidence").exists()


def test_a_folder_that_is_none_is_failed(zone: LandingZone) -> None:
    (zone.root / "store").write_text("no folder")

    found = line(under(zone, store="store/evidence"), "evidence store")

    assert f"{zone.root / 'store'} is no folder" in found["what"]
    assert found["commands"] == [f"ls -ld {zone.root / 'store'}"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everything")
def test_a_folder_that_may_not_be_written_is_failed(zone: LandingZone) -> None:
    (zone.root / "store").mkdir(mode=0o500)

    found = line(under(zone, store="store"), "evidence store")

    assert found["commands"] == [f"chmod u+rwx {zone.root / 'store'}"]


def in_container(zone: LandingZone) -> tuple[LandingZone, Container]:
    """Where evidence is kept in a container that is not there yet."""
    address = f"{zone.emulator.base}/doctor{next(_numbers)}/evidence"
    return under(zone, store=address), Container(Clients(zone.environment), address)


def test_a_container_that_can_be_written_is_fine_and_nothing_is_written(zone: LandingZone) -> None:
    kept, container = in_container(zone)
    container.put("sha256/one", b"hello")
    paths = [one["path"] for one in written(zone)]

    found = line(kept, "evidence store")

    told = f"{container.address} can be read and written"
    assert (found["result"], found["what"]) == ("ok", told)
    assert [one["path"] for one in written(zone)] == paths


def written(zone: LandingZone) -> list[dict[str, Any]]:
    """What was written of blobs."""
    seen = zone.emulator.call("GET", "/emulator/requests").body["value"]
    return [
        one
        for one in seen
        if one["path"].startswith("/doctor") and (one["method"], one["status"]) == ("PUT", 201)
    ]


def test_a_container_that_is_not_there_is_a_warning(zone: LandingZone) -> None:
    kept, container = in_container(zone)

    found = line(kept, "evidence store")

    assert found["result"] == "warning"
    assert "it is not there yet" in found["what"]
    assert found["commands"][0].startswith("az storage container create --account-name ")
    assert container.get("any") is None


@pytest.mark.parametrize(("method", "result"), [("GET", "FAILED"), ("PUT", "warning")])
def test_a_container_that_may_not_be_used_names_the_role(
    zone: LandingZone, method: str, result: str
) -> None:
    kept, container = in_container(zone)
    container.put("sha256/one", b"hello")
    path = container.address.removeprefix(zone.emulator.base)
    refusal = {"status": 403, "code": "AuthorizationPermissionMismatch", "message": "No."}
    zone.fault({"method": method, "path": path}, {"fail": refusal})

    found = line(kept, "evidence store")

    assert found["result"] == result
    assert (
        'az role assignment create --role "Storage Blob Data Contributor"' in found["commands"][0]
    )
