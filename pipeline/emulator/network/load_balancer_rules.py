"""What Azure refuses about a load balancer's own document.

Sources of codes and sentences: `docs/emulator-load-balancer.md`.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.emulator.arm.errors import (
    ArmError,
    invalid_parameter,
    invalid_reference,
    not_served,
)
from pipeline.emulator.arm.ids import key
from pipeline.emulator.arm.store import Record
from pipeline.emulator.network.common import ids, reference

_NAT = ("inboundNatRules", "inboundNatPools")
_REFERENCES = {
    "frontendIPConfiguration": "frontendIPConfigurations",
    "backendAddressPool": "backendAddressPools",
    "probe": "probes",
}


def check(record: Record) -> None:
    """Raises ArmError for the first thing that Azure refuses or the emulator does not carry."""
    properties = record.properties
    _refuse_not_carried(record)
    has_children = any(
        properties[array] for array in ("loadBalancingRules", "outboundRules", *_NAT)
    )
    if has_children and not properties["frontendIPConfigurations"]:
        raise ArmError(
            400,
            "LoadBalancerWithoutFrontendIPCantHaveChildResources",
            f"Load balancer {record.id} does not have Frontend IP Configuration, but it has other "
            "child resources. This setup is not supported.",
        )
    _refuse_both_types(record)
    for probe in properties["probes"]:
        _check_probe(probe)
    for rule in properties["loadBalancingRules"]:
        _check_rule(record, rule)
    for rule in properties["outboundRules"]:
        _check_outbound_rule(record, rule)
    for array in _NAT:
        for child in properties[array]:
            _check_nat(record, child)
    _check_pairs(properties["loadBalancingRules"])
    _check_ports(properties)
    _check_outbound_pairs(properties["outboundRules"])


def can_be_bound(port: int) -> bool:
    """Whether this user may listen on the port: below some number only root may."""
    setting = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    first = int(setting.read_text(encoding="ascii")) if setting.exists() else 1024
    return port >= first or os.geteuid() == 0


def _refuse_not_carried(record: Record) -> None:
    sku = record.document.get("sku") or {}
    if str(sku.get("name")).lower() == "basic":
        raise ArmError(
            400,
            "BasicSkuLoadBalancerRetired",
            "Basic SKU load balancers are retired since 30 September 2025. Please use the "
            "Standard SKU.",
        )
    if str(sku.get("name", "Standard")).lower() == "gateway":
        raise not_served("Gateway load balancers")
    if str(sku.get("tier", "Regional")).lower() == "global":
        raise not_served("cross-region load balancers")
    for frontend in record.properties["frontendIPConfigurations"]:
        for name in ("publicIPPrefix", "gatewayLoadBalancer"):
            if reference(frontend["properties"], name):
                raise not_served(f"'{name}' of a frontend")


def _refuse_both_types(record: Record) -> None:
    """A load balancer is public or internal; the code is ours, Azure's is not known."""
    types = {
        bool(reference(frontend["properties"], "publicIPAddress"))
        for frontend in record.properties["frontendIPConfigurations"]
    }
    if len(types) > 1:
        raise ArmError(
            400,
            "LoadBalancerFrontendIPConfigurationsOfBothTypes",
            f"Load balancer {record.id} must not have both public and private frontend IP "
            "configurations.",
        )


def _check_rule(record: Record, rule: dict[str, Any]) -> None:
    properties = rule["properties"]
    if properties["protocol"] in ("Udp", "All"):
        raise not_served(f"protocol '{properties['protocol']}' of rule '{rule['name']}'")
    if properties["protocol"] != "Tcp":
        raise invalid_parameter("protocol", f"Rule {rule['name']} must have protocol Tcp.")
    if properties["enableFloatingIP"]:
        raise not_served(f"floating IP (rule '{rule['name']}')")
    if not reference(properties, "frontendIPConfiguration"):
        raise invalid_parameter(
            "frontendIPConfiguration", f"Rule {rule['name']} must have a frontend."
        )
    for name in ("frontendPort", "backendPort"):
        if properties[name] == 0:
            raise not_served(f"high availability ports (rule '{rule['name']}')")
        if not can_be_bound(properties[name]):
            raise not_served(
                f"{name} {properties[name]} for a user who may not listen below 1024 "
                "(sysctl net.ipv4.ip_unprivileged_port_start)"
            )
    for name, array in _REFERENCES.items():
        _check_reference(record, rule, name, array)


def _check_nat(record: Record, child: dict[str, Any]) -> None:
    """A NAT rule or pool: what it refers to, and what is not carried."""
    properties = child["properties"]
    if properties["protocol"] == "Udp":
        raise not_served(f"protocol 'Udp' of NAT rule '{child['name']}'")
    if properties["protocol"] not in ("Tcp", "All"):
        raise invalid_parameter("protocol", f"{child['name']} must have protocol Tcp.")
    if properties["enableFloatingIP"]:
        raise not_served(f"floating IP (NAT rule '{child['name']}')")
    if not reference(properties, "frontendIPConfiguration"):
        raise invalid_parameter("frontendIPConfiguration", f"{child['name']} must have a frontend.")
    for name in ("frontendIPConfiguration", "backendAddressPool"):
        _check_reference(record, child, name, _REFERENCES[name])
    ports = _ports(properties)
    if not ports:
        raise invalid_parameter(
            "frontendPortRangeEnd", f"The range of ports of {child['name']} is empty."
        )
    if not can_be_bound(ports[0]):
        raise not_served(f"port {ports[0]} for a user who may not listen below 1024")


