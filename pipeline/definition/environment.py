"""Reading `environments.hcl`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline.definition import rules
from pipeline.definition.model import (
    FRONTENDS,
    PRIVATE,
    PUBLIC,
    STAGING,
    Cloud,
    Environment,
    Image,
    LoadBalancer,
    Network,
    RulePair,
    RuleProbe,
    rule_name,
)
from pipeline.definition.reading import Section, suggestion


def read_environments(
    root: Path, document: Section, images: dict[str, Image]
) -> tuple[Environment, ...]:
    """All environments of the file."""
    sections = document.labelled("environment", rules.ENVIRONMENT)
    if not sections:
        document.mistake(1, "no environment in this file", 'add environment "NAME" { ... }')
    found = tuple(_environment(root, section, images) for section in sections)
    document.finish()
    return found


def _environment(root: Path, section: Section, images: dict[str, Image]) -> Environment:
    location = section.text("location", rules.REGION)
    gallery = section.block("gallery")
    sections = section.labelled("load_balancer", rules.LOAD_BALANCER)
    load_balancers = tuple(_load_balancer(item, images) for item in sections)
    served = [item.image for item in load_balancers]
    _check_different("image", "an image has one load balancer", sections, served)
    _check_shared(sections, load_balancers)
    return Environment(
        name=section.label,
        subscription=section.text("subscription", rules.GUID),
        tenant=section.text("tenant", rules.GUID),
        location=location,
        resource_group=section.text("resource_group", rules.RESOURCE_GROUP),
        gallery=gallery.text("name", rules.GALLERY),
        replica_regions=_replica_regions(gallery, location),
        ssh_port=section.number("ssh_port", rules.PORT, default=22),
        ssh_username=section.text("ssh_username", rules.LINUX_USER, default="azureuser"),
        cloud=_cloud(root, section.block("cloud", is_required=False)),
        network=_network(section.block("network")),
        load_balancers=load_balancers,
        access=PUBLIC if section.text("access", rules.ACCESS, PRIVATE) == PUBLIC else PRIVATE,
        runner_address=section.text("runner_address", rules.RUNNER, default=""),
    )


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


def _load_balancer(section: Section, images: dict[str, Image]) -> LoadBalancer:
    image = section.text("image", rules.IMAGE)
    if image and image not in images:
        what = f'image: there is no image "{image}" under images/'
        section.mistake(section.line_of("image"), what, suggestion(image, images))
    pairs = _pairs(section)
    if image in images and pairs:
        _check_health(section, pairs, images[image])
    return LoadBalancer(
        name=section.text("name", rules.LOAD_BALANCER, default=section.label),
        image=image,
        pairs=pairs,
        idle_timeout_minutes=section.number(
            "idle_timeout_minutes", rules.IDLE_TIMEOUT, default=rules.IDLE_TIMEOUT.lowest
        ),
        private=section.truth("private", default=False),
    )


def _pairs(section: Section) -> tuple[RulePair, ...]:
    sections = section.labelled("rule", rules.LB_RULE)
    pairs = tuple(_pair(rule) for rule in sections)
    if not pairs:
        right = f'add rule "{rules.LB_RULE.example}" {{ ... }}'
        section.mistake(section.line, f"load_balancer {section.label} has no rule", right)
    _check_rules(sections, pairs)
    return pairs


def _pair(section: Section) -> RulePair:
    return RulePair(
        name=section.label,
        production_port=section.number("production_port", rules.FRONTEND_PORT),
        staging_port=section.number("staging_port", rules.FRONTEND_PORT),
        backend_port=section.number("backend_port", rules.PORT),
        probe=_probe(section.block("probe", is_required=False)),
    )


def _probe(section: Section) -> RuleProbe | None:
    """What Azure asks on the backend port; None where the definition leaves it to us."""
    protocol = section.text("protocol", rules.PROBE_PROTOCOL, default="http")
    asks_for_page = protocol != "tcp"
    path = section.text("path", rules.URL_PATH, default=None if asks_for_page else "")
    if path and not asks_for_page:
        section.mistake(section.line_of("path"), "path: a tcp probe asks for no page", "remove it")
    return None if section.is_absent else RuleProbe(protocol, path)


def _check_rules(sections: list[Section], pairs: tuple[RulePair, ...]) -> None:
    """Report what Azure refuses of the rules of one load balancer."""
    taken = "a frontend has one rule for a port"
    _check_different("production_port", taken, sections, [pair.production_port for pair in pairs])
    _check_different("staging_port", taken, sections, [pair.staging_port for pair in pairs])
    # RulesUseSameBackendPortProtocolAndPool
    shared = "two rules to one pool have different backend ports"
    _check_different("backend_port", shared, sections, [pair.backend_port for pair in pairs])
    names = {pair.name for pair in pairs}
    for section, pair in zip(sections, pairs, strict=True):
        twin = rule_name(pair.name, STAGING)
        if twin in names:
            what = f"rule {twin} is also the name of the staging rule of {pair.name}"
            section.mistake(section.line, what, "give one of them another name")


def _check_shared(sections: list[Section], load_balancers: tuple[LoadBalancer, ...]) -> None:
    """Report what the rules of several images take from each other on one load balancer."""
    taken: dict[tuple[str, str, object], str] = {}
    for section, definition in zip(sections, load_balancers, strict=True):
        for what, value in _claims(definition):
            first = taken.setdefault((definition.name.lower(), what, value), section.label)
            if first != section.label:
                section.mistake(
                    section.line,
                    f"{what} {value} is used by load_balancer {first} already",
                    f"both are rules of {definition.name}",
                )


def _claims(definition: LoadBalancer) -> Iterator[tuple[str, object]]:
    """What only one rule of a load balancer can have."""
    for pair in definition.pairs:
        yield "production_port", pair.production_port
        yield "staging_port", pair.staging_port
        yield from (("rule", rule_name(pair.name, frontend)) for frontend in FRONTENDS)


def _check_different(
    key: str, reason: str, sections: list[Section], values: Sequence[int | str]
) -> None:
    seen: set[int | str] = set()
    for section, value in zip(sections, values, strict=True):
        if value and value in seen:
            section.mistake(section.line_of(key), f"{key}: {value} is already used above", reason)
        seen.add(value)


def _check_health(section: Section, pairs: tuple[RulePair, ...], image: Image) -> None:
    ports = {pair.backend_port for pair in pairs}
    if image.health.port and all(ports) and image.health.port not in ports:
        what = f"no rule of load_balancer {section.label} leads to the health page of {image.name}"
        right = f"one needs backend_port = {image.health.port}"
        section.mistake(section.line, what, right)
