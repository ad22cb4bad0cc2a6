"""Attestations of other tools: what is shown, and which are believed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.errors import Refused
from pipeline.planning.evidence.attestation import (
    Attestation,
    document,
    refuse_unverified,
    table,
)
from pipeline.planning.evidence.policy import Signed
from pipeline.planning.evidence.statement import PROVENANCE, Statement, Subject

# As Packer 1.16 writes it for an artifact in Azure: without local files, of a cloud's id.
STATEMENT = Statement(
    (Subject("Azure.ResourceManagement.VMImage:/galleries/shop/images/web", "d" * 64),),
    PROVENANCE,
    {
        "buildDefinition": {
            "buildType": "https://packer.io/buildtypes/hcl2/v1",
            "externalParameters": {},
            "internalParameters": {"packerBuilderType": "azure-arm", "packerVersion": "1.16.0"},
        },
        "runDetails": {
            "builder": {"id": "https://packer.io/local-build", "version": {"packer": "1.16.0"}},
            "metadata": {"invocationId": "11112222"},
            "byproducts": [{"name": "cloud-artifact-identity", "content": "e30="}],
        },
    },
)
SIGNED = Attestation("a.json", STATEMENT, (Signed("k" * 64, "release.pub"),), ("release.pub",))


def test_one_that_a_known_key_signed_is_believed() -> None:
    refuse_unverified(SIGNED)

    told = str(table(SIGNED))
    assert "Azure.ResourceManagement.VMImage:/galleries/shop/images/web  dddd" in told
    assert told.splitlines()[2:] == [
        f"predicate {PROVENANCE}",
        "build type https://packer.io/buildtypes/hcl2/v1",
        "builder https://packer.io/local-build",
        "Packer 1.16.0",
        "invocation 11112222",
        "signed by release.pub",
    ]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (replace(SIGNED, signatures=()), "a.json is not signed"),
        (
            replace(SIGNED, signatures=(Signed("k"),), keys=()),
            "a.json: there is no public key to verify it with: name one with --key",
        ),
        (
            replace(SIGNED, signatures=(Signed("k"), Signed(""))),
            "a.json has no valid signature by release.pub: a byte of it was changed, or another key"
            r" signed it \(k, a key without an id\)",
        ),
    ],
)
def test_any_other_is_refused_with_the_reason(found: Attestation, why: str) -> None:
    with pytest.raises(Refused, match=why):
        refuse_unverified(found)


def test_programs_get_the_statement_and_a_verdict() -> None:
    told = json.loads(json.dumps(document(SIGNED)))
    assert (told["verdict"], told["problems"]) == ("passed", [])
    assert told["statement"]["predicateType"] == PROVENANCE
    unsigned = document(replace(SIGNED, signatures=()))
    assert (unsigned["verdict"], unsigned["problems"]) == ("failed", ["a.json is not signed"])


def test_a_subject_without_a_digest_and_an_unknown_key_are_told_as_such() -> None:
    bare = replace(STATEMENT, subjects=(Subject("x", ""),), predicate={})
    told = str(table(replace(SIGNED, statement=bare, signatures=(Signed("k" * 64),))))

    assert "x        none" in told
    assert f"signed by an unknown key, {'k' * 64}" in told
