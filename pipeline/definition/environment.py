"""Reading `environments.hcl`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from pipeline.definition import rules, shape_rules, vault_rules
from pipeline.definition.balancing import LoadBalancer
from pipeline.definition.evidence_reading import read_evidence
from pipeline.definition.load_balancer import read_load_balancers
from pipeline.definition.model import PRIVATE, PUBLIC, Cloud, Environment, Gallery, Image, Network
from pipeline.definition.reading import Section, suggestion
from pipeline.definition.replication_reading import read_replication
from pipeline.definition.shape import Tags, overlaid
from pipeline.definition.shape_reading import read_tags


def read_environments(
    root: Path, document: Section, images: Mapping[str, Image | None]
) -> tuple[Environment, ...]:
    """All environments of the file, each reporting apart; an image with mistakes is None."""
    sections = document.labelled("environment", rules.ENVIRONMENT, part="environment")
    if not sections:
        document.mistake(1, "no environment in this file", 'add environment "NAME" { ... }')
    found = tuple(_environment(root, section, images) for section in sections)
    document.finish()
    return found


def _environment(root: Path, section: Section, images: Mapping[str, Image | None]) -> Environment:
    location = section.text("location", rules.REGION)
    group = section.text("resource_group", rules.RESOURCE_GROUP)
    gallery = section.block("gallery")
    replica_regions = _replica_regions(gallery, location)
    network = _network(section.block("network"))
    load_balancers = read_load_balancers(root, section, images, network.subnet_prefix)
    tags = read_tags(section, partial(_is_ours, images), shape_rules.MOST_ENVIRONMENT_TAGS)
    _check_together(section, tags, load_balancers, images)
    return Environment(
        name=section.label,
        subscription=section.text("subscription", rules.GUID),
        tenant=section.text("tenant", rules.GUID),
        location=location,
        resource_group=group,
        gallery=_gallery(gallery),
        replica_regions=replica_regions,
        ssh_port=section.number("ssh_port", rules.PORT, default=22),
        ssh_username=section.text("ssh_username", rules.LINUX_USER, default="azureuser"),
        cloud=_cloud(root, section.block("cloud", is_required=False)),
        network=network,
        load_balancers=load_balancers,
        access=PUBLIC if section.text("access", rules.ACCESS, PRIVATE) == PUBLIC else PRIVATE,
        runner_address=section.text("runner_address", rules.RUNNER, default=""),
        tags=tags,
        replication=read_replication(gallery, (location, *replica_regions)),
        build_resource_group=_build_resource_group(section, group),
        evidence=read_evidence(root, section.block("evidence", is_required=False)),
        key_vault=section.text("key_vault", vault_rules.VAULT, default=""),
    )


def _build_resource_group(section: Section, own: str) -> str:
    """Any but the environment's own, where instances have the tags of what they were made for."""
    name = section.text("build_resource_group", rules.RESOURCE_GROUP, default="")
    if name and name.lower() == own.lower():
        what = f'build_resource_group: "{name}" is the resource group of the environment'
        right = "name another one: what runs leave there is deleted"
        section.mistake(section.line_of("build_resource_group"), what, right)
    return name


def _gallery(section: Section) -> Gallery:
    gallery = Gallery(
        name=section.text("name", rules.GALLERY),
        managed=section.truth("managed", default=True),
        resource_group=section.text("resource_group", rules.RESOURCE_GROUP, default=""),
        subscription=section.text("subscription", rules.GUID, default=""),
    )
    for key, where in (("resource_group", "resource group"), ("subscription", "subscription")):
        if gallery.managed and getattr(gallery, key):
            right = "remove it, or say managed = false: only the environment's own group is written"
            section.mistake(section.line_of(key), f"a managed gallery in another {where}", right)
    if gallery.subscription and not gallery.resource_group:
        what = "a gallery in another subscription without its resource_group"
        section.mistake(section.line_of("subscription"), what, "name the resource group, too")
    return gallery


