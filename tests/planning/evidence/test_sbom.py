"""The bill of materials, judged by cyclonedx-python-lib."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from pipeline.planning.evidence.inventory import Inventory, Package, reading
from pipeline.planning.evidence.sbom import purl, sbom
from tests.planning.evidence.examples import INVENTORY

JUDGE = JsonStrictValidator(SchemaVersion.V1_6)


def test_the_strict_validator_accepts_it() -> None:
    assert JUDGE.validate_str(sbom(INVENTORY, "web", "1.0.3").decode()) is None


def test_the_strict_validator_refuses_it_after_a_change_of_its_shape() -> None:
    written = sbom(INVENTORY, "web", "1.0.3").decode()

    assert JUDGE.validate_str(written.replace("urn:uuid:", "urn:uuix:", 1)) is not None
    assert JUDGE.validate_str(written.replace('"purl"', '"Purl"', 1)) is not None


def test_the_same_inventory_is_the_same_bytes_in_whatever_order() -> None:
    shuffled = replace(INVENTORY, packages=INVENTORY.packages[::-1])

    assert sbom(shuffled, "web", "1.0.3") == sbom(INVENTORY, "web", "1.0.3")
    serials = {
        json.loads(sbom(INVENTORY, "web", version))["serialNumber"] for version in ("1", "2")
    }
    assert len(serials) == 2


def test_every_package_is_a_component_with_its_package_url() -> None:
    document = json.loads(sbom(INVENTORY, "web", "1.0.3"))

    assert [one["name"] for one in document["components"]] == ["base-files", "libssl3", "nginx"]
    parsed = PackageURL.from_string(document["components"][0]["purl"])
    assert (parsed.type, parsed.namespace, parsed.name) == ("deb", "debian", "base-files")
    assert parsed.version == "1:12.4+deb12u12"
    assert parsed.qualifiers == {"arch": "all", "distro": "debian-12", "upstream": "base@12.4"}
    nginx = "pkg:deb/debian/nginx@1.22.1-9%2Bdeb12u3?arch=amd64&distro=debian-12"
    assert document["components"][2]["purl"] == nginx


def test_the_epoch_of_an_rpm_is_a_qualifier() -> None:
    found = Inventory("rpm", "rocky-9", (Package("bash", "5.1-1", "x86_64"),))

    with_epoch = purl(found, Package("bind", "32:9.16-1", "x86_64", "bind"))
    assert (
        with_epoch == "pkg:rpm/rocky/bind@9.16-1?arch=x86_64&distro=rocky-9&epoch=32&upstream=bind"
    )
    without = purl(found, found.packages[0])
    assert without == "pkg:rpm/rocky/bash@5.1-1?arch=x86_64&distro=rocky-9"


def test_an_inventory_of_another_package_manager_is_none() -> None:
    with pytest.raises(ValueError, match="no package manager is called 'pip'"):
        reading({"manager": "pip", "distribution": "debian-12", "packages": []})


def test_an_inventory_is_read_as_it_was_written() -> None:
    assert reading(INVENTORY.written()) == replace(
        INVENTORY, packages=tuple(sorted(INVENTORY.packages))
    )
