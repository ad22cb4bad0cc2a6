"""Keys of vaults, by the real SDK: made, listed, changed, signing; and what is refused."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.keyvault.keys import JsonWebKey, KeyClient, KeyType, KeyVaultKey
from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.conftest import Emulator, StartEmulator
from tests.emulator.vault_client import Vault, vault_in
from tests.execution.evidence.keys import p256

GROUP = "keys-of-vaults"
CONTENT = b"what is signed"


@pytest.fixture
def vault(emulator: Emulator) -> Vault:
    return vault_in(emulator, GROUP)


def options(vault: Vault) -> dict[str, Any]:
    """The SDK wants a domain of the vault's own, which no port is."""
    return {"connection_verify": vault.emulator.ca_file, "verify_challenge_resource": False}


def client_of(vault: Vault) -> KeyClient:
    return KeyClient(vault.own_address, vault.emulator.credential(), **options(vault))


def signer_of(vault: Vault, key: KeyVaultKey) -> CryptographyClient:
    return CryptographyClient(key, vault.emulator.credential(), **options(vault))


@pytest.fixture
def keys(vault: Vault) -> KeyClient:
    return client_of(vault)


def made(keys: KeyClient, algorithm: SignatureAlgorithm) -> KeyVaultKey:
    """A key that such an algorithm takes."""
    if algorithm.value.startswith("ES"):
        return keys.create_ec_key("release", curve=f"P-{algorithm.value[2:]}")
    return keys.create_rsa_key("release", size=2048)


def refused(call: Callable[[], object]) -> HttpResponseError:
    with pytest.raises(HttpResponseError) as refusal:
        call()
    return refusal.value


def inner(refusal: HttpResponseError) -> str:
    """The code by which clients tell one reason from another."""
    assert refusal.response is not None
    error = json.loads(refusal.response.text())["error"]
    return str((error.get("innererror") or error)["code"])


@pytest.mark.parametrize(
    ("algorithm", "length"),
    [
        (SignatureAlgorithm.es256, 64),
        (SignatureAlgorithm.es384, 96),
        (SignatureAlgorithm.rs256, 256),
        (SignatureAlgorithm.ps256, 256),
    ],
)
def test_a_signature_is_verified_by_the_vault_and_by_the_public_key(
    vault: Vault, keys: KeyClient, algorithm: SignatureAlgorithm, length: int
) -> None:
    key = made(keys, algorithm)
    digest = hashlib.new(f"sha{algorithm.value[2:]}", CONTENT).digest()
    other = digest[::-1]

    signature = signer_of(vault, key).sign(algorithm, digest).signature

    assert len(signature) == length
    # the client verifies with the public key that it has got, and the vault with its own
    assert signer_of(vault, key).verify(algorithm, digest, signature).is_valid
    assert not signer_of(vault, key).verify(algorithm, other, signature).is_valid
    sent = {"alg": algorithm.value, "value": encoded(signature)}
    path = f"/keys/release/{key.properties.version}/verify"
    assert vault.ask("POST", path, {**sent, "digest": encoded(digest)}).body == {"value": True}
    assert vault.ask("POST", path, {**sent, "digest": encoded(other)}).body == {"value": False}


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def test_the_newest_version_is_answered_and_an_older_one_by_its_name(keys: KeyClient) -> None:
    first = keys.create_ec_key("release", tags={"team": "shop"})
    second = keys.create_rsa_key("release", size=3072)
    keys.create_ec_key("other")

    assert keys.get_key("RELEASE").id == second.id
    older = keys.get_key("release", first.properties.version)
    assert (older.id, older.key_type) == (first.id, KeyType.ec)
    assert older.properties.tags == {"team": "shop"}
    assert older.properties.recovery_level == "Recoverable"
    listed = keys.list_properties_of_key_versions("release")
    assert [one.id for one in listed] == [first.id, second.id]
    assert [one.name for one in keys.list_properties_of_keys()] == ["release", "other"]
    with pytest.raises(ResourceNotFoundError, match=r"\(name/id\) none was not found in this key"):
        keys.get_key("none")


