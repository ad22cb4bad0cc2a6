"""A load balancer of another hand: what it lacks, and the commands that add exactly that.

It is never created and never completed here; commands are those of the Azure CLI.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pipeline.advice import Advice, Shell
from pipeline.arm import ResourceId
from pipeline.definition.balancing import (
    FRONTENDS,
    PRODUCTION,
    STAGING,
    FrontendName,
    Health,
    LoadBalancer,
    RulePair,
    RuleProbe,
)
from pipeline.definition.model import Environment, Project
from pipeline.definition.reading import suggestion
from pipeline.definition.rules import IDLE_TIMEOUT
from pipeline.errors import Refused
from pipeline.planning.names import declared_id, empty_pool, subnet_id
from pipeline.planning.referring import by_name, referred

Body: TypeAlias = Mapping[str, Any]
NOT_OURS = "environments.hcl says that bakeswap does not manage it (managed = false)"

_COMPARED = ("protocol", "backendPort", "enableFloatingIP")
"""What a rule and its staging twin have in common, besides their probe."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that is missing; `commands` add it, none where only its owner can know how."""

    what: str
    commands: tuple[str, ...] = ()


def refuse_lacking(
    project: Project, environment: Environment, existing: Mapping[ResourceId, Body]
) -> None:
    """Refuse to go on without what a load balancer of another hand lacks, all of it named."""
    health = {image.name: image.health for image in project.images}
    lines: list[str] = []
    commands: list[str] = []
    for declared in environment.load_balancers:
        if declared.managed:
            continue
        resource = declared_id(environment, declared)
        body = existing.get(resource)
        if body is None:
            lines.append(f"{resource}: does not exist, and {NOT_OURS}")
            continue
        found = tuple(_lacking(environment, declared, health[declared.image], body))
        lines += [f"{resource}: {one.what}" for one in found]
        commands += [command for one in found for command in one.commands]
    if lines:
        advice = tuple(Advice("add it", Shell(command)) for command in dict.fromkeys(commands))
        raise Refused("\n".join((*lines, f"Nothing was changed: {NOT_OURS}.")), advice=advice)


def differences(declared: LoadBalancer, body: Body) -> Iterator[str]:
    """What its rules say otherwise than the definitions, in words; and rules without a probe."""
    rules = by_name(body["properties"].get("loadBalancingRules"))
    for pair in declared.pairs:
        for frontend in FRONTENDS:
            rule = rules.get(pair.rule(frontend).lower())
            for key, should in _said(pair, frontend) if rule else ():
                value = rule.get(key) if rule else None
                if value != should:
                    yield (
                        f"{declared.name}: {key} of {pair.rule(frontend)} is {value}, the"
                        f" definitions say {should}: left as it is"
                    )
        if (rule := rules.get(pair.rule(PRODUCTION).lower())) and not referred(rule, "probe"):
            yield (
                f"{declared.name}: {pair.rule(PRODUCTION)} has no probe: Azure sends connections to"
                " sick instances, too"
            )


def _said(pair: RulePair, frontend: FrontendName) -> tuple[tuple[str, object], ...]:
    return (("frontendPort", pair.port(frontend)), ("backendPort", pair.backend_port))


def _lacking(
    environment: Environment, declared: LoadBalancer, health: Health, body: Body
) -> Iterator[Lack]:
    yield from _frontends(environment, declared, body)
    rules = by_name(body["properties"].get("loadBalancingRules"))
    for pair in declared.pairs:
        production = rules.get(pair.rule(PRODUCTION).lower())
        if production is None:
            known = [str(rule["name"]) for rule in body["properties"]["loadBalancingRules"]]
            name = pair.rule(PRODUCTION)
            yield Lack(f"no rule {name}; {suggestion(name, known)}")
            continue
        probe = referred(production, "probe")
        if pair.probe_name or pair.probe:
            yield from _probe(environment, declared, pair, health, body)
            probe = pair.probe_called
        staging = rules.get(pair.rule(STAGING).lower())
        if staging is None:
            yield _staging_rule(environment, declared, pair, production, probe)
        else:
            yield from _unlike(environment, declared, pair, production, staging, probe)


