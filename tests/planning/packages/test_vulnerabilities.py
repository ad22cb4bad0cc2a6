"""Known vulnerabilities of installed packages, from the documents of others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.planning.evidence.inventory import Inventory, Package
from pipeline.planning.evidence.sbom import purl, sbom
from pipeline.planning.packages.vulnerabilities import (
    of_osv,
    of_tracker,
    table,
    with_vulnerabilities,
)

LIBSSL = Package("libssl3", "3.0.15-1+b1", "amd64", "openssl", "3.0.15-1")
CURL = Package("curl", "7.88-1", "amd64")
INVENTORY = Inventory("dpkg", "debian-12", (CURL, LIBSSL))

TRACKER: dict[str, Any] = {
    "openssl": {
        "CVE-1": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "3.0.17-1"}}},
        "CVE-2": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "3.0.11-1"}}},
        "CVE-3": {"releases": {"bookworm": {"status": "open"}}},
        "CVE-4": {"releases": {"trixie": {"status": "open"}}},
        "CVE-5": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "0"}}},
    },
    "nginx": {"CVE-6": {"releases": {"bookworm": {"status": "open"}}}},
}


def osv(name: str, *events: dict[str, str], ecosystem: str = "Debian:12", **more: Any) -> Any:
    """A document about openssl."""
    package = {"ecosystem": ecosystem, "name": "openssl"}
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}, {"type": "GIT", "events": []}]
    affected = {"package": package, **({"ranges": ranges} if events else {}), **more}
    return {"id": name, "affected": [affected]}


def test_the_tracker_is_asked_for_source_packages_of_the_release() -> None:
    found = of_tracker(TRACKER, INVENTORY)
    assert [(one.id, one.package, one.fixed) for one in found] == [
        ("CVE-1", "libssl3", "3.0.17-1"),
        ("CVE-3", "libssl3", ""),
    ]
    assert table(found, ["note"]).rows[0] == (
        "CVE-1",
        "libssl3",
        "3.0.15-1+b1",
        "3.0.17-1",
        "debian",
    )
    assert found[0].document["architecture"] == "amd64"


def test_osv_tells_ranges_of_versions() -> None:
    documents = (
        osv("A", {"introduced": "0"}, {"fixed": "3.0.17-1"}),
        osv("B", {"introduced": "0"}, {"fixed": "3.0.11-1"}),
        osv("C", {"introduced": "3.0.16-1"}),
        osv("D", {"introduced": "3.0.1-1"}),
        osv("E", {"introduced": "0"}, ecosystem="Alpine:3.20"),
        osv("F", versions=["3.0.15-1"]),
        osv("G", versions=["3.0.16-1"]),
        osv("H", {"introduced": "0"}, {"last_affected": "9"}, ecosystem="Debian"),
    )
    found = of_osv(documents, INVENTORY)
    assert [(one.id, one.fixed) for one in found] == [
        *(("A", "3.0.17-1"), ("D", ""), ("F", ""), ("H", "")),
    ]


def test_a_bill_of_materials_gets_vulnerabilities() -> None:
    found = of_tracker(TRACKER, INVENTORY)
    bill = json.loads(sbom(INVENTORY, "web", "1.0.0"))
    told = json.loads(with_vulnerabilities(bill, INVENTORY, found))
    assert told["version"] == 2
    assert told["components"] == bill["components"]
    assert told["vulnerabilities"] == [
        {
            "id": "CVE-1",
            "source": {"name": "debian"},
            "affects": [
                {
                    "ref": purl(INVENTORY, LIBSSL),
                    "versions": [{"version": "3.0.15-1+b1", "status": "affected"}],
                }
            ],
            "recommendation": "update to 3.0.17-1",
        },
        {
            "id": "CVE-3",
            "source": {"name": "debian"},
            "affects": [
                {
                    "ref": purl(INVENTORY, LIBSSL),
                    "versions": [{"version": "3.0.15-1+b1", "status": "affected"}],
                }
            ],
        },
    ]


LIBS = Package("openssl-libs", "1:3.0.7^git1-1.el9", "x86_64", "openssl", "3.0.7^git1-1.el9")
BASH = Package("bash", "5.1-1.el9", "x86_64", "bash", "5.1-1.el9")


def ids(inventory: Inventory, *documents: Any) -> list[tuple[str, str]]:
    """What is found, and in which package."""
    return [(one.id, one.package) for one in of_osv(documents, inventory)]


def test_versions_are_compared_as_rpm_does() -> None:
    documents = (
        osv("A", {"introduced": "0"}, {"fixed": "1:3.0.7.1-1.el9"}, ecosystem="Rocky Linux:9"),
        osv("B", {"introduced": "0"}, {"fixed": "1:3.0.7-1.el9"}, ecosystem="Rocky Linux:9"),
        osv("C", {"introduced": "0"}, {"fixed": "2:1-1"}, ecosystem="Rocky Linux:8"),
    )
    assert ids(Inventory("rpm", "rocky-9.5", (LIBS, BASH)), *documents) == [("A", "openssl-libs")]


def test_documents_may_name_rpms_as_they_are_installed() -> None:
    document = osv("A", {"introduced": "0"}, {"fixed": "1:3.1-1.el9"}, ecosystem="AlmaLinux:9")
    document["affected"][0]["package"]["name"] = "openssl-libs"
    assert ids(Inventory("rpm", "almalinux-9.5", (LIBS, BASH)), document) == [
        ("A", "openssl-libs"),
    ]


@pytest.mark.parametrize(
    ("ecosystem", "distribution", "answer"),
    [
        ("Red Hat:enterprise_linux:9::baseos", "rhel-9.5", True),
        ("Red Hat:enterprise_linux:8::baseos", "rhel-9.5", False),
        ("Red Hat", "rhel-9.5", True),
        ("Azure Linux:3", "azurelinux-3.0", True),
        ("Rocky Linux:9", "rocky-9", True),
        ("Rocky Linux:9", "almalinux-9", False),
    ],
)
def test_ecosystems_are_those_of_the_distribution(
    ecosystem: str, distribution: str, answer: bool
) -> None:
    document = osv("A", {"introduced": "0"}, ecosystem=ecosystem)
    assert bool(ids(Inventory("rpm", distribution, (LIBS,)), document)) == answer