def _ports(properties: dict[str, Any]) -> range:
    """The frontend ports of a load balancing rule, NAT rule or NAT pool."""
    first = properties.get("frontendPortRangeStart") or properties["frontendPort"]
    return range(first, (properties.get("frontendPortRangeEnd") or first) + 1)


def _check_ports(properties: dict[str, Any]) -> None:
    """No NAT rule listens where another one or a load balancing rule does.

    Azure refuses it; its words are not known.
    """
    listening = [child for name in ("loadBalancingRules", *_NAT) for child in properties[name]]
    for one, other in itertools.combinations(listening, 2):
        mine, yours = one["properties"], other["properties"]
        fronts = {key(reference(each, "frontendIPConfiguration") or "") for each in (mine, yours)}
        first, second = _ports(mine), _ports(yours)
        if len(fronts) == 1 and first[0] <= second[-1] and second[0] <= first[-1]:
            raise ArmError(
                400,
                "RulesUseSameFrontendPortProtocolAndIPConfig",
                f"{one['id']} and {other['id']} use the same frontend port, protocol and frontend "
                "IP configuration.",
            )


def _check_reference(record: Record, rule: dict[str, Any], name: str, array: str) -> None:
    referenced = reference(rule["properties"], name)
    if referenced is None:
        return
    if key(referenced) not in {key(child["id"]) for child in record.properties[array]}:
        raise invalid_reference(referenced, rule["id"])


def _check_outbound_rule(record: Record, rule: dict[str, Any]) -> None:
    _check_reference(record, rule, "backendAddressPool", "backendAddressPools")
    known = {key(child["id"]) for child in record.properties["frontendIPConfigurations"]}
    name = "frontendIPConfigurations"
    for frontend in ids(name, rule["properties"].get(name)):
        if key(frontend) not in known:
            raise invalid_reference(frontend, rule["id"])


def _check_probe(probe: dict[str, Any]) -> None:
    properties = probe["properties"]
    if properties["protocol"] not in ("Tcp", "Http", "Https"):
        raise invalid_parameter(
            "protocol", f"Probe {probe['name']} must have protocol Tcp, Http or Https."
        )
    path = properties.get("requestPath")
    if properties["protocol"] == "Tcp":
        if path:
            raise invalid_parameter("requestPath", f"Probe {probe['name']}: Tcp has no path.")
    elif not isinstance(path, str) or not path.startswith("/") or not path.isprintable():
        raise invalid_parameter(
            "requestPath", f"Probe {probe['name']} must have a requestPath that begins with '/'."
        )


def _check_pairs(rules: Iterable[dict[str, Any]]) -> None:
    for one, other in itertools.combinations(rules, 2):
        mine, yours = one["properties"], other["properties"]
        if _frontend(mine) == _frontend(yours):
            raise ArmError(
                400,
                "RulesUseSameFrontendPortProtocolAndIPConfig",
                f"Load balancing rules {one['id']} and {other['id']} use the same frontend port "
                f"{mine['frontendPort']}, protocol {mine['protocol']} and frontend IP "
                f"configuration {reference(mine, 'frontendIPConfiguration')}.",
            )
        pool = reference(mine, "backendAddressPool")
        if pool and _backend(mine) == _backend(yours):
            raise ArmError(
                400,
                "RulesUseSameBackendPortProtocolAndPool",
                f"Load balancing rules {one['id']} and {other['id']} with floating IP disabled use "
                f"the same protocol {mine['protocol']} and backend port {mine['backendPort']}, and "
                f"must not be used with the same backend address pool {pool}.",
            )


def _frontend(rule: dict[str, Any]) -> tuple[str, int, str]:
    frontend = key(reference(rule, "frontendIPConfiguration") or "")
    return frontend, rule["frontendPort"], rule["protocol"]


def _backend(rule: dict[str, Any]) -> tuple[str, int, str]:
    pool = key(reference(rule, "backendAddressPool") or "")
    return pool, rule["backendPort"], rule["protocol"]


def _check_outbound_pairs(rules: Iterable[dict[str, Any]]) -> None:
    used: set[tuple[str, str]] = set()
    for rule in rules:
        for frontend in rule["properties"].get("frontendIPConfigurations") or []:
            use = key(frontend["id"]), str(rule["properties"].get("protocol", "All")).lower()
            if use in used:
                raise ArmError(
                    400,
                    "MoreThanOneOutboundRuleUsingSameFrontendIPConfigurationAndProtocolIsNotSupported",
                    "Is is not supported to have more than a single outbound rule using "
                    f"frontendIPConfiguration {frontend['id']} with same or overlapping protocol.",
                )
            used.add(use)
