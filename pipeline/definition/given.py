"""What the variables of a template are given: the table of what a build knows, and how to say it.

A value is a literal, or refers to what a build knows by the name that its key has in image.hcl or
environments.hcl: `build.size`, `base.publisher`, `gallery.name`, `version`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Reference:
    """What a build knows under this name, one of `KNOWN`."""

    name: str


@dataclass(frozen=True, slots=True)
class Joined:
    """A text with references in it: `"${name}-${version}"`."""

    parts: tuple[str | Reference, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """`{ key = value }`, in the order it was written."""

    pairs: tuple[tuple[str, Given], ...]


@dataclass(frozen=True, slots=True)
class VaultSecret:
    """A secret of a key vault, by name; a variable of the template is given its value."""

    variable: str
    name: str
    vault: str = ""
    """The vault's name; "" for the environment's."""
    version: str = ""
    """Which of its versions; "" for the newest whenever it is read."""
    at: str = field(default="", compare=False)
    """Where it is written: `images/web/image.hcl:6`."""


Given: TypeAlias = "str | int | float | bool | tuple[Given, ...] | Map | Reference | Joined | None"
"""What an author gives to a variable; a tuple is a list."""

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
"""What JSON can say, and so what a var-file holds."""

KNOWN: Mapping[str, str] = {
    "subscription": "subscription_id",
    "tenant": "tenant_id",
    "location": "location",
    "ssh_port": "ssh_port",
    "runner_addresses": "allowed_inbound_ip_addresses",
    "cloud.name": "cloud_environment_name",
    "cloud.metadata_host": "metadata_host",
    "credential.client_id": "client_id",
    "credential.client_secret": "client_secret",
    "credential.client_jwt": "client_jwt",
    "credential.oidc_request_url": "oidc_request_url",
    "credential.oidc_request_token": "oidc_request_token",
    "credential.use_azure_cli_auth": "use_azure_cli_auth",
    "network.name": "virtual_network_name",
    "network.subnet": "virtual_network_subnet_name",
    "network.resource_group": "virtual_network_resource_group_name",
    "base.publisher": "base_publisher",
    "base.offer": "base_offer",
    "base.sku": "base_sku",
    "base.version": "base_version",
    "base.subscription": "base_gallery_subscription_id",
    "base.resource_group": "base_gallery_resource_group",
    "base.gallery": "base_gallery_name",
    "base.image": "base_gallery_image_name",
    "base.plan.publisher": "base_plan_publisher",
    "base.plan.product": "base_plan_product",
    "base.plan.name": "base_plan_name",
    "build.size": "vm_size",
    "build.resource_group": "temp_resource_group_name",
    "build.existing_resource_group": "build_resource_group_name",
    "build.machine": "temp_compute_name",
    "build.interface": "temp_nic_name",
    "build.os_disk": "temp_os_disk_name",
    "security.secure_boot": "secure_boot_enabled",
    "security.vtpm": "vtpm_enabled",
    "security.type": "security_type",
    "gallery.name": "gallery_name",
    "gallery.subscription": "gallery_subscription_id",
    "gallery.resource_group": "gallery_resource_group",
    "gallery.replica_regions": "replication_regions",
    "gallery.replicas": "replica_count",
    "gallery.storage": "storage_account_type",
    "gallery.shallow": "use_shallow_replication",
    "gallery.timeout": "shared_image_gallery_timeout",
    "gallery.exclude_from_latest": "exclude_from_latest",
    "name": "image_name",
    "version": "image_version",
    "tags": "tags",
    "scripts": "scripts",
    "files": "files",
}
"""All that a build knows, and the variable that is given it by itself where a template has it."""

PROVIDED = frozenset(KNOWN.values())

SECRET = frozenset(
    {
        "credential.client_secret",
        "credential.client_jwt",
        "credential.oidc_request_url",
        "credential.oidc_request_token",
    }
)
"""Given by Packer's environment, whole, to variables that are `sensitive`."""

Pairs: TypeAlias = Iterable[tuple[str, Given]]


def references(value: Given) -> Iterator[str]:
    """The names a value refers to."""
    match value:
        case Reference(name):
            yield name
        case Joined(parts):
            for part in parts:
                yield from references(part)
        case tuple():
            for item in value:
                yield from references(item)
        case Map(pairs):
            for _, item in pairs:
                yield from references(item)
        case _:
            pass


def values(declared: Collection[str], said: Pairs) -> dict[str, Given]:
    """What the variables of a template are given: what the author `said`, or what a build knows."""
    by_itself = {name: Reference(known) for known, name in KNOWN.items() if name in declared}
    return {**by_itself, **dict(said)}


def told(declared: Collection[str], said: Pairs) -> frozenset[str]:
    """What a template learns, each by the variable that is given it by itself."""
    given = values(declared, said).values()
    return frozenset(KNOWN[name] for value in given for name in references(value))


def takers(declared: Collection[str], said: Pairs) -> dict[str, str]:
    """Of the variables that are given one thing whole, what by itself goes to which variable."""
    given = values(declared, said).items()
    return {name: KNOWN[value.name] for name, value in given if isinstance(value, Reference)}


def plain(value: Given, known: Mapping[str, Plain]) -> Plain:
    """A value with each reference replaced; raises KeyError for one that is not known."""
    match value:
        case Reference(name):
            return known[KNOWN[name]]
        case Joined(parts):
            return "".join(str(plain(part, known)) for part in parts)
        case tuple():
            return [plain(item, known) for item in value]
        case Map(pairs):
            return {name: plain(item, known) for name, item in pairs}
        case _:
            return value
