"""Keys themselves: made, read from JSON web keys, shown without their private part, signing.

Which are made, and what algorithms demand: "About keys" of Key Vault and RFC 7518, section 3.
Sentences: azure-sdk-for-python#4399 (lengths), audit logs of KeySign (curves).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from pipeline.emulator.arm.errors import not_served
from pipeline.emulator.identity.keys import private_pem
from pipeline.emulator.vault.refusals import bad_parameter

Private: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_EXPONENT = 65537
_SIZES = (2048, 3072, 4096)
_BITS = 8


@dataclass(frozen=True, slots=True)
class _Curve:
    curve: ec.EllipticCurve
    bytes: int


_CURVES = {"P-256": _Curve(ec.SECP256R1(), 32), "P-384": _Curve(ec.SECP384R1(), 48)}


@dataclass(frozen=True, slots=True)
class _Algorithm:
    """`curve` is "" for RSA, whose padding counts."""

    hash: HashAlgorithm
    curve: str = ""
    padding: padding.AsymmetricPadding | None = None


_ALGORITHMS = {
    "ES256": _Algorithm(SHA256(), "P-256"),
    "ES384": _Algorithm(SHA384(), "P-384"),
    "RS256": _Algorithm(SHA256(), padding=padding.PKCS1v15()),
    "PS256": _Algorithm(
        SHA256(), padding=padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
    ),
}


def generated(body: Mapping[str, Any]) -> Private:
    """A new key of the type that a request names. Raises ArmError for others."""
    kind = str(body.get("kty"))
    if kind == "EC":
        return ec.generate_private_key(_curve(str(body.get("crv") or "P-256")).curve)
    if kind != "RSA":
        raise not_served(f"keys of type '{kind}'")
    size = body.get("key_size") or _SIZES[0]
    if size not in _SIZES:
        listed = ", ".join(str(each) for each in _SIZES)
        raise bad_parameter(f"Key size {size} is not supported; use one of {listed}.")
    if body.get("public_exponent") not in {None, 0, _EXPONENT}:
        raise not_served("'public_exponent' of a key")
    return rsa.generate_private_key(_EXPONENT, int(size))


def imported(key: Mapping[str, Any]) -> Private:
    """The private key in a JSON web key. Raises ArmError for one that is none."""
    kind = str(key.get("kty"))
    try:
        if kind == "EC":
            point = ec.EllipticCurvePublicNumbers(
                _number(key, "x"), _number(key, "y"), _curve(str(key.get("crv"))).curve
            )
            return ec.EllipticCurvePrivateNumbers(_number(key, "d"), point).private_key()
        if kind == "RSA":
            public = rsa.RSAPublicNumbers(_number(key, "e"), _number(key, "n"))
            parts = {"p": "p", "q": "q", "d": "d", "dmp1": "dp", "dmq1": "dq", "iqmp": "qi"}
            numbers = {ours: _number(key, theirs) for ours, theirs in parts.items()}
            return rsa.RSAPrivateNumbers(public_numbers=public, **numbers).private_key()
    except ValueError as error:
        raise bad_parameter("The key is invalid: its parts are not those of one key.") from error
    raise not_served(f"keys of type '{kind}'")


def written(key: Private) -> str:
    """All of it, as it is sealed."""
    return private_pem(key).decode()


def read(text: str) -> Private:
    """What was written."""
    key = load_pem_private_key(text.encode(), None)
    assert isinstance(key, Private)  # noqa: S101 - nothing else is sealed
    return key


def public_part(key: Private) -> dict[str, Any]:
    """What anybody may know of it, as a JSON web key."""
    if isinstance(key, rsa.RSAPrivateKey):
        of_rsa = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _encoded(of_rsa.n), "e": _encoded(of_rsa.e)}
    numbers = key.public_key().public_numbers()
    name = next(each for each, known in _CURVES.items() if known.curve.name == key.curve.name)
    size = _CURVES[name].bytes
    return {
        "kty": "EC",
        "crv": name,
        "x": encoded(numbers.x.to_bytes(size, "big")),
        "y": encoded(numbers.y.to_bytes(size, "big")),
    }


def sign(key: Private, identifier: str, algorithm: str, value: str) -> str:
    """A signature of a digest, in base64url; of ECDSA r and s side by side. Raises ArmError."""
    digest, known = _digest(key, identifier, algorithm, "value", value)
    if isinstance(key, rsa.RSAPrivateKey):
        assert known.padding is not None  # noqa: S101 - of every algorithm of RSA
        return encoded(key.sign(digest, known.padding, Prehashed(known.hash)))
    size = _CURVES[known.curve].bytes
    r, s = decode_dss_signature(key.sign(digest, ec.ECDSA(Prehashed(known.hash))))
    return encoded(r.to_bytes(size, "big") + s.to_bytes(size, "big"))


def verify(key: Private, identifier: str, algorithm: str, value: str, signature: str) -> bool:
    """Whether a signature is of this key over a digest. Raises ArmError."""
    digest, known = _digest(key, identifier, algorithm, "digest", value)
    signed = decoded(signature)
    try:
        if isinstance(key, rsa.RSAPrivateKey):
            assert known.padding is not None  # noqa: S101 - of every algorithm of RSA
            key.public_key().verify(signed, digest, known.padding, Prehashed(known.hash))
        else:
            size = _CURVES[known.curve].bytes
            r, s = (int.from_bytes(half, "big") for half in (signed[:size], signed[size:]))
            der = encode_dss_signature(r, s)
            key.public_key().verify(der, digest, ec.ECDSA(Prehashed(known.hash)))
    except InvalidSignature:
        return False
    return True


def _digest(
    key: Private, identifier: str, algorithm: str, name: str, value: str
) -> tuple[bytes, _Algorithm]:
    known = _ALGORITHMS.get(algorithm)
    if known is None:
        raise not_served(f"the algorithm '{algorithm}' of keys")
    public = public_part(key)
    if public["kty"] != ("EC" if known.curve else "RSA"):
        message = f"Key {identifier} is of type '{public['kty']}'."
        raise bad_parameter(f"Key and signing algorithm are incompatible. {message}")
    if known.curve and public["crv"] != known.curve:
        raise bad_parameter(
            f"Key and signing algorithm are incompatible. Key {identifier} uses curve "
            f"'{public['crv']}', and algorithm '{algorithm}' can only be used with curve "
            f"'{known.curve}'."
        )
    digest = decoded(value)
    if len(digest) != known.hash.digest_size:
        raise bad_parameter(
            f"Invalid length of '{name}': {len(digest)} bytes. {algorithm} requires "
            f"{known.hash.digest_size} bytes, encoded with base64url."
        )
    return digest, known


def _curve(name: str) -> _Curve:
    if name not in _CURVES:
        raise not_served(f"keys on the curve '{name}'")
    return _CURVES[name]


def _number(key: Mapping[str, Any], name: str) -> int:
    return int.from_bytes(decoded(str(key.get(name) or "")), "big")


def _encoded(number: int) -> str:
    return encoded(number.to_bytes((number.bit_length() + _BITS - 1) // _BITS, "big"))


def encoded(content: bytes) -> str:
    """Base64url without padding, as JSON web keys have it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Raises ArmError for what is no base64url."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise bad_parameter("Property  has invalid value") from error
