"""Access tokens: JWTs signed with a key of the emulator's own (RS256, as Microsoft Entra's are)."""

from __future__ import annotations

import base64
import binascii
import json
import time
import uuid
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from pipeline.emulator.files import read, write
from pipeline.emulator.identity.credentials import Credentials
from pipeline.emulator.identity.keys import private_pem, rsa_key

LIFETIME = 86_400
"""Seconds. Clients fetch a token for every request when less than 20 minutes are left."""

_SKEW = 300
"""Seconds that a client's clock may be ahead."""

_KEY_ID = "bakeswap-emulator"


class InvalidToken(Exception):
    """Why a token is not accepted: Azure's code and sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Tokens:
    """Issues tokens for the one service principal, and checks them."""

    def __init__(self, key_file: Path, credentials: Credentials) -> None:
        pem = read(key_file)
        if pem is None:
            pem = private_pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
            write(key_file, pem)
        self._key = rsa_key(key_file, pem)
        self._credentials = credentials

    @property
    def tenant(self) -> str:
        """The one tenant that tokens are from."""
        return self._credentials.tenant

    def issue(self, authority: str, audience: str, now: float | None = None) -> str:
        """A token for an audience (`https://127.0.0.1:8443/`), from now on."""
        began = int(time.time() if now is None else now)
        claims = {
            "aud": audience,
            "iss": self._issuer(authority),
            "iat": began,
            "nbf": began,
            "exp": began + LIFETIME,
            "appid": self._credentials.client_id,
            "idtyp": "app",
            "oid": self._credentials.object_id,
            "sub": self._credentials.object_id,
            "tid": self._credentials.tenant,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
        }
        header = {"typ": "JWT", "alg": "RS256", "kid": _KEY_ID}
        signed = f"{_encode(json.dumps(header))}.{_encode(json.dumps(claims))}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encode(signature)}"

    def check(self, token: str, authority: str, audience: str = "") -> None:
        """Accept a token for this authority's own resource manager, or raise InvalidToken.

        `audience`: for another service, which that is the audience of.
        """
        expected = audience or authority
        claims = self._verified(token)
        now = time.time()
        if claims.get("exp", 0) <= now:
            raise InvalidToken(
                "ExpiredAuthenticationToken",
                f"The access token expiry UTC time '{_utc(claims.get('exp', 0))}' is earlier than "
                f"current UTC time '{_utc(now)}'.",
            )
        if claims.get("nbf", 0) > now + _SKEW:
            raise InvalidToken(
                "InvalidAuthenticationToken",
                f"The access token is valid from '{_utc(claims.get('nbf', 0))}' on, which is later "
                f"than current UTC time '{_utc(now)}'.",
            )
        if claims.get("iss") != self._issuer(authority):
            raise InvalidToken(
                "InvalidAuthenticationTokenTenant",
                f"The access token is from the wrong issuer '{claims.get('iss')}'. It must match "
                f"the tenant '{self._issuer(authority)}' associated with this subscription.",
            )
        if str(claims.get("aud")).rstrip("/") != expected:
            raise InvalidToken(
                "InvalidAuthenticationTokenAudience",
                "The access token has been obtained for wrong audience or resource "
                f"'{claims.get('aud')}'. It should exactly match with one of the allowed audiences "
                f"'{expected}','{expected}/'.",
            )

    def key_set(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": _KEY_ID,
            "n": _encode(modulus),
            "e": _encode(exponent),
        }
        return {"keys": [key]}

    def _issuer(self, authority: str) -> str:
        return f"{authority}/{self._credentials.tenant}/"

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            signed, signature = token.rsplit(".", 1)
            self._key.public_key().verify(
                _decode(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
            claims: dict[str, Any] = json.loads(_decode(signed.split(".")[1]))
        except (ValueError, IndexError, binascii.Error, InvalidSignature) as error:
            raise InvalidToken(
                "InvalidAuthenticationToken", "The access token is invalid."
            ) from error
        return claims


def _encode(content: str | bytes) -> str:
    raw = content.encode() if isinstance(content, str) else content
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _utc(moment: float) -> str:
    return time.strftime("%m/%d/%Y %H:%M:%S", time.gmtime(moment))