def _frontends(environment: Environment, declared: LoadBalancer, body: Body) -> Iterator[Lack]:
    there = by_name(body["properties"].get("frontendIPConfigurations"))
    for name in dict.fromkeys((declared.production_frontend, declared.staging_frontend)):
        if name and name.lower() not in there:
            add = f"az network lb frontend-ip create {_of(environment, declared)} --name {name}"
            group = declared_id(environment, declared).resource_group
            address = f"{declared.name}-{name}"
            making = (
                f"az network public-ip create --resource-group {group} --name {address}"
                " --sku Standard --allocation-method Static"
            )
            commands = (
                (f"{add} --subnet {subnet_id(environment)}",)
                if declared.private
                else (making, f"{add} --public-ip-address {address}")
            )
            yield Lack(f"no frontend {name}", commands)


def _probe(
    environment: Environment, declared: LoadBalancer, pair: RulePair, health: Health, body: Body
) -> Iterator[Lack]:
    """The probe that the definition names, and the production rule with it."""
    of, name = _of(environment, declared), pair.probe_called
    if name.lower() not in by_name(body["properties"].get("probes")):
        asked = _asked(declared.probed(pair, health))
        yield Lack(f"no probe {name}", (f"az network lb probe create {of} --name {name} {asked}",))
    rule = pair.rule(PRODUCTION)
    used = referred(by_name(body["properties"].get("loadBalancingRules"))[rule.lower()], "probe")
    if used.lower() != name.lower():
        update = f"az network lb rule update {of} --name {rule} --probe-name {name}"
        yield Lack(f"{rule} is probed by {used or 'nothing'}, not by {name}", (update,))


def _asked(probe: RuleProbe) -> str:
    path = f" --path {probe.path}" if probe.path else ""
    return f"--protocol {probe.protocol.capitalize()} --port {probe.port}{path} --interval 5"


def _staging_rule(
    environment: Environment, declared: LoadBalancer, pair: RulePair, production: Body, probe: str
) -> Lack:
    """The twin of a production rule: in everything but its name, frontend, port and pool."""
    frontend = declared.staging_frontend or referred(production, "frontendIPConfiguration")
    of, pool = _of(environment, declared), empty_pool(declared.image, STAGING)
    name = pair.rule(STAGING)
    options = (
        f"--protocol {production.get('protocol', 'Tcp')} --frontend-ip {frontend}",
        f"--frontend-port {pair.staging_port} --backend-port {production.get('backendPort')}",
        f"--backend-pool-name {pool}",
        *((f"--probe-name {probe}",) if probe else ()),
        f"--idle-timeout {production.get('idleTimeoutInMinutes') or IDLE_TIMEOUT.lowest}",
        f"--enable-tcp-reset {_truth(production, 'enableTcpReset')}",
        f"--disable-outbound-snat {_truth(production, 'disableOutboundSnat')}",
        *(("--enable-floating-ip true",) if production.get("enableFloatingIP") else ()),
    )
    return Lack(
        f"no rule {name}: port {pair.staging_port} of the frontend {frontend}, the twin of"
        f" {pair.rule(PRODUCTION)}",
        (
            f"az network lb address-pool create {of} --name {pool}",
            f"az network lb rule create {of} --name {name} {' '.join(options)}",
        ),
    )


def _unlike(
    environment: Environment,
    declared: LoadBalancer,
    pair: RulePair,
    production: Body,
    staging: Body,
    probe: str,
) -> Iterator[Lack]:
    """Where a staging rule would not show what production's rule is going to serve."""
    name, of = pair.rule(STAGING), _of(environment, declared)
    used = referred(staging, "probe")
    if probe and used.lower() != probe.lower():
        yield Lack(
            f"{name} is probed by {used or 'nothing'}, not by {probe} as its twin: what is staged"
            " would not be probed before it serves",
            (f"az network lb rule update {of} --name {name} --probe-name {probe}",),
        )
    for key in _COMPARED:
        if (staging.get(key) or False) != (production.get(key) or False):
            what = f"{key} of {name} is {staging.get(key)}, of its twin {production.get(key)}"
            yield Lack(what)


def _of(environment: Environment, declared: LoadBalancer) -> str:
    resource = declared_id(environment, declared)
    return f"--resource-group {resource.resource_group} --lb-name {resource.name}"


def _truth(properties: Body, name: str) -> str:
    return str(bool(properties.get(name))).lower()
