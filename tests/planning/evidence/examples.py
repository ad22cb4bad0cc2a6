"""What is known of one version, and its evidence as a store would have it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pipeline.planning.evidence import statement as statements
from pipeline.planning.evidence.canonical import digest_of
from pipeline.planning.evidence.documents import (
    ENVELOPE_FILE,
    Document,
    Made,
    Parent,
    documents,
    provenance,
)
from pipeline.planning.evidence.envelope import ENVELOPE, Envelope
from pipeline.planning.evidence.inventory import Inventory, Package
from pipeline.planning.evidence.policy import Evidence, Seen, Signed
from pipeline.planning.evidence.statement import Named
from pipeline.planning.names import Tag

RESOURCE = (
    "/subscriptions/s/resourceGroups/zone/providers/Microsoft.Compute/galleries/shop/images/web"
    "/versions/1.0.3"
)
MADE = Made(
    resource=RESOURCE,
    image="web",
    version="1.0.3",
    environment="production",
    template="linux",
    fingerprint="f" * 64,
    base="shop/golden/1.0.7",
    commit="0123abcd",
    parents=(Parent("/golden/1.0.7", "a" * 64, "b" * 64), Parent("Debian:debian-12:12-gen2:1.2.3")),
    baked_by="ann@runner-7",
    baked_in="20261123T181500Z-runner-7-1a2b",
    baked_with="packer 1.15.4, azure 2.6.5",
    checked_by="bob on laptop",
    checked_in="20261124T081500Z-laptop-3c4d",
    recorded_with="0.1.0",
)
TAGS = {Tag.FINGERPRINT: "f" * 64, Tag.BASE: "shop/golden/1.0.7", Tag.EVIDENCE: "e" * 64}
INVENTORY = Inventory(
    "dpkg",
    "debian-12",
    (
        Package("nginx", "1.22.1-9+deb12u3", "amd64"),
        Package("libssl3", "3.0.17-1~deb12u2", "amd64", "openssl"),
        Package("base-files", "1:12.4+deb12u12", "all", "base", "12.4"),
    ),
)
JUNIT = b'<testsuite><testcase classname="a.test_web" name="test_it_serves"/></testsuite>'


def kept(
    made: Made = MADE, inventory: Inventory | None = INVENTORY, *, failed: tuple[str, ...] = ()
) -> tuple[Document, ...]:
    """The documents of a version."""
    tests: dict[Literal["PASSED", "FAILED"], tuple[str, ...]] = {
        "PASSED": ("test_web::test_it_serves",),
        "FAILED": failed,
    }
    return documents(made, JUNIT, tests, inventory)


def found(
    listed: tuple[Document, ...] | None = None,
    *,
    made: Made = MADE,
    signatures: tuple[Signed, ...] = (Signed("k" * 64, "keys/release.pub"),),
) -> Evidence:
    """The evidence of a version, all in order."""
    listed = kept(made) if listed is None else listed
    payload = provenance(made, listed)
    written = Envelope(payload).written()
    named = Named(ENVELOPE_FILE, ENVELOPE, digest_of(written))
    return Evidence(
        image="web",
        version="1.0.3",
        resource=RESOURCE,
        tags=TAGS,
        store=".pipeline/evidence",
        envelope=Seen(named, "kept", named.digest, written),
        statement=statements.reading(payload),
        signatures=signatures,
        documents=tuple(seen(one) for one in listed),
    )


def seen(one: Document) -> Seen:
    """A document as it was kept."""
    return Seen(one.named, "kept", one.named.digest, one.content)


def with_state(evidence: Evidence, name: str, state: Literal["missing", "changed"]) -> Evidence:
    """The same evidence, one of its documents gone or changed."""
    return replace(
        evidence,
        documents=tuple(
            one
            if one.named.name != name
            else replace(one, state=state, actual="9" * 64, content=b"")
            for one in evidence.documents
        ),
    )
