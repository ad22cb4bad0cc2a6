"""Whether there is room for the second scale set: cores and addresses."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.advice import Advice, create_environment
from pipeline.planning.hardware import Size
from pipeline.planning.names import virtual_network_id
from pipeline.planning.preflight.facts import Facts, Space, Unknown, Usage
from pipeline.planning.preflight.finding import Finding, az, failed, known, ok
from pipeline.planning.preflight.wanted import Wanted

TOTAL = "cores"
"""Azure's name for the quota of a region over all families."""


def capacity_findings(facts: Facts) -> Iterator[Finding]:
    """Of the quotas and of the subnet."""
    added = max(facts.wanted.added - _there_already(facts), 0)
    yield from known("quota", facts.usages, lambda found: _quotas(facts, added, found))
    yield from known("addresses", facts.space, lambda found: _addresses(facts.wanted, added, found))


def _there_already(facts: Facts) -> int:
    """Instances that Azure counts already, of a scale set that is being made."""
    if isinstance(facts.scale_sets, Unknown):
        return 0
    return sum(
        found.capacity
        for found in facts.scale_sets
        if found.resource in facts.wanted.made and found.size.lower() == facts.wanted.size.lower()
    )


def _quotas(facts: Facts, added: int, usages: tuple[Usage, ...]) -> Iterator[Finding]:
    if not isinstance(facts.size, Size):
        return  # what the size is was said already
    required = added * facts.size.cores
    for name in (facts.size.family, TOTAL):
        usage = next((found for found in usages if found.name.lower() == name.lower()), None)
        if usage is not None:
            yield _quota(facts.wanted, usage, required)


def _quota(wanted: Wanted, usage: Usage, required: int) -> Finding:
    figures = (
        f"{usage.title} in {wanted.location}: {usage.used} of {usage.limit} used,"
        f" {required} more required for {wanted.added} x {wanted.size}"
    )
    least = usage.used + required
    if least <= usage.limit:
        return ok("quota", figures)
    return failed(
        "quota",
        figures,
        f"ask for a limit of at least {least} for {usage.name} in {wanted.location}",
        az("see the quotas", f"vm list-usage --location {wanted.location} --output table"),
    )


def _addresses(wanted: Wanted, added: int, space: Space | None) -> Iterator[Finding]:
    subnet = f"subnet {wanted.environment.network.subnet}"
    network = virtual_network_id(wanted.environment)
    if space is None:
        what = f"{network}: no {subnet}"
        if wanted.environment.network.managed:
            create = Advice("create the environment", create_environment())
            yield failed("addresses", what, "create it", create)
        else:
            yield failed("addresses", what, "ask its owner for it")
        return
    figures = f"{subnet}: {space.free} of {space.limit} addresses free, {added} more required"
    if added <= space.free:
        yield ok("addresses", figures)
    else:
        fix = f"free {added - space.free}, or give the subnet a larger or a second prefix"
        subnet_name = wanted.environment.network.subnet
        where = f"--resource-group {network.resource_group} --vnet-name {network.name}"
        show = f"network vnet subnet show {where} --name {subnet_name}"
        command = az("see who has them", f"{show} --query ipConfigurations[].id")
        yield failed("addresses", figures, fix, command)
