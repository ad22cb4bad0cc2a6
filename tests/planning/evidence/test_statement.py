"""Statements: what is read of ours and of others', and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.planning.evidence.canonical import canonical
from pipeline.planning.evidence.statement import (
    PROVENANCE,
    STATEMENT,
    Named,
    Statement,
    Subject,
    reading,
)

DIGEST = "d" * 64


def test_a_statement_is_read_as_it_was_written() -> None:
    written = Statement((Subject("it", DIGEST),), PROVENANCE, {"a": 1})

    assert reading(canonical(written.written())) == written


def test_byproducts_are_those_with_a_digest_that_we_know() -> None:
    listed: list[Any] = [
        Named("sbom.cdx.json", "application/json", DIGEST).written(),
        {"name": "cloud-artifact-identity", "content": "e30="},
        {"name": "old", "digest": {"md5": "x"}},
        {"name": "odd", "digest": "x"},
        {"digest": {"sha256": DIGEST}},
        "text",
    ]
    found = Statement((), PROVENANCE, {"runDetails": {"byproducts": listed}})

    assert [one.name for one in found.byproducts] == ["sbom.cdx.json", ""]


@pytest.mark.parametrize("predicate", [{}, {"runDetails": 1}, {"runDetails": {"byproducts": {}}}])
def test_a_predicate_without_byproducts_names_none(predicate: dict[str, Any]) -> None:
    assert Statement((), PROVENANCE, predicate).byproducts == ()


def test_a_text_inside_the_predicate_is_found_or_is_empty() -> None:
    found = Statement((), PROVENANCE, {"a": {"b": "c", "n": 1}})

    assert (found.said("a", "b"), found.said("a", "n"), found.said("a", "b", "x")) == ("c", "", "")


def test_a_subject_without_a_digest_has_none() -> None:
    document = {"_type": STATEMENT, "subject": [{"name": "a"}, 1], "predicate": {}}

    assert reading(json.dumps(document).encode()).subjects == (Subject("a", ""), Subject("", ""))


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"no", "not JSON"),
        (b"[]", "no in-toto statement"),
        (b'{"_type": "https://example.com"}', "no in-toto statement"),
        (f'{{"_type": "{STATEMENT}", "subject": []}}'.encode(), "subject and predicate"),
    ],
)
def test_anything_else_is_refused_with_the_reason(payload: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        reading(payload)