def _is_ours(images: Mapping[str, Image | None], tag: str) -> bool:
    """Whether bakeswap writes a tag itself, on whatever it makes."""
    of_images = (f"{image}-{what}" for image in images for what in shape_rules.RESERVED_OF_IMAGES)
    everywhere = shape_rules.RESERVED_TAGS | shape_rules.RESERVED_ELSEWHERE
    return tag in {*everywhere, *of_images} or tag.startswith(shape_rules.RESERVED_BEGINNINGS)


def _check_together(
    section: Section,
    tags: Tags,
    load_balancers: Iterable[LoadBalancer],
    images: Mapping[str, Image | None],
) -> None:
    """Report images whose scale sets would have more tags than Azure takes."""
    for declared in load_balancers:
        image = images.get(declared.image)
        on_set = overlaid(tags, image.scale_set.tags, declared.instances.tags) if image else ()
        if len(on_set) > shape_rules.MOST_TAGS:
            what = f"tags: {len(on_set)} on scale sets of {declared.image} are too many"
            right = f"at most {shape_rules.MOST_TAGS} with those of its scale_set and instances"
            section.mistake(section.line_of("tags"), what, right)


def _replica_regions(section: Section, location: str) -> tuple[str, ...]:
    found: list[str] = []
    for region, line in section.texts("replica_regions", rules.REGION):
        if region and region == location:
            what = f'replica_regions: "{region}" is the location, where each version is made'
            section.mistake(line, what, "remove it")
        elif region in found:
            section.mistake(line, f'replica_regions: "{region}" is listed twice', "keep one")
        else:
            found.append(region)
    return tuple(found)


def _cloud(root: Path, section: Section) -> Cloud:
    ca_bundle = section.text("ca_bundle", rules.PATH, default="")
    credential = section.text("credential", rules.PATH, default="")
    cloud = Cloud(
        name=section.text("name", rules.CLOUD),
        resource_manager=section.text("resource_manager", rules.ADDRESS),
        authority=section.text("authority", rules.ADDRESS),
        ca_bundle=root / ca_bundle if ca_bundle else None,
        credential=root / credential if credential else None,
        vaults=section.text("key_vaults", vault_rules.VAULTS, default=""),
        api_versions=tuple(_api_versions(section)),
    )
    return Cloud() if section.is_absent else cloud


def _api_versions(section: Section) -> Iterator[tuple[str, str]]:
    for name, value in section.pairs("api_versions"):
        if name not in rules.VERSIONED:
            what = f"api_versions: there is none of {name}"
            section.mistake(value.line, what, suggestion(name, rules.VERSIONED))
        elif version := section.judged(name, value, rules.API_VERSION):
            yield name, version


def _network(section: Section) -> Network:
    is_managed = section.truth("managed", default=True)
    # Of a network that is never written, only what is used must be known.
    unused = None if is_managed else ""
    network = Network(
        name=section.text("name", rules.VIRTUAL_NETWORK),
        address_space=section.text("address_space", rules.NETWORK, default=unused),
        subnet=section.text("subnet", rules.SUBNET),
        subnet_prefix=section.text("subnet_prefix", rules.NETWORK, default=unused),
        nat_gateway=section.text("nat_gateway", rules.NAT_GATEWAY, default=unused),
        security_group=section.text("security_group", rules.SECURITY_GROUP, default=unused),
        managed=is_managed,
        resource_group=section.text("resource_group", rules.RESOURCE_GROUP, default=""),
    )
    if is_managed and network.resource_group:
        right = "remove it, or say managed = false: only the environment's own group is written"
        line = section.line_of("resource_group")
        section.mistake(line, "a managed network in another resource group", right)
    _check_subnet(section, network)
    return network


def _check_subnet(section: Section, network: Network) -> None:
    if not network.address_space or not network.subnet_prefix:
        return
    space = ipaddress.IPv4Network(network.address_space)
    if not ipaddress.IPv4Network(network.subnet_prefix).subnet_of(space):
        what = f'subnet_prefix: "{network.subnet_prefix}" is not within {space}'
        right = "a part of address_space"
        section.mistake(section.line_of("subnet_prefix"), what, right)
