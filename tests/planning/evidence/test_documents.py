"""What is recorded of a version: the documents, and the provenance that names them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from pipeline.planning.evidence.canonical import digest_of, is_digest
from pipeline.planning.evidence.documents import (
    CHECKS,
    DESCRIPTOR,
    INVENTORY,
    JUNIT,
    SBOM,
    Made,
    provenance,
    with_tools,
)
from tests.planning.evidence import examples


def statement(made: Made = examples.MADE) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(provenance(made, examples.kept(made)))
    return found


def test_the_same_facts_are_the_same_bytes() -> None:
    assert provenance(examples.MADE, examples.kept()) == provenance(examples.MADE, examples.kept())


def test_the_subject_is_the_version_with_the_digest_of_its_descriptor() -> None:
    described = {one.name: one for one in examples.kept()}[DESCRIPTOR]
    (subject,) = statement()["subject"]

    assert subject["name"] == examples.RESOURCE
    assert subject["digest"]["sha256"] == digest_of(described.content)
    bill = {one.name: one for one in examples.kept()}[SBOM]
    assert json.loads(described.content) == {
        "version": examples.RESOURCE,
        "fingerprint": "f" * 64,
        "base": "shop/golden/1.0.7",
        "sbom": digest_of(bill.content),
    }


def test_every_document_is_reached_by_its_digest() -> None:
    listed = examples.kept()
    named = statement()["predicate"]["runDetails"]["byproducts"]

    assert [one["name"] for one in named] == [DESCRIPTOR, CHECKS, JUNIT, INVENTORY, SBOM]
    assert [one["digest"]["sha256"] for one in named] == [digest_of(one.content) for one in listed]


def test_it_says_who_baked_and_checked_what_with_which_tools() -> None:
    predicate = statement()["predicate"]
    definition, run = predicate["buildDefinition"], predicate["runDetails"]

    assert definition["externalParameters"]["image"] == "web"
    assert definition["internalParameters"]["bakedBy"] == "ann@runner-7"
    assert definition["internalParameters"]["checkedBy"] == "bob on laptop"
    assert run["builder"]["version"] == {"bakeswap": "0.1.0", "packer": "1.15.4", "azure": "2.6.5"}
    assert run["metadata"] == {"invocationId": "20261124T081500Z-laptop-3c4d"}
    assert definition["resolvedDependencies"] == [
        {"name": "/golden/1.0.7", "annotations": {"fingerprint": "a" * 64, "evidence": "b" * 64}},
        {"name": "Debian:debian-12:12-gen2:1.2.3"},
        {
            "name": "commit",
            "annotations": {"commit": "0123abcd"},
            "digest": {"gitCommit": "0123abcd"},
        },
    ]


def test_inputs_that_differ_from_their_commit_are_given_no_digest_of_it() -> None:
    changed = statement(replace(examples.MADE, commit="0123abcd+uncommitted"))
    dependencies = changed["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert dependencies[-1] == {
        "name": "commit",
        "annotations": {"commit": "0123abcd+uncommitted"},
    }
    none = statement(replace(examples.MADE, commit="", parents=()))
    assert none["predicate"]["buildDefinition"]["resolvedDependencies"] == []


def test_what_checks_said_is_a_test_result_that_names_the_junit_file() -> None:
    checked = {one.name: json.loads(one.content) for one in examples.kept() if one.name == CHECKS}
    predicate = checked[CHECKS]["predicate"]

    assert predicate["result"] == "PASSED"
    assert predicate["passedTests"] == ["test_web::test_it_serves"]
    assert predicate["configuration"][0]["digest"]["sha256"] == digest_of(examples.JUNIT)
    failed = {one.name: one for one in examples.kept(failed=("test_web::test_x",))}[CHECKS]
    assert json.loads(failed.content)["predicate"]["result"] == "FAILED"


def test_without_an_inventory_there_is_neither_it_nor_a_bill() -> None:
    names = [one.name for one in examples.kept(inventory=None)]

    assert names == [DESCRIPTOR, CHECKS, JUNIT]
    described = json.loads(examples.kept(inventory=None)[0].content)
    assert "sbom" not in described


def test_tools_are_told_as_far_as_they_are_known() -> None:
    assert with_tools((1, 15, 4), (2, 6, 5)) == "packer 1.15.4, azure 2.6.5"
    assert with_tools((), (2, 6, 5)) == "azure 2.6.5"
    assert statement(replace(examples.MADE, baked_with=""))["predicate"]["runDetails"]["builder"][
        "version"
    ] == {"bakeswap": "0.1.0"}


def test_a_digest_is_64_hexadecimal_digits() -> None:
    assert is_digest(digest_of(b""))
    assert not is_digest("../" * 21 + "a")
    assert not is_digest("a" * 63)
