"""Known vulnerabilities of installed packages, from documents that somebody gives by path.

Debian's security tracker, https://security-tracker.debian.org/tracker/data/json, and OSV,
https://ossf.github.io/osv-schema: both speak of source packages and of their versions; of rpm
some of OSV's speak of packages as they are installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from pipeline.planning.evidence.canonical import canonical
from pipeline.planning.evidence.inventory import Inventory, Manager, Package
from pipeline.planning.evidence.sbom import purl
from pipeline.planning.packages.orders import ORDERS, Order
from pipeline.planning.table import Table

CODENAMES: Final = {"11": "bullseye", "12": "bookworm", "13": "trixie", "14": "forky"}
"""Of Debian's releases: the tracker knows them by these alone."""
ECOSYSTEMS: Final = {"azurelinux": "azure linux", "rhel": "red hat", "rocky": "rocky linux"}
"""OSV's names of distributions, in small letters, where they are not the ID of os-release."""
_OF_RED_HAT: Final = "enterprise_linux:"
HEADINGS: Final = ("vulnerability", "package", "installed", "fixed in", "said by")
NOT_AFFECTED: Final = "0"
"""What the tracker calls the fixed version of what never was in a release."""


@dataclass(frozen=True, slots=True, order=True)
class Vulnerability:
    """One that an installed package has."""

    id: str
    package: str
    architecture: str
    version: str
    """Installed."""
    fixed: str
    """The source package's first version without it; "" where there is none yet."""
    source: str
    """Who says so: `debian` or `osv`."""

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """As the table has them."""
        return (self.id, self.package, self.version, self.fixed or "-", self.source)

    @property
    def document(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def of_tracker(document: Mapping[str, Any], inventory: Inventory) -> tuple[Vulnerability, ...]:
    """What Debian's tracker says; raises TypeError or AttributeError for another document."""
    order = ORDERS[inventory.manager]
    release = CODENAMES.get(inventory.distribution.partition("-")[2], "")
    found = []
    for package in inventory.packages:
        for name, about in document.get(_source(package), {}).items():
            told = about.get("releases", {}).get(release, {})
            fixed = str(told.get("fixed_version", ""))
            is_open = told.get("status") == "open"
            is_later = bool(fixed) and order(_text(package)) < order(fixed)
            if is_open or (told.get("status") == "resolved" and is_later):
                found.append(
                    _found(name, package, "" if fixed == NOT_AFFECTED else fixed, "debian")
                )
    return tuple(sorted(found))


def of_osv(
    documents: Iterable[Mapping[str, Any]], inventory: Inventory
) -> tuple[Vulnerability, ...]:
    """What OSV's documents say; raises TypeError, KeyError or AttributeError for others."""
    order = ORDERS[inventory.manager]
    named: dict[str, list[tuple[Package, str]]] = {}
    for package in inventory.packages:
        for name, version in _told_of(inventory.manager, package).items():
            named.setdefault(name, []).append((package, version))
    found = set()
    for document in documents:
        for affected in document.get("affected", ()):
            about = affected.get("package", {})
            if not _is_of(str(about.get("ecosystem", "")), inventory.distribution):
                continue
            for package, version in named.get(about.get("name", ""), ()):
                for fixed in _affecting(affected, version, order):
                    found.add(_found(str(document["id"]), package, fixed, "osv"))
    return tuple(sorted(found))


def table(found: Iterable[Vulnerability], notes: Iterable[str]) -> Table:
    """For people."""
    return Table(HEADINGS, tuple(one.cells for one in found), tuple(notes))


def with_vulnerabilities(
    bill: Mapping[str, Any], inventory: Inventory, found: Iterable[Vulnerability]
) -> bytes:
    """A CycloneDX document of the inventory with `vulnerabilities`: its version is one higher."""
    packages = {(one.name, one.architecture): one for one in inventory.packages}
    by_id: dict[str, list[Vulnerability]] = {}
    for one in sorted(found):
        by_id.setdefault(one.id, []).append(one)
    told = [
        {
            "id": name,
            "source": {"name": each[0].source},
            "affects": [
                {
                    "ref": purl(inventory, packages[one.package, one.architecture]),
                    "versions": [{"version": one.version, "status": "affected"}],
                }
                for one in each
            ],
            **_recommended(each),
        }
        for name, each in by_id.items()
    ]
    return canonical({**bill, "version": int(bill["version"]) + 1, "vulnerabilities": told})


def _recommended(found: Iterable[Vulnerability]) -> dict[str, str]:
    fixed = sorted({one.fixed for one in found if one.fixed})
    return {"recommendation": f"update to {', '.join(fixed)}"} if fixed else {}


def _is_of(ecosystem: str, distribution: str) -> bool:
    """`Rocky Linux:9` is of `rocky-9.5`, `Debian` of each Debian."""
    name, _, release = ecosystem.lower().partition(":")
    vendor, _, version = distribution.partition("-")
    release = release.removeprefix(_OF_RED_HAT).partition(":")[0]
    return name == ECOSYSTEMS.get(vendor, vendor) and release in {
        *("", version, version.partition(".")[0]),
    }


def _told_of(manager: Manager, package: Package) -> Mapping[str, str]:
    """The names that a document may call a package by, each with its version.

    The name of an rpm's source has no epoch: it is that of the package.
    """
    if manager == "dpkg":
        return {_source(package): _text(package)}
    epoch, colon, _ = package.version.partition(":")
    of_source = f"{epoch}{colon}{_text(package)}" if colon else _text(package)
    return {_source(package): of_source, package.name: package.version}


def _affecting(affected: Mapping[str, Any], version: str, order: Order) -> Iterator[str]:
    """The fixed version of each range that a version is in, "" for none."""
    mine = order(version)
    if version in affected.get("versions", ()) and not affected.get("ranges"):
        yield ""
    for one in affected.get("ranges", ()):
        if one.get("type") != "ECOSYSTEM":
            continue
        introduced = ""
        for event in one.get("events", ()):
            if "introduced" in event:
                introduced = str(event["introduced"])
            elif "fixed" in event:
                fixed = str(event["fixed"])
                if introduced and not mine < order(introduced) and mine < order(fixed):
                    yield fixed
                introduced = ""
        if introduced and not mine < order(introduced):
            yield ""


def _found(name: str, package: Package, fixed: str, source: str) -> Vulnerability:
    return Vulnerability(name, package.name, package.architecture, package.version, fixed, source)


def _source(package: Package) -> str:
    return package.source or package.name


def _text(package: Package) -> str:
    return package.source_version or package.version