@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_a_key_that_was_imported_signs_as_it_did_before(
    vault: Vault, keys: KeyClient, kind: str
) -> None:
    private = p256() if kind == "EC" else rsa.generate_private_key(65537, 2048)
    algorithm = SignatureAlgorithm.es256 if kind == "EC" else SignatureAlgorithm.ps256
    digest = hashlib.sha256(CONTENT).digest()

    key = keys.import_key("release", jwk_of(private))

    assert set(key.key_operations) == {"sign", "verify"}
    here = CryptographyClient.from_jwk(jwk_of(private))
    signature = here.sign(algorithm, digest).signature
    assert signer_of(vault, key).verify(algorithm, digest, signature).is_valid
    signature = signer_of(vault, key).sign(algorithm, digest).signature
    assert here.verify(algorithm, digest, signature).is_valid


def jwk_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> JsonWebKey:
    """All of a key."""
    operations = ["sign", "verify"]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        own = key.private_numbers()
        point = {"x": own.public_numbers.x, "y": own.public_numbers.y, "d": own.private_value}
        parts = {name: number.to_bytes(32, "big") for name, number in point.items()}
        return JsonWebKey(kty="EC", crv="P-256", key_ops=operations, **parts)
    numbers = key.private_numbers()
    values = {
        "n": numbers.public_numbers.n,
        "e": numbers.public_numbers.e,
        "d": numbers.d,
        "p": numbers.p,
        "q": numbers.q,
        "dp": numbers.dmp1,
        "dq": numbers.dmq1,
        "qi": numbers.iqmp,
    }
    parts = {name: big(number) for name, number in values.items()}
    return JsonWebKey(kty="RSA", key_ops=operations, **parts)


def big(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def test_a_disabled_key_is_not_answered_and_signs_nothing_until_it_is_enabled(
    vault: Vault, keys: KeyClient
) -> None:
    key = keys.create_ec_key("release")
    signer, digest = signer_of(vault, key), hashlib.sha256(CONTENT).digest()
    assert not keys.update_key_properties("release", enabled=False).properties.enabled

    for verb, call in (
        ("get", lambda: keys.get_key("release")),
        ("sign", lambda: signer.sign(SignatureAlgorithm.es256, digest)),
    ):
        refusal = refused(call)
        assert (refusal.status_code, inner(refusal)) == (403, "KeyDisabled")
        assert f"Operation {verb} is not allowed on a disabled key." in str(refusal)
    assert [one.enabled for one in keys.list_properties_of_keys()] == [False]

    keys.update_key_properties("release", key.properties.version, enabled=True, tags={"a": "b"})
    assert keys.get_key("release").properties.tags == {"a": "b"}
    assert signer.sign(SignatureAlgorithm.es256, digest).signature


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ({"expires_on": timedelta(days=-1)}, "KeyExpired"),
        ({"not_before": timedelta(days=1)}, "KeyNotYetValid"),
        ({"not_before": timedelta(days=-1), "expires_on": timedelta(days=1)}, ""),
    ],
)
def test_outside_its_time_a_key_verifies_and_does_not_sign(
    vault: Vault, keys: KeyClient, when: dict[str, timedelta], code: str
) -> None:
    key, digest = keys.create_ec_key("release"), hashlib.sha256(CONTENT).digest()
    signer = signer_of(vault, key)  # it was told of no times, and asks
    signature = signer.sign(SignatureAlgorithm.es256, digest).signature
    now = datetime.now(UTC)
    times: dict[str, Any] = {name: now + distance for name, distance in when.items()}
    changed = keys.update_key_properties("release", **times)

    assert keys.get_key("release").properties.expires_on == changed.properties.expires_on
    path, sent = f"/keys/release/{key.properties.version}", {"alg": "ES256"}
    asked = {**sent, "digest": encoded(digest), "value": encoded(signature)}
    assert vault.ask("POST", f"{path}/verify", asked).body == {"value": True}
    if code:
        refusal = refused(lambda: signer.sign(SignatureAlgorithm.es256, digest))
        assert (refusal.status_code, inner(refusal)) == (403, code)
    else:
        assert signer.sign(SignatureAlgorithm.es256, digest).signature


