"""What goes of a version's evidence, and the note that is kept until it is gone."""

from __future__ import annotations

import pytest

from pipeline.arm import ResourceId
from pipeline.planning.evidence.canonical import canonical
from pipeline.planning.evidence.envelope import Envelope
from pipeline.planning.evidence.pruning import Note, going, named_in, note_in
from tests.planning.evidence.examples import RESOURCE

A, B, C = ("a" * 64, "b" * 64, "c" * 64)
NOTE = Note(ResourceId.parse(RESOURCE), A)


def test_a_note_is_read_as_it_was_written() -> None:
    assert note_in(NOTE.written()) == NOTE
    assert NOTE.name == f"deleted/{A}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        canonical({"resource": "web", "envelope": A}),
        canonical({"resource": RESOURCE, "envelope": "../../keys/release.pem"}),
        b"[" * 100_000,
    ],
)
def test_what_is_no_note_is_none(content: bytes) -> None:
    assert note_in(content) is None


def test_only_digests_are_named_by_an_envelope() -> None:
    byproducts = [{"name": "x", "digest": {"sha256": one}} for one in (B, "../sha256/x", A)]
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [],
        "predicate": {"runDetails": {"byproducts": byproducts}},
    }

    assert named_in(Envelope(canonical(statement)).written()) == {A, B}
    for wrong in (b"{}", Envelope(b"{}").written()):
        with pytest.raises(ValueError, match=r"envelope|statement"):
            named_in(wrong)


def test_the_envelope_goes_last_and_what_others_refer_to_stays() -> None:
    assert going(A, {C, B, A}, frozenset()) == (B, C, A)
    assert going(A, {C, B}, frozenset({B, "d" * 64})) == (C, A)
    assert going(A, {B}, frozenset({A, B})) == ()
