"""DSSE envelopes: a payload, its type, and signatures over both.

https://github.com/secure-systems-lab/dsse, protocol.md and envelope.md. `cert`, which Packer adds
to a signature of its keyless mode, passes unread.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, Final

from pipeline.planning.evidence.canonical import canonical

IN_TOTO: Final = "application/vnd.in-toto+json"
"""The type of a payload that is an in-toto statement."""
ENVELOPE: Final = "application/vnd.dsse.envelope.v1+json"
"""The media type of an envelope."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature; `keyid` is a hint that nobody signed."""

    keyid: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, and who signed it; none for one that is not signed."""

    payload: bytes
    signatures: tuple[Signature, ...] = ()
    payload_type: str = IN_TOTO

    @property
    def signed(self) -> bytes:
        """What signatures are over: DSSE's pre-authentication encoding."""
        return pae(self.payload_type, self.payload)

    def written(self) -> bytes:
        """As it is kept; `reading` is its inverse."""
        signatures = [
            {"keyid": one.keyid, "sig": base64.b64encode(one.value).decode()}
            for one in self.signatures
        ]
        payload = base64.b64encode(self.payload).decode()
        return canonical(
            {"payload": payload, "payloadType": self.payload_type, "signatures": signatures}
        )


def pae(payload_type: str, payload: bytes) -> bytes:
    """`DSSEv1 LENGTH TYPE LENGTH PAYLOAD`; lengths are of bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def reading(content: bytes) -> Envelope:
    """Out of a file: an envelope, or an unsigned statement as Packer writes it by default.

    Raises ValueError with what is wrong.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON ({type(error).__name__})") from error
    if not isinstance(document, dict):
        raise ValueError("neither an envelope nor a statement: a JSON object is expected")
    if "dsseEnvelope" in document:
        raise ValueError("a Sigstore bundle: `packer verify-attestation` or cosign verify those")
    if "_type" in document:
        return Envelope(content)
    return _envelope(document)


def _envelope(document: dict[str, Any]) -> Envelope:
    kind, payload, signatures = (
        document.get(key) for key in ("payloadType", "payload", "signatures")
    )
    if (
        not isinstance(kind, str)
        or not isinstance(payload, str)
        or not isinstance(signatures, list)
    ):
        raise ValueError("not an envelope: payloadType, payload and signatures are expected")
    return Envelope(_decoded(payload), tuple(map(_signature, signatures)), kind)


def _signature(found: Any) -> Signature:
    if not isinstance(found, dict):
        raise ValueError("a signature is no object")
    return Signature(str(found.get("keyid") or ""), _decoded(found.get("sig")))


def _decoded(text: Any) -> bytes:
    """Base64 of either alphabet, as DSSE asks of readers."""
    try:
        return base64.b64decode(str(text).translate(_URL_SAFE), validate=True)
    except ValueError as error:
        raise ValueError("its base64 is broken") from error


_URL_SAFE = str.maketrans("-_", "+/")