def test_what_does_not_fit_is_refused_in_azures_words(vault: Vault, keys: KeyClient) -> None:
    elliptic, of_rsa = keys.create_ec_key("release"), keys.create_rsa_key("rsa", size=2048)
    digest = hashlib.sha256(CONTENT).digest()
    cases = [
        ("release", "ES256", digest[1:], "Invalid length of 'value': 31 bytes. ES256 requires 32"),
        ("release", "RS256", digest, f"incompatible. Key {elliptic.id} is of type 'EC'"),
        ("rsa", "ES256", digest, f"incompatible. Key {of_rsa.id} is of type 'RSA'"),
        (
            *("release", "ES384", digest + digest[:16]),
            f"incompatible. Key {elliptic.id} uses curve 'P-256', and algorithm 'ES384' can only be"
            " used with curve 'P-384'.",
        ),
    ]
    for name, algorithm, value, sentence in cases:
        sent = {"alg": algorithm, "value": encoded(value)}
        answer = vault.ask("POST", f"/keys/{name}/sign", sent)
        assert (answer.status, answer.code) == (400, "BadParameter")
        assert sentence in answer.body["error"]["message"]
    for sent in ({"alg": "ES256"}, {"alg": "ES256", "value": "é"}):
        assert vault.ask("POST", "/keys/release/sign", sent).code == "BadParameter"


def test_a_key_signs_only_where_it_is_for_that(vault: Vault, keys: KeyClient) -> None:
    keys.create_ec_key("release", key_operations=["verify"])
    sent = {"alg": "ES256", "value": encoded(hashlib.sha256(CONTENT).digest())}

    answer = vault.ask("POST", "/keys/release/sign", sent)

    assert answer.body["error"]["innererror"] == {"code": "KeyOperationForbidden"}
    assert answer.body["error"]["message"] == "Operation sign is not permitted on this key."
    keys.update_key_properties("release", key_operations=["sign"])
    assert vault.ask("POST", "/keys/release/sign", sent).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/keys/release/create", {"kty": "EC-HSM"}, "NotServedByEmulator"),
        ("POST", "/keys/release/create", {"kty": "oct"}, "NotServedByEmulator"),
        ("POST", "/keys/release/create", {"kty": "EC", "crv": "P-521"}, "NotServedByEmulator"),
        ("POST", "/keys/release/create", {"kty": "RSA", "key_size": 1024}, "BadParameter"),
        (
            *("POST", "/keys/release/create"),
            *({"kty": "RSA", "public_exponent": 3}, "NotServedByEmulator"),
        ),
        (
            *("POST", "/keys/release/create"),
            *({"kty": "EC", "attributes": {"exportable": True}}, "NotServedByEmulator"),
        ),
        ("PUT", "/keys/release", {"Hsm": True, "key": {"kty": "EC"}}, "NotServedByEmulator"),
        ("PUT", "/keys/release", {"key": {"kty": "oct"}}, "NotServedByEmulator"),
        ("PUT", "/keys/release", {"key": {"kty": "EC", "crv": "P-256"}}, "BadParameter"),
        ("PUT", "/keys/release", {"key": {"kty": "RSA"}}, "BadParameter"),
        ("PUT", "/keys/release", {"key": "mine"}, "BadParameter"),
        ("DELETE", "/keys/release", None, "NotServedByEmulator"),
        ("POST", "/keys/release/backup", {}, "NotServedByEmulator"),
        ("POST", "/keys/restore", {}, "NotServedByEmulator"),
        ("POST", "/keys/release/rotate", {}, "NotServedByEmulator"),
        ("POST", "/keys/release/1/encrypt", {}, "NotServedByEmulator"),
        ("GET", "/keys/release/rotationpolicy", None, "NotServedByEmulator"),
        ("GET", "/deletedkeys", None, "NotServedByEmulator"),
        ("POST", "/keys/release/sign", {"alg": "ES512", "value": "AA"}, "NotServedByEmulator"),
    ],
)
def test_what_is_not_served_of_keys_is_named(
    vault: Vault, keys: KeyClient, method: str, path: str, body: Any, code: str
) -> None:
    keys.create_ec_key("release")

    answer = vault.ask(method, path, body)

    assert answer.code == code
    assert len(list(keys.list_properties_of_key_versions("release"))) == 1


