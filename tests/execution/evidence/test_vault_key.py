"""Evidence signed by a key that stays in a key vault, from the bake to production."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.keyvault.keys import JsonWebKey, KeyClient
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pipeline.definition.evidence import REQUIREMENTS, EvidencePolicy
from pipeline.definition.evidence_reading import SIGNER
from pipeline.errors import AzureRefused, PipelineError, Refused, SignInFailed
from pipeline.execution.azure.clients import Clients
from pipeline.execution.azure.vault_credential import VaultCredential
from pipeline.execution.commands import evidence
from pipeline.execution.evidence.keys import keyid_of
from pipeline.execution.evidence.vault_key import VaultKey
from pipeline.planning.evidence.envelope import reading
from tests.conftest import Emulator
from tests.emulator.vault_client import Vault, vault_in
from tests.execution.evidence.keys import p256
from tests.execution.evidence.recorded import Recorded, recorded
from tests.execution.landing_zone import LandingZone, at_once, landing_zone

_numbers = itertools.count()
MAY = ["get", "sign"]


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator) -> LandingZone:
    """A landing zone whose cloud has an address of key vaults."""
    made = at_once(landing_zone(tmp_path_factory.mktemp("vault-key"), emulator))
    made.create()
    patient = replace(made.image.promotion, lost_budget=1_000_000)  # lost ones matter elsewhere
    cloud = replace(made.environment.cloud, vaults=str(emulator.facts["key_vaults"]))
    environment = replace(made.environment, cloud=cloud)
    return replace(made, environment=environment, image=replace(made.image, promotion=patient))


@pytest.fixture
def vault(emulator: Emulator) -> Vault:
    return vault_in(emulator, "keys-of-evidence")


@pytest.fixture
def keys(vault: Vault) -> KeyClient:
    """What an administrator makes keys with."""
    return KeyClient(
        vault.own_address,
        vault.emulator.credential(),
        connection_verify=vault.emulator.ca_file,
        verify_challenge_resource=False,
    )


def write_public(path: Path, key: JsonWebKey) -> ec.EllipticCurvePublicKey:
    """As `az keyvault key download --encoding PEM` does."""
    x, y = (int.from_bytes(getattr(key, name), "big") for name in ("x", "y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return public


@pytest.fixture
def web(zone: LandingZone, vault: Vault, keys: KeyClient) -> Recorded:
    """A version that nobody checked, where all evidence is required, signed by a key of a vault."""
    made = recorded(zone, f"1.0.{next(_numbers)}")
    (zone.root / "keys/release.pem").unlink()
    write_public(zone.root / "keys/release.pub", keys.create_ec_key("release").key)
    policy = EvidencePolicy(
        sign_with=f"{vault.own_address}/keys/release",
        required=REQUIREMENTS,
        signed_by=("keys/release.pub",),
    )
    return made.under(policy)


def test_a_key_in_a_vault_signs_what_leads_a_version_to_production(
    web: Recorded, vault: Vault
) -> None:
    assert SIGNER.accepts(web.zone.environment.evidence.sign_with)  # as environments.hcl may say
    told = web.record()

    assert f"signed with {vault.own_address}/keys/release" in told
    assert web.version.is_eligible
    verify(web)
    assert "signed by keys/release.pub" in web.zone.output
    web.zone.serve(web.name)
    assert web.zone.survey().serving_version == web.name


def verify(web: Recorded) -> None:
    evidence.verify(web.zone.session(), "web", web.name)


def stage(web: Recorded) -> None:
    web.zone.stage(web.name)


def test_after_one_changed_byte_nothing_leads_it_there(web: Recorded) -> None:
    web.record()
    file = web.file("provenance.intoto.json")
    kept = file.read_bytes()
    envelope = reading(kept)
    changed = envelope.payload.replace(b'"web"', b'"weB"', 1)
    assert changed != envelope.payload
    file.write_bytes(replace(envelope, payload=changed).written())

    for call in (verify, stage):
        with pytest.raises(Refused, match=r"provenance\.intoto\.json was changed"):
            call(web)
    file.write_bytes(kept)
    stage(web)


def test_a_newer_version_of_the_key_is_another_key_and_an_older_one_can_be_named(
    web: Recorded, keys: KeyClient
) -> None:
    policy = web.zone.environment.evidence
    older = next(iter(keys.list_properties_of_key_versions("release"))).version
    rotated = keys.create_ec_key("release")
    web.record()
    assert "no valid signature by keys/release.pub" in web.problems()[0]

    public = write_public(web.zone.root / "keys/new.pub", rotated.key)
    both = replace(policy, signed_by=("keys/release.pub", "keys/new.pub"))
    assert web.under(both).problems() == ()
    file = web.file("provenance.intoto.json")
    assert reading(file.read_bytes()).signatures[0].keyid == keyid_of(public)
    pinned = web.under(replace(policy, sign_with=f"{policy.sign_with}/{older}"))
    pinned.record()
    assert pinned.problems() == ()


def revoked(web: Recorded, vault: Vault, keys: KeyClient) -> str:
    vault.allow(keys=["list"])
    return "ForbiddenByPolicy: The user, group or application"


def unsigning(web: Recorded, vault: Vault, keys: KeyClient) -> str:
    vault.allow(keys=["get"])
    return "does not have keys sign permission"


def disabled(web: Recorded, vault: Vault, keys: KeyClient) -> str:
    keys.update_key_properties("release", enabled=False)
    return "KeyDisabled: Operation get is not allowed on a disabled key"


def expired(web: Recorded, vault: Vault, keys: KeyClient) -> str:
    keys.update_key_properties("release", expires_on=datetime.now(UTC) - timedelta(days=1))
    return "KeyNotUsable: it expired at"


def early(web: Recorded, vault: Vault, keys: KeyClient) -> str:
    keys.update_key_properties("release", not_before=datetime.now(UTC) + timedelta(days=1))
    return "KeyNotUsable: it is not valid before"


def walled(web: Recorded, vault: Vault, keys: KeyClient) -> str:
    vault.make(networkAcls={"defaultAction": "Deny"})
    return "ForbiddenByFirewall: Client address is not authorized"


def of_rsa(web: Recorded, vault: Vault, keys: KeyClient) -> str:
    keys.create_rsa_key("release", size=2048)
    return "UnsupportedKey: a key of type RSA; it must be EC on P-256"


def on_p384(web: Recorded, vault: Vault, keys: KeyClient) -> str:
    keys.create_ec_key("release", curve="P-384")
    return "a key of type EC on P-384; it must be EC on P-256"


def unknown(web: Recorded, vault: Vault, keys: KeyClient) -> str:
    policy = web.zone.environment.evidence
    other = replace(policy, sign_with=policy.sign_with.replace("release", "other"))
    web.zone = web.under(other).zone
    return r"KeyNotFound: A key with \(name/id\) other was not found"


Trouble = Callable[[Recorded, Vault, KeyClient], str]


@pytest.mark.parametrize(
    ("trouble", "command"),
    [
        (revoked, 'az role assignment create --role "Key Vault Crypto User"'),
        (unsigning, 'az role assignment create --role "Key Vault Crypto User"'),
        (disabled, "az keyvault key set-attributes --vault-name VAULT --name release --enabled"),
        (walled, "az keyvault network-rule add --name VAULT"),
        (unknown, "az keyvault key list --vault-name VAULT"),
        (expired, "az keyvault key set-attributes --id https://127.0.0.1"),
        (early, "az keyvault key set-attributes --id https://127.0.0.1"),
        (of_rsa, "az keyvault key create --kty EC --curve P-256 --vault-name VAULT --name NAME"),
        (on_p384, "az keyvault key create --kty EC --curve P-256 --vault-name VAULT"),
    ],
)
def test_a_key_that_cannot_sign_ends_the_check_with_the_reason_and_what_to_do(
    web: Recorded, vault: Vault, keys: KeyClient, trouble: Trouble, command: str
) -> None:
    reason = trouble(web, vault, keys)

    with pytest.raises(AzureRefused, match=reason) as failure:
        web.record()

    assert str(failure.value).startswith(web.zone.environment.evidence.sign_with)
    assert str(failure.value.advice[0].command).startswith(command)
    assert "stays ineligible: this environment requires evidence" in failure.value.__notes__[0]
    assert not web.version.is_eligible
    with pytest.raises(Refused, match="cannot be promoted"):
        web.zone.stage(web.name)


def test_a_permission_that_was_given_again_signs(web: Recorded, vault: Vault) -> None:
    vault.allow(keys=["list"])
    with pytest.raises(PipelineError):
        web.record()
    vault.allow(keys=MAY)

    web.record()

    assert web.problems() == ()
    assert web.version.is_eligible


def test_the_key_and_the_tokens_are_nowhere(web: Recorded, vault: Vault, keys: KeyClient) -> None:
    private = p256()
    numbers = private.private_numbers()
    point = numbers.public_numbers
    parts = {"x": point.x, "y": point.y, "d": numbers.private_value}
    named = {name: number.to_bytes(32, "big") for name, number in parts.items()}
    key = keys.import_key("release", JsonWebKey(kty="EC", crv="P-256", **named)).key
    write_public(web.zone.root / "keys/release.pub", key)
    told = web.record()
    emulator = vault.emulator
    tokens = (vault.token(), emulator.token(), emulator.secret)
    shown = vault.ask("GET", "/keys/release").body
    assert "d" not in shown["key"]

    files = [file for file in web.zone.root.rglob("*") if file.is_file()]
    contents = [file.read_bytes() for file in files]
    contents += [told.encode(), json.dumps(dict(web.version.tags)).encode()]
    secrets = [*(token.encode() for token in tokens), b"Bearer", named["d"]]
    secrets.append(named["d"].hex().encode())
    assert len(files) > 5
    assert [secret for secret in secrets for content in contents if secret in content] == []
    assert web.problems() == ()


@pytest.mark.parametrize(
    ("address", "scope", "sent"),
    [
        ("https://shop.vault.azure.net/keys/a", "https://vault.azure.net/.default", True),
        ("https://shop.managedhsm.azure.net/keys/a", "https://managedhsm.azure.net/.default", True),
        ("https://shop.vault.azure.net/keys/a", "https://management.azure.com/.default", False),
        ("https://elsewhere.example/keys/a", "https://vault.azure.net/.default", False),
        ("https://shop.vault.azure.net/keys/a", "http://vault.azure.net/.default", False),
        ("{base}/keys/a", "{base}/key-vaults/.default", True),
        ("{base}/keys/a", "{base}/.default", False),
        ("{base}/keys/a", "nonsense", False),
    ],
)
def test_a_vault_is_sent_a_token_for_vaults_and_no_other(
    zone: LandingZone, address: str, scope: str, sent: bool
) -> None:
    asked: list[str] = []

    class Issuer:
        def get_token(self, *scopes: str, **options: object) -> str:
            asked.extend(scopes)
            return "a token"

    clients = Clients(zone.environment)
    clients.credential = Issuer()  # type: ignore[assignment] # nobody signs in
    base = zone.emulator.base
    credential = VaultCredential(clients, address.format(base=base))
    wanted = scope.format(base=base)
    if sent:
        assert credential.get_token(wanted, tenant_id="t") == "a token"
        assert asked == [wanted]
        return
    with pytest.raises(SignInFailed, match="which is not the audience of this vault"):
        credential.get_token(wanted)
    assert asked == []


def test_an_address_that_asks_for_a_token_of_another_service_gets_none(
    zone: LandingZone, keys: KeyClient, vault: Vault
) -> None:
    keys.create_ec_key("release")
    cloud = replace(zone.environment.cloud, vaults="https://elsewhere.example/key-vaults/{vault}")
    clients = Clients(replace(zone.environment, cloud=cloud))

    with pytest.raises(SignInFailed, match="which is not the audience of this vault; none was"):
        VaultKey.of(clients, f"{vault.own_address}/keys/release")
