"""Keys and signatures, judged by securesystemslib: accepted, and refused after one changed byte."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.keyvault.keys import JsonWebKey
from azure.keyvault.keys.crypto import CryptographyClient
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from securesystemslib.dsse import Envelope as Judge
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer._key import SSlibKey

from pipeline.definition.model import Cloud
from pipeline.errors import AzureRefused, StateFileError, Unreachable
from pipeline.execution.azure.clients import Clients
from pipeline.execution.evidence.keys import keyid_of, read_public_key, verified
from pipeline.execution.evidence.signing import (
    PASSPHRASE,
    FileKey,
    Signer,
    read_private_key,
    sealed,
)
from pipeline.execution.evidence.vault_key import VaultKey
from pipeline.planning.evidence.envelope import Envelope, Signature, reading
from tests.conftest import Emulator
from tests.execution.evidence.keys import AnyKey, ed, p256, write_private, write_public
from tests.execution.landing_zone import environment_of

PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1","predicate":{},"subject":[]}'


def vault_key(key: ec.EllipticCurvePrivateKey, kind: str = "EC", curve: str = "P-256") -> Any:
    """A key as Key Vault describes it, with its private part: the client signs by itself."""
    numbers = key.private_numbers()
    x, y = numbers.public_numbers.x, numbers.public_numbers.y
    parts = {"x": x, "y": y, "d": numbers.private_value}
    return JsonWebKey(
        kid="https://v.vault.azure.net/keys/release/1",
        kty=kind,
        crv=curve,
        key_ops=["sign", "verify"],
        **{name: part.to_bytes(32, "big") for name, part in parts.items()},
    )


def in_vault(key: ec.EllipticCurvePrivateKey) -> VaultKey:
    """What signs with a key in Key Vault, the SDK in its local mode."""
    described = vault_key(key)
    return VaultKey.read(
        "https://v/keys/release", described, CryptographyClient.from_jwk(described)
    )


@dataclass(frozen=True)
class Pair:
    """What signs, and the private key behind it."""

    signer: Signer
    key: AnyKey


@pytest.fixture(params=["P-256", "Ed25519", "Key Vault"])
def pair(request: pytest.FixtureRequest) -> Pair:
    if request.param == "Ed25519":
        return Pair(FileKey(ed25519 := ed()), ed25519)
    key = p256()
    return Pair(in_vault(key) if request.param == "Key Vault" else FileKey(key), key)


def judged(content: bytes, key: AnyKey, keyid: str) -> None:
    """Raises VerificationError unless securesystemslib believes the envelope."""
    known = SSlibKey.from_crypto(key.public_key(), keyid=keyid)
    Judge.from_dict(json.loads(content)).verify([known], 1)


def test_an_independent_judge_accepts_the_envelope(pair: Pair) -> None:
    judged(sealed(PAYLOAD, pair.signer), pair.key, pair.signer.keyid)


def test_after_one_changed_byte_the_judge_and_we_refuse_it(pair: Pair, tmp_path: Path) -> None:
    write_public(tmp_path / "release.pub", pair.key)
    known = read_public_key(tmp_path, "release.pub")
    envelope = reading(sealed(PAYLOAD, pair.signer))
    for at in (0, len(PAYLOAD) // 2, len(PAYLOAD) - 1):
        payload = PAYLOAD[:at] + bytes([PAYLOAD[at] ^ 1]) + PAYLOAD[at + 1 :]
        changed = Envelope(payload, envelope.signatures)
        with pytest.raises(VerificationError):
            judged(changed.written(), pair.key, pair.signer.keyid)
        assert [one.by for one in verified(changed, [known])] == [""]
    assert [one.by for one in verified(envelope, [known])] == ["release.pub"]


def test_the_key_id_is_of_the_public_key_and_no_matter_for_who_signed(
    pair: Pair, tmp_path: Path
) -> None:
    write_public(tmp_path / "release.pub", pair.key)
    write_public(tmp_path / "other.pub", p256())
    known = [read_public_key(tmp_path, name) for name in ("other.pub", "release.pub")]
    assert pair.signer.keyid == keyid_of(pair.key.public_key())

    envelope = reading(sealed(PAYLOAD, pair.signer))
    renamed = Envelope(PAYLOAD, (Signature("whatever", envelope.signatures[0].value),))

    assert [one.by for one in verified(renamed, known)] == ["release.pub"]


def test_without_a_signer_the_envelope_says_so(tmp_path: Path) -> None:
    assert reading(sealed(PAYLOAD, None)).signatures == ()


def test_a_signature_of_an_rsa_key_as_packer_makes_them_is_verified(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415 - here alone
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - here alone

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    write_public(tmp_path / "release.pub", key)
    bare = Envelope(PAYLOAD)
    value = key.sign(bare.signed, padding.PKCS1v15(), SHA256())
    signed = Envelope(PAYLOAD, (Signature("", value), Signature("", value[::-1])))

    known = [read_public_key(tmp_path, "release.pub")]
    assert [one.by for one in verified(signed, known)] == ["release.pub", ""]


@pytest.mark.parametrize("make", [p256, ed])
def test_a_private_key_of_a_file_signs(make: Any, tmp_path: Path) -> None:
    key = make()
    path = write_private(tmp_path / "release.pem", key)

    assert read_private_key(path, environ={}).keyid == keyid_of(key.public_key())


def test_an_encrypted_key_wants_its_passphrase_which_no_output_shows(tmp_path: Path) -> None:
    hidden: list[str] = []
    path = write_private(tmp_path / "release.pem", ed(), "open sesame")

    read_private_key(path, hidden.append, {PASSPHRASE: "open sesame"})

    assert hidden == ["open sesame"]
    with pytest.raises(StateFileError, match=f"is encrypted: set {PASSPHRASE}"):
        read_private_key(path, environ={})
    with pytest.raises(StateFileError, match="is not its passphrase") as wrong:
        read_private_key(path, environ={PASSPHRASE: "open barley"})
    assert "barley" not in str(wrong.value)


def test_a_passphrase_that_is_not_needed_does_no_harm(tmp_path: Path) -> None:
    path = write_private(tmp_path / "release.pem", ed())

    assert read_private_key(path, environ={PASSPHRASE: "x"}).keyid


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_private_key_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    path = write_private(tmp_path / "release.pem", ed(), mode=mode)

    with pytest.raises(StateFileError, match=f"others can read .*mode {mode:04o}") as refusal:
        read_private_key(path, environ={})
    assert str(refusal.value.advice[0].command) == f"chmod 600 {path}"


def test_keys_of_other_kinds_are_refused_by_name(tmp_path: Path) -> None:
    p384 = write_private(tmp_path / "p384.pem", ec.generate_private_key(ec.SECP384R1()))
    weak = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    of_rsa = write_private(tmp_path / "rsa.pem", weak)
    (tmp_path / "odd.pem").write_text("nothing")
    (tmp_path / "odd.pem").chmod(0o600)

    with pytest.raises(StateFileError, match="secp384r1; it must be on P-256"):
        read_private_key(p384, environ={})
    with pytest.raises(StateFileError, match="another kind than Ed25519 and ECDSA P-256"):
        read_private_key(of_rsa, environ={})
    with pytest.raises(StateFileError, match="not a private key: PEM"):
        read_private_key(tmp_path / "odd.pem", environ={})
    with pytest.raises(StateFileError, match="No such file"):
        read_private_key(tmp_path / "nowhere.pem", environ={})


def test_a_public_key_is_refused_by_what_is_wrong_with_it(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import x25519  # noqa: PLC0415 - here alone

    (tmp_path / "odd.pub").write_text("nothing")
    with pytest.raises(StateFileError, match="not a public key: PEM"):
        read_public_key(tmp_path, "odd.pub")
    write_public(tmp_path / "x.pub", x25519.X25519PrivateKey.generate())  # type: ignore[arg-type] # a key for no signature
    with pytest.raises(StateFileError, match="another kind"):
        read_public_key(tmp_path, "x.pub")


def test_a_key_shows_nothing_of_itself(tmp_path: Path) -> None:
    assert repr(FileKey(ed())) == "FileKey()"
    key = p256()
    assert str(key.private_numbers().private_value) not in repr(in_vault(key))


@pytest.mark.parametrize(("kind", "curve"), [("RSA", ""), ("EC", "P-521")])
def test_a_key_of_another_kind_in_key_vault_is_refused(kind: str, curve: str) -> None:
    described = vault_key(p256(), kind, curve)

    with pytest.raises(AzureRefused, match="it must be EC on P-256"):
        VaultKey.read("https://v/keys/release", described, None)


def address_of(emulator: Emulator) -> tuple[Clients, str]:
    """A vault that nobody serves."""
    facts = emulator.facts
    addresses = str(facts["resource_manager"]), str(facts["authority"])
    files = Path(facts["ca_file"]), Path(facts["credentials_file"])
    zone = environment_of(Cloud("BakeswapEmulator", *addresses, *files), emulator.subscription)
    return Clients(zone, sleep=lambda seconds: None), "https://127.0.0.1:9/keys/release"


def test_a_vault_that_does_not_answer_is_unreachable(emulator: Emulator) -> None:
    with pytest.raises(Unreachable, match="keys/release: Azure did not answer"):
        VaultKey.of(*address_of(emulator))


def test_without_the_library_its_extra_is_named(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "azure.keyvault.keys", None)
    with pytest.raises(Unreachable, match="is not installed") as missing:
        VaultKey.of(*address_of(emulator))
    assert str(missing.value.advice[0].command) == "pip install 'bakeswap[evidence]'"