def test_keys_as_resources_are_refused_by_name(vault: Vault) -> None:
    answer = vault.emulator.call("PUT", f"{vault.resource}/keys/release", {"properties": {}})

    assert answer.code == "NotServedByEmulator"


def test_access_policies_give_each_operation_of_keys_by_itself(
    emulator: Emulator, vault: Vault
) -> None:
    keys = client_of(vault)
    key, digest = keys.create_ec_key("release"), hashlib.sha256(CONTENT).digest()
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: keys.get_key("release"),
        "list": lambda: list(keys.list_properties_of_keys()),
        "create": lambda: keys.create_ec_key("another"),
        "import": lambda: keys.import_key("third", jwk_of(p256())),
        "update": lambda: keys.update_key_properties("release", enabled=True),
        "sign": lambda: signer_of(vault, key).sign(SignatureAlgorithm.es256, digest),
    }
    for verb, call in calls.items():
        others = sorted({*calls} - {verb})
        vault.allow(keys=others, secrets=["all"])
        refusal = refused(call)
        assert (refusal.status_code, inner(refusal)) == (403, "ForbiddenByPolicy")
        sentence = f"does not have keys {verb} permission on key vault '{vault.name};location="
        assert sentence in str(refusal)
        vault.allow(keys=[verb.upper()])
        call()
    vault.allow(keys=["all"])
    assert keys.get_key("release").id == key.id
    vault.make(networkAcls={"defaultAction": "Deny"})
    assert inner(refused(lambda: keys.get_key("release"))) == "ForbiddenByFirewall"


def test_keys_go_with_their_vault(vault: Vault, keys: KeyClient) -> None:
    keys.create_ec_key("release")
    vault.emulator.call("DELETE", vault.resource)
    deleted = (
        f"/subscriptions/{vault.emulator.subscription}/providers/Microsoft.KeyVault/locations"
        f"/westeurope/deletedVaults/{vault.name}"
    )
    assert vault.emulator.call("POST", f"{deleted}/purge").status == 200
    assert vault.make().status == 201

    assert vault.ask("GET", "/keys/release").code == "KeyNotFound"


def test_no_file_and_no_answer_of_the_emulator_shows_a_private_key(
    vault: Vault, keys: KeyClient
) -> None:
    private = p256()
    keys.import_key("release", jwk_of(private))
    number = private.private_numbers().private_value.to_bytes(32, "big")
    answers = [vault.ask("GET", path) for path in ("/keys", "/keys/release")]

    assert "d" not in answers[1].body["key"]
    state = Path(str(vault.emulator.facts["state"]))
    contents = [file.read_bytes() for file in state.rglob("*") if file.is_file()]
    contents += [json.dumps(answer.body).encode() for answer in answers]
    forms = (number, encoded(number).encode(), number.hex().encode(), base64.b64encode(number))
    assert [form for form in forms for content in contents if form in content] == []


def test_a_vault_keeps_its_address_and_its_keys_over_a_restart(
    start_emulator: StartEmulator, tmp_path: Path
) -> None:
    first = start_emulator("--machines", "simulated")
    vault = vault_in(first, GROUP)
    key, address = client_of(vault).create_ec_key("release"), vault.own_address
    assert key.id.startswith(f"{address}/keys/release/")
    first.stop()

    again = Vault(start_emulator("--machines", "simulated"), GROUP, vault.name)

    assert KeyClient(address, again.emulator.credential(), **options(again)).get_key("release").id
    assert again.own_address == address
    signature = signer_of(again, key).sign(SignatureAlgorithm.es256, bytes(32)).signature
    assert signer_of(vault, key).verify(SignatureAlgorithm.es256, bytes(32), signature).is_valid


def test_another_who_took_the_port_of_a_vault_meanwhile_keeps_it(
    start_emulator: StartEmulator,
) -> None:
    first = start_emulator("--machines", "simulated")
    vault = vault_in(first, GROUP)
    address = vault.own_address
    first.stop()
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))):
        again = Vault(start_emulator("--machines", "simulated"), GROUP, vault.name)
        assert again.own_address != address
        assert client_of(again).create_ec_key("release").id.startswith(again.own_address)
