"""Envelopes: their bytes, what is signed, and what is refused; judged by securesystemslib."""

from __future__ import annotations

import json

import pytest
from securesystemslib.dsse import Envelope as Judge

from pipeline.planning.evidence.envelope import IN_TOTO, Envelope, Signature, pae, reading

PAYLOAD = '{"_type":"https://in-toto.io/Statement/v1","what":"größe"}'.encode()


def test_what_is_signed_is_dsse_s_pre_authentication_encoding() -> None:
    assert pae("a/b", b"hello") == b"DSSEv1 3 a/b 5 hello"
    judge = Judge.from_dict(json.loads(Envelope(PAYLOAD).written()))

    assert judge.pae() == Envelope(PAYLOAD).signed
    assert judge.payload == PAYLOAD


def test_an_envelope_is_read_as_it_was_written() -> None:
    signed = Envelope(PAYLOAD, (Signature("abc", b"\x00\xff\xfe"), Signature("", b"x")))

    assert reading(signed.written()) == signed
    assert signed.written() == signed.written()


def test_an_envelope_with_base64_of_the_other_alphabet_is_read() -> None:
    document = json.loads(Envelope(b"\xfb\xff").written())
    document["payload"] = document["payload"].replace("+", "-").replace("/", "_")

    assert reading(json.dumps(document).encode()).payload == b"\xfb\xff"


def test_an_unsigned_statement_as_packer_writes_it_is_an_envelope_without_signatures() -> None:
    found = reading(PAYLOAD)

    assert (found.payload, found.signatures, found.payload_type) == (PAYLOAD, (), IN_TOTO)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "a JSON object is expected"),
        (b'{"dsseEnvelope": {}}', "Sigstore bundle"),
        (b"{}", "payloadType, payload and signatures"),
        (b'{"payloadType": "a", "payload": "", "signatures": [1]}', "no object"),
        (b'{"payloadType": "a", "payload": "%", "signatures": []}', "base64"),
        (b'{"payloadType": "a", "payload": "", "signatures": [{"sig": "*"}]}', "base64"),
    ],
)
def test_anything_else_is_refused_with_the_reason(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        reading(content)
