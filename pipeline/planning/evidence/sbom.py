"""A software bill of materials of what is installed: CycloneDX 1.6, written out of an inventory.

https://cyclonedx.org/docs/1.6/json/ and the package URLs of `deb` and `rpm`:
https://github.com/package-url/purl-spec/tree/main/types-doc.
"""

from __future__ import annotations

from typing import Any, Final

from packageurl import PackageURL

from pipeline.planning.evidence.canonical import canonical, digest_of
from pipeline.planning.evidence.inventory import Inventory, Package

MEDIA_TYPE: Final = "application/vnd.cyclonedx+json; version=1.6"
_TYPES: Final = {"dpkg": "deb", "rpm": "rpm"}
"""Of a package URL, by the package manager."""
_UUID: Final = (8, 4, 4, 4, 12)
"""Digits of the groups of a UUID."""


def sbom(inventory: Inventory, image: str, version: str) -> bytes:
    """The document of a version of an image; the same inventory is the same bytes."""
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "operating-system",
                "bom-ref": f"{image}@{version}",
                "name": image,
                "version": version,
                "properties": [
                    {"name": "bakeswap:distribution", "value": inventory.distribution},
                    {"name": "bakeswap:manager", "value": inventory.manager},
                ],
            },
        },
        "components": [_component(inventory, one) for one in sorted(set(inventory.packages))],
    }
    return canonical({**document, "serialNumber": _serial(canonical(document))})


def purl(inventory: Inventory, package: Package) -> str:
    """`pkg:deb/debian/nginx@1.22.1-9?arch=amd64&distro=debian-12`."""
    vendor = inventory.distribution.partition("-")[0]
    qualifiers = {"arch": package.architecture, "distro": inventory.distribution}
    if package.source:
        qualifiers["upstream"] = package.source + (
            f"@{package.source_version}" if package.source_version else ""
        )
    version = package.version
    epoch, colon, rest = version.partition(":")
    if inventory.manager == "rpm" and colon:
        qualifiers["epoch"], version = epoch, rest
    kind = _TYPES[inventory.manager]
    return PackageURL(kind, vendor, package.name, version, qualifiers).to_string()


def _component(inventory: Inventory, package: Package) -> dict[str, Any]:
    address = purl(inventory, package)
    return {
        "type": "library",
        "bom-ref": address,
        "name": package.name,
        "version": package.version,
        "purl": address,
    }


def _serial(content: bytes) -> str:
    """`urn:uuid:…` of a version 8 UUID (RFC 9562: made in a way of one's own): of the content."""
    digits = digest_of(content)
    digits = f"{digits[:12]}8{digits[13:16]}a{digits[17:32]}"
    ends = [sum(_UUID[: count + 1]) for count in range(len(_UUID))]
    groups = [digits[end - length : end] for length, end in zip(_UUID, ends, strict=True)]
    return f"urn:uuid:{'-'.join(groups)}"
