"""Request bodies of a landing zone, in Azure's own spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.arm import ResourceId
from pipeline.definition.model import (
    FRONTENDS,
    PRODUCTION,
    Environment,
    FrontendName,
    Health,
    Image,
    LoadBalancer,
    RulePair,
    RuleProbe,
    rule_name,
)
from pipeline.planning import security
from pipeline.planning.names import (
    SYSTEM,
    Tag,
    empty_pool,
    environment_tags,
    load_balancer_id,
    subnet_id,
)

Body = dict[str, Any]


def resource_group(location: str, tags: Mapping[str, str]) -> Body:
    """A resource group, of an environment or of a run."""
    return {"location": location, "tags": dict(tags)}


def made_by(run: str, body: Mapping[str, Any]) -> Body:
    """A body with the run that creates the resource among its tags."""
    return {**body, "tags": {**body.get("tags", {}), Tag.RUN: run}}


def security_group(environment: Environment) -> Body:
    """SSH from within, the applications' ports from their users and from Azure's health probes.

    Azure's own rules let the network in anyway: a port with a public frontend is for the Internet.
    """
    private_first = sorted(environment.load_balancers, key=lambda found: not found.private)
    users = {
        pair.backend_port: "VirtualNetwork" if definition.private else "Internet"
        for definition in private_first
        for pair in definition.pairs
    }
    applications = [
        _allow(f"allow-application-{port}", 200 + number, source, str(port))
        for number, (port, source) in enumerate(sorted(users.items()))
    ]
    ssh = _allow("allow-ssh-from-within", 100, "VirtualNetwork", str(environment.ssh_port))
    probes = _allow("allow-health-probes", 110, "AzureLoadBalancer", "*")
    return _resource(environment, {"securityRules": [ssh, probes, *applications]})


def public_address(environment: Environment) -> Body:
    """A standard static public address."""
    properties = {"publicIPAllocationMethod": "Static", "publicIPAddressVersion": "IPv4"}
    return {**_resource(environment, properties), "sku": {"name": "Standard"}}


def nat_gateway(environment: Environment, address: ResourceId) -> Body:
    """The way out: a staged scale set has none through the load balancer."""
    properties = {"publicIpAddresses": [{"id": str(address)}]}
    return {**_resource(environment, properties), "sku": {"name": "Standard"}}


def virtual_network(environment: Environment, group: ResourceId, gateway: ResourceId) -> Body:
    """One network, one subnet, without Azure's default way out."""
    network = environment.network
    subnet = {
        "name": network.subnet,
        "properties": {
            "addressPrefix": network.subnet_prefix,
            "networkSecurityGroup": {"id": str(group)},
            "natGateway": {"id": str(gateway)},
            "defaultOutboundAccess": False,
        },
    }
    space = {"addressPrefixes": [network.address_space]}
    return _resource(environment, {"addressSpace": space, "subnets": [subnet]})


def load_balancer(
    environment: Environment,
    served: Sequence[tuple[LoadBalancer, Health]],
    addresses: Mapping[FrontendName, ResourceId],
) -> Body:
    """Two frontends; for each image two empty pools, a probe for each pair, and the rules.

    Scale sets bring pools of their own, and swaps lead the rules to them.
    """
    definition = served[0][0]
    subnet = None if not definition.private else subnet_id(environment)
    properties = {
        "frontendIPConfigurations": [
            _frontend(frontend, addresses[frontend], subnet) for frontend in FRONTENDS
        ],
        "backendAddressPools": [
            {"name": empty_pool(part.image, frontend)}
            for part, _ in served
            for frontend in FRONTENDS
        ],
        "probes": [
            _probe(pair.name, pair.backend_port, pair.probed(health))
            for part, health in served
            for pair in part.pairs
        ],
        "loadBalancingRules": [
            _rule(load_balancer_id(environment, part.name), part, pair, frontend)
            for part, _ in served
            for pair in part.pairs
            for frontend in FRONTENDS
        ],
    }
    return {**_resource(environment, properties), "sku": {"name": "Standard"}}


def claims_zone(environment: Environment) -> Body:
    """The zone whose record sets are claims; linked to no network, for nothing resolves them.

    Private DNS zones have the location `global` (recorded by azure-cli).
    """
    return {"location": "global", "tags": environment_tags(environment), "properties": {}}


def gallery(environment: Environment) -> Body:
    """The gallery of the environment's images."""
    return _resource(environment, {"description": f"Images of {environment.name}, by {SYSTEM}"})


def image_definition(environment: Environment, image: Image) -> Body:
    """What all versions of an image have in common."""
    return _resource(
        environment,
        {
            "osType": "Linux",
            "osState": "Generalized",
            "hyperVGeneration": "V2",
            "identifier": {"publisher": SYSTEM, "offer": environment.name, "sku": image.name},
            **security.of_definitions(image.security_type),
        },
    )


def _resource(environment: Environment, properties: Body) -> Body:
    return {
        "location": environment.location,
        "tags": environment_tags(environment),
        "properties": properties,
    }


def _allow(name: str, priority: int, source: str, port: str) -> Body:
    return {
        "name": name,
        "properties": {
            "priority": priority,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "sourceAddressPrefix": source,
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": port,
        },
    }


def _frontend(name: str, address: ResourceId, subnet: ResourceId | None) -> Body:
    if subnet is None:
        return {"name": name, "properties": {"publicIPAddress": {"id": str(address)}}}
    private = {"subnet": {"id": str(subnet)}, "privateIPAllocationMethod": "Dynamic"}
    return {"name": name, "properties": private}


def _probe(name: str, port: int, asked: RuleProbe) -> Body:
    """Both spellings of the threshold: Azure answers both, and reads the newer one."""
    page = {"requestPath": asked.path} if asked.path else {}
    return {
        "name": name,
        "properties": {
            "protocol": asked.protocol.capitalize(),
            "port": port,
            **page,
            "intervalInSeconds": 5,
            "numberOfProbes": 2,
            "probeThreshold": 2,
        },
    }


def _rule(
    own: ResourceId, definition: LoadBalancer, pair: RulePair, frontend: FrontendName
) -> Body:
    production = frontend == PRODUCTION
    pool = own.child("backendAddressPools", empty_pool(definition.image, frontend))
    return {
        "name": rule_name(pair.name, frontend),
        "properties": {
            "protocol": "Tcp",
            "frontendIPConfiguration": {"id": str(own.child("frontendIPConfigurations", frontend))},
            "frontendPort": pair.production_port if production else pair.staging_port,
            "backendPort": pair.backend_port,
            "backendAddressPool": {"id": str(pool)},
            "backendAddressPools": [{"id": str(pool)}],
            "probe": {"id": str(own.child("probes", pair.name))},
            "idleTimeoutInMinutes": definition.idle_timeout_minutes,
            "enableTcpReset": True,
            "disableOutboundSnat": True,
        },
    }
