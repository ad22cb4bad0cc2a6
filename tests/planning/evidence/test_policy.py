"""What an environment requires of evidence, and what is said of a version that lacks it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.advice import check_image, evidence_show
from pipeline.definition.evidence import REQUIREMENTS, EvidencePolicy, Requirement
from pipeline.errors import Refused
from pipeline.planning.evidence.canonical import canonical
from pipeline.planning.evidence.documents import (
    CHECKS,
    DESCRIPTOR,
    ENVELOPE_FILE,
    INVENTORY,
    JUNIT,
    SBOM,
)
from pipeline.planning.evidence.policy import (
    Evidence,
    Seen,
    Signed,
    document,
    problems,
    refuse_broken,
    refuse_without_evidence,
    table,
)
from pipeline.planning.evidence.statement import PROVENANCE, Statement, Subject
from pipeline.planning.names import Tag
from tests.planning.evidence.examples import (
    MADE,
    RESOURCE,
    TAGS,
    found,
    kept,
    with_state,
)

ALL = EvidencePolicy(required=REQUIREMENTS, signed_by=("keys/release.pub",))
NONE = EvidencePolicy()


def test_evidence_that_is_whole_and_signed_has_no_problem() -> None:
    assert problems(found(), ALL) == ()
    refuse_without_evidence(found(), ALL)
    refuse_without_evidence(None, ALL)


def test_a_version_without_evidence_lacks_all_that_is_required() -> None:
    bare = Evidence("web", "1.0.3", RESOURCE, {})

    assert problems(bare, ALL) == (
        "it has no evidence (required: provenance, checks, sbom, inventory)",
    )
    assert problems(bare, NONE) == ("it has no evidence",)
    assert bare.digest == ""


def test_a_refusal_names_the_version_what_is_missing_and_the_command() -> None:
    with pytest.raises(Refused) as refusal:
        refuse_without_evidence(found(kept(inventory=None)), ALL)

    assert str(refusal.value) == (
        "web 1.0.3 cannot be promoted: its evidence does not hold\n"
        "  sbom is required, and sbom.cdx.json was not recorded\n"
        "  inventory is required, and inventory.json was not recorded"
    )
    commands = [one.command for one in refusal.value.advice]
    assert commands == [evidence_show("web", "1.0.3"), check_image("web", "1.0.3")]


@pytest.mark.parametrize(
    ("state", "what"), [("missing", "is not in the store"), ("changed", "was changed")]
)
def test_an_envelope_that_is_gone_or_changed_says_nothing_else(state: str, what: str) -> None:
    whole = found()
    assert whole.envelope is not None
    broken = replace(whole, envelope=replace(whole.envelope, state=state, actual="9" * 64))  # type: ignore[arg-type] # of the parameters
    (told,) = problems(broken, ALL)

    assert ENVELOPE_FILE in told and what in told


def test_an_envelope_that_cannot_be_read_tells_why() -> None:
    assert problems(replace(found(), statement=None, unreadable="not JSON"), ALL) == ("not JSON",)


@pytest.mark.parametrize("name", [DESCRIPTOR, CHECKS, JUNIT, SBOM, INVENTORY])
def test_a_document_that_is_gone_or_changed_is_named_whatever_is_required(name: str) -> None:
    (gone,) = problems(with_state(found(), name, "missing"), NONE)
    (changed,) = problems(with_state(found(), name, "changed"), NONE)

    assert gone.startswith(f"{name} is not in the store (sha256 ")
    assert changed.startswith(f"{name} was changed: it has sha256 {'9' * 64}, not ")


def test_evidence_that_nobody_signed_is_no_evidence_where_a_signature_is_required() -> None:
    assert problems(found(signatures=()), ALL) == (
        "provenance.intoto.json is not signed; it must be by keys/release.pub",
    )
    assert problems(found(signatures=()), replace(ALL, signed_by=())) == ()


def test_a_signature_of_another_key_or_over_other_bytes_tells_which_key() -> None:
    (told,) = problems(found(signatures=(Signed("k" * 64), Signed(""))), ALL)

    assert told == (
        "provenance.intoto.json has no valid signature by keys/release.pub: a byte of it was"
        f" changed, or another key signed it ({'k' * 64}, a key without an id)"
    )


def test_one_of_several_keys_is_enough() -> None:
    policy = replace(ALL, signed_by=("keys/old.pub", "keys/release.pub"))

    assert problems(found(), policy) == ()


def test_checks_that_failed_are_no_checks_that_passed() -> None:
    failed = found(kept(failed=("test_web::test_x",)))

    assert problems(failed, ALL) == (f"checks are required to pass, and {CHECKS} says FAILED",)
    assert problems(failed, NONE) == ()


@pytest.mark.parametrize("content", [b"no", b"[]", b'{"predicate": 1}'])
def test_checks_that_say_nothing_have_not_passed(content: bytes) -> None:
    whole = found()
    odd = tuple(
        replace(one, content=content) if one.named.name == CHECKS else one
        for one in whole.documents
    )

    (told,) = problems(replace(whole, documents=odd), ALL)
    assert told.endswith("says nothing")


def test_evidence_of_another_version_is_not_evidence() -> None:
    other = found(made=replace(MADE, resource=RESOURCE.replace("1.0.3", "1.0.2")))

    (told,) = problems(other, ALL)
    assert told == f"it is about another version: {RESOURCE.replace('1.0.3', '1.0.2')}"
    assert other.statement is not None
    nobody = replace(other, statement=replace(other.statement, subjects=()))
    assert problems(nobody, ALL) == ("it is about another version: none",)


def test_evidence_of_another_bake_of_that_number_is_not_evidence() -> None:
    rebaked = replace(found(), tags={**TAGS, Tag.FINGERPRINT: "0" * 64})

    (told,) = problems(rebaked, ALL)
    assert told == (f"descriptor.json says fingerprint {'f' * 64}, the version {'0' * 64}")
    (told,) = problems(replace(found(), tags={Tag.FINGERPRINT: "f" * 64}), ALL)
    assert told == "descriptor.json says base shop/golden/1.0.7, the version nothing"


def test_a_subject_that_is_not_what_the_descriptor_says_is_told() -> None:
    whole = found()
    assert whole.statement is not None
    other = replace(whole.statement, subjects=(Subject(RESOURCE, "0" * 64),))
    assert "the digest of its subject is not that of descriptor.json" in problems(
        replace(whole, statement=other), NONE
    )
    bare = Statement((Subject(RESOURCE, "0" * 64),), PROVENANCE, {})
    lacking: tuple[Requirement, ...] = ("provenance",)
    assert problems(
        replace(whole, statement=bare, documents=()), replace(ALL, required=lacking)
    ) == (
        "the digest of its subject is not that of descriptor.json",
        "provenance is required, and descriptor.json was not recorded",
    )


def test_people_see_each_document_who_signed_and_what_is_wrong() -> None:
    shown = str(table(found(), ALL))

    assert "provenance.intoto.json  kept" in shown
    assert "baked by ann@runner-7" in shown
    assert "signed by keys/release.pub" in shown
    assert "FAILED" not in shown
    unsigned = str(table(with_state(found(signatures=()), SBOM, "missing"), ALL))
    assert "not signed" in unsigned
    assert "FAILED sbom.cdx.json is not in the store" in unsigned
    assert "an unknown key, kkk" in str(table(found(signatures=(Signed("k" * 64),)), ALL))
    bare = str(table(Evidence("web", "1.0.3", RESOURCE, {}), NONE))
    assert bare.splitlines()[-1] == "FAILED it has no evidence"


def test_programs_get_digests_and_a_verdict() -> None:
    told = document(found(), ALL)

    assert (told["verdict"], told["problems"]) == ("passed", [])
    assert told["signatures"] == [{"keyid": "k" * 64, "by": "keys/release.pub"}]
    listed = json.loads(json.dumps(told))
    assert {one["name"]: one["state"] for one in listed["documents"]}[SBOM] == "kept"
    assert listed["statement"]["predicateType"] == PROVENANCE
    bare = document(Evidence("web", "1.0.3", RESOURCE, {}), NONE)
    assert (bare["verdict"], bare["statement"], bare["digest"]) == ("failed", None, "")


def test_a_state_of_a_document_shows_nothing_of_its_content() -> None:
    named = found().documents[0].named

    assert "secret" not in repr(Seen(named, "kept", "", canonical("secret")))


def test_evidence_that_does_not_hold_is_refused_whatever_is_required() -> None:
    refuse_broken(found(), NONE)

    with pytest.raises(Refused, match=r"the evidence of web 1\.0\.3 does not hold: sbom\.cdx"):
        refuse_broken(with_state(found(), SBOM, "missing"), NONE)
