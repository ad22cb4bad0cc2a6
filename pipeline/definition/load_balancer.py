"""Reading the `load_balancer` blocks of an environment."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.definition import rules
from pipeline.definition.balancing import (
    ALL,
    FRONTENDS,
    PRODUCTION,
    STAGING,
    TCP,
    UDP,
    LoadBalancer,
    RulePair,
    RuleProbe,
)
from pipeline.definition.health import check_served
from pipeline.definition.model import Image
from pipeline.definition.reading import Section, suggestion
from pipeline.definition.shape_reading import read_instances

_EVERY_PORT = "a rule for all ports"
_DIFFERENT = {
    "production_port": "a frontend has one rule for a port",
    "staging_port": "a frontend has one rule for a port",
    # RulesUseSameBackendPortProtocolAndPool
    "backend_port": "two rules to one pool have different backend ports",
}


def read_load_balancers(
    root: Path, section: Section, images: Mapping[str, Image | None], subnet_prefix: str
) -> tuple[LoadBalancer, ...]:
    """All load balancers of an environment; each image has one at most.

    An image with mistakes is None; `subnet_prefix` is "" where nobody knows it.
    """
    sections = section.labelled("load_balancer", rules.LOAD_BALANCER)
    found = tuple(_load_balancer(root, item, images) for item in sections)
    for item, one in zip(sections, found, strict=True):
        _check_addresses(item, one, subnet_prefix)
    served = [item.image for item in found]
    _check_different("image", "an image has one load balancer", sections, served)
    _check_shared(sections, found)
    return found


def _load_balancer(
    root: Path, section: Section, images: Mapping[str, Image | None]
) -> LoadBalancer:
    image = section.text("image", rules.IMAGE)
    if image and image not in images:
        what = f'image: there is no image "{image}" under images/'
        section.mistake(section.line_of("image"), what, suggestion(image, images))
    is_managed = section.truth("managed", default=True)
    frontends = {
        frontend: section.text(
            f"{frontend}_frontend", rules.FRONTEND, default=frontend if is_managed else ""
        )
        for frontend in FRONTENDS
    }
    pairs = _pairs(section, is_shared=len(set(frontends.values())) == 1 and is_managed)
    served = images.get(image)
    if served and pairs:
        check_served(section, pairs, served)
    found = LoadBalancer(
        name=section.text("name", rules.LOAD_BALANCER, default=section.label),
        image=image,
        pairs=pairs,
        idle_timeout_minutes=section.number(
            "idle_timeout_minutes", rules.IDLE_TIMEOUT, default=rules.IDLE_TIMEOUT.lowest
        ),
        private=_private(section),
        managed=is_managed,
        resource_group=section.text("resource_group", rules.RESOURCE_GROUP, default=""),
        production_frontend=frontends[PRODUCTION],
        staging_frontend=frontends[STAGING],
        production_address=section.text("production_address", rules.FRONTEND_ADDRESS, default=""),
        staging_address=section.text("staging_address", rules.FRONTEND_ADDRESS, default=""),
        instances=read_instances(root, section.block("instances", is_required=False)),
    )
    _check_management(section, found)
    _check_every_port(section, found)
    return found


def _private(section: Section) -> bool:
    """Whether the frontends are private; refused by name for one of them."""
    if not section.says("private", STAGING):
        return section.truth("private", default=False)
    section.mistake(
        section.line_of("private"),
        f'private = "{STAGING}": a public load balancer has no private frontend, and with a second,'
        " internal one for staging Azure would not probe the pool in production's before the swap",
        "say true for both, or false",
    )
    return False


def _check_addresses(section: Section, found: LoadBalancer, subnet_prefix: str) -> None:
    """Report addresses that no frontend of ours can have."""
    keys = {
        "production_address": found.production_address,
        "staging_address": found.staging_address,
    }
    for key, address in keys.items():
        line = section.line_of(key)
        if address and not (found.private and found.managed):
            what = f"{key}: only a private load balancer that bakeswap makes has one to choose"
            section.mistake(line, what, "remove it, or say private = true")
        elif address and subnet_prefix and not _is_in(address, subnet_prefix):
            section.mistake(line, f'{key}: "{address}" is not in {subnet_prefix}', "the subnet")
    given = [address for key in keys if (address := getattr(found, key))]
    is_one = found.production_frontend == found.staging_frontend
    if len(given) > 1 and (len(set(given)) == 1) != is_one:
        what = "staging_address: a frontend has one address, and another frontend another"
        section.mistake(section.line_of("staging_address"), what, "choose one for each frontend")


def _is_in(address: str, prefix: str) -> bool:
    return ipaddress.IPv4Address(address) in ipaddress.IPv4Network(prefix)


def _check_every_port(section: Section, found: LoadBalancer) -> None:
    """Report what Azure refuses of HA ports (load-balancer-ha-ports-overview)."""
    if all(pair.protocol != ALL for pair in found.pairs):
        return
    if not found.private:
        section.mistake(
            section.line,
            f"protocol: {_EVERY_PORT} (HA ports) is for internal load balancers",
            "say private = true",
        )
    if len(found.pairs) > 1:
        what = f"protocol: {_EVERY_PORT} (HA ports) is the only one of its pool"
        section.mistake(section.line, what, "remove the others")
    if found.managed and found.production_frontend == found.staging_frontend:
        what = f"protocol: {_EVERY_PORT} (HA ports) leaves no port of its frontend for staging"
        section.mistake(section.line, what, "give the staging rule a frontend of its own")


def _check_management(section: Section, found: LoadBalancer) -> None:
    """Report keys that would say nothing: of what another hand makes, and where we make nothing."""
    if found.managed and found.resource_group:
        right = "remove it, or say managed = false: only the environment's own group is written"
        line = section.line_of("resource_group")
        section.mistake(line, "a managed load balancer in another resource group", right)
    if not found.managed and section.has("idle_timeout_minutes"):
        what = "idle_timeout_minutes: bakeswap adds no rule to a load balancer it does not manage"
        section.mistake(section.line_of("idle_timeout_minutes"), what, "remove it")


def _pairs(section: Section, *, is_shared: bool) -> tuple[RulePair, ...]:
    sections = section.labelled("rule", rules.LB_RULE)
    pairs = tuple(_pair(rule) for rule in sections)
    if not pairs:
        right = f'add rule "{rules.LB_RULE.example}" {{ ... }}'
        section.mistake(section.line, f"load_balancer {section.label} has no rule", right)
    _check_rules(sections, pairs)
    if is_shared:
        _check_one_frontend(sections, pairs)
    return pairs


def _pair(section: Section) -> RulePair:
    probe = section.block("probe", is_required=False)
    protocol = section.text("protocol", rules.RULE_PROTOCOL, default=TCP)
    none = 0 if protocol == ALL else None
    pair = RulePair(
        name=section.label,
        production_port=section.number("production_port", rules.FRONTEND_PORT, default=none),
        staging_port=section.number("staging_port", rules.FRONTEND_PORT, default=none),
        backend_port=section.number("backend_port", rules.PORT, default=none),
        probe=_probe(probe),
        production_rule=section.text("production_rule", rules.EXISTING_RULE, default=""),
        staging_rule=section.text("staging_rule", rules.EXISTING_RULE, default=""),
        probe_name=probe.text("name", rules.PROBE, default=""),
        protocol=UDP if protocol == UDP else ALL if protocol == ALL else TCP,
        floating_ip=section.truth("floating_ip", default=False),
    )
    for key in ("production_port", "staging_port", "backend_port") if protocol == ALL else ():
        if section.has(key):
            section.mistake(section.line_of(key), f"{key}: {_EVERY_PORT} has none", "remove it")
    return pair


def _probe(section: Section) -> RuleProbe | None:
    """What Azure asks; None where the definition leaves it to us, or only names the probe."""
    asked = ("protocol", "path", "port")
    is_only_named = section.has("name") and not any(section.has(key) for key in asked)
    protocol = section.text("protocol", rules.PROBE_PROTOCOL, default="http")
    asks_for_page = protocol != "tcp" and not is_only_named
    path = section.text("path", rules.URL_PATH, default=None if asks_for_page else "")
    if path and not asks_for_page:
        section.mistake(section.line_of("path"), "path: a tcp probe asks for no page", "remove it")
    port = section.number("port", rules.PORT, default=0)
    return None if section.is_absent or is_only_named else RuleProbe(protocol, path, port)


def _check_rules(sections: list[Section], pairs: tuple[RulePair, ...]) -> None:
    """Report what Azure refuses of the rules of one load balancer."""
    for protocol in (TCP, UDP):  # ports of different protocols do not meet
        alike = [
            (section, pair)
            for section, pair in zip(sections, pairs, strict=True)
            if pair.protocol == protocol
        ]
        of = [section for section, _ in alike]
        for key, reason in _DIFFERENT.items():
            _check_different(key, reason, of, [getattr(pair, key) for _, pair in alike])
    first: dict[str, str] = {}
    for section, pair in zip(sections, pairs, strict=True):
        for frontend in FRONTENDS:
            name = pair.rule(frontend)
            what = f"the {frontend} rule of {pair.name}"
            other = first.setdefault(name.lower(), what)
            if other != what:
                told = f"rule {name} is {what}, and also {other}"
                section.mistake(section.line, told, "give one of them another name")


def _check_one_frontend(sections: list[Section], pairs: tuple[RulePair, ...]) -> None:
    """Report staging ports that production has already, where one frontend carries both."""
    taken = {(pair.protocol, pair.production_port) for pair in pairs if pair.production_port}
    for section, pair in zip(sections, pairs, strict=True):
        if (pair.protocol, pair.staging_port) in taken:
            what = f"staging_port: {pair.staging_port} is a production port of the same frontend"
            section.mistake(section.line_of("staging_port"), what, "take one that is free")


def _check_shared(sections: list[Section], load_balancers: tuple[LoadBalancer, ...]) -> None:
    """Report what the rules of several images take from each other on one load balancer."""
    taken: dict[tuple[str, str, object], str] = {}
    first: dict[str, LoadBalancer] = {}
    for section, definition in zip(sections, load_balancers, strict=True):
        name = f"{definition.resource_group}/{definition.name}".lower()
        for what, value in _claims(definition):
            other = taken.setdefault((name, what, value), section.label)
            if other != section.label:
                section.mistake(
                    section.line,
                    f"{what} {value} is used by load_balancer {other} already",
                    f"both are rules of {definition.name}",
                )
        shared = first.setdefault(name, definition)
        for key in ("managed", "private", "addresses"):
            if getattr(shared, key) != getattr(definition, key):
                what = f"{key}: {definition.name} is said to be both"
                section.mistake(section.line_of(key), what, "say the same for each image")


def _claims(definition: LoadBalancer) -> Iterator[tuple[str, object]]:
    """What only one rule of a load balancer can have."""
    for pair in definition.pairs:
        for frontend in FRONTENDS:
            named = definition.frontend(frontend)
            on = f"{frontend}_port" if named in {frontend, ""} else f"port of {named}"
            yield on if pair.protocol == TCP else f"{pair.protocol} {on}", pair.port(frontend)
            yield "rule", pair.rule(frontend)


def _check_different(
    key: str, reason: str, sections: list[Section], values: Sequence[int | str]
) -> None:
    seen: set[int | str] = set()
    for section, value in zip(sections, values, strict=True):
        if value and value in seen:
            section.mistake(section.line_of(key), f"{key}: {value} is already used above", reason)
        seen.add(value)
