"""Every request body that the pipeline sends, in all its variants: what makes each golden file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from azure.mgmt.compute import models as compute
from azure.mgmt.network import models as network
from azure.mgmt.resource.resources import models as resources

from pipeline.definition.balancing import (
    ALL,
    BINARY,
    NOWHERE,
    STAGING,
    UDP,
    Health,
    LoadBalancer,
    RulePair,
)
from pipeline.definition.model import Environment
from pipeline.definition.shape import Instances, ScaleSetShape
from pipeline.planning.build import check_machine, definition_body, version_body
from pipeline.planning.build.build import plan_build
from pipeline.planning.build.steps import BootCheckMachine
from pipeline.planning.claims import bodies as claim_bodies
from pipeline.planning.claims.claim import Actor, Claim
from pipeline.planning.landing_zone import bodies
from pipeline.planning.landing_zone.plan import plan_landing_zone
from pipeline.planning.landing_zone.steps import Complete
from pipeline.planning.landing_zone.wanted import wanted
from pipeline.planning.names import (
    SwapTag,
    environment_tags,
    load_balancer_id,
    load_balancer_tag,
    network_id,
    virtual_network_id,
)
from pipeline.planning.prune import bodies as prune_body
from pipeline.planning.prune.steps import RemovePools, RetirePools
from pipeline.planning.roll import model as roll_body
from pipeline.planning.roll.steps import PointModel
from pipeline.planning.swap import admin_state, scale_set_body
from pipeline.planning.swap import load_balancer as swap_body
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.reference import ImageReference
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.swap.steps import (
    CreateScaleSet,
    Direction,
    LeadStaging,
    ScaleScaleSet,
    SwapPools,
    Wish,
)
from pipeline.planning.swap.survey import Survey
from pipeline.planning.traits import PurchasePlan, Traits
from pipeline.planning.writable import writable
from tests.planning.build import examples as built
from tests.planning.swap.examples import (
    EMPTY_STAGING,
    ENVIRONMENT,
    IMAGE,
    LOAD_BALANCER,
    PROJECT,
    V1,
    configuration_of,
    members_of,
    scale_set,
    surveyed,
)
from tests.planning.swap.shapes import FLEXIBLE_SET, SPOT_SET, UNIFORM_SET

FOLDER = Path(__file__).parent / "bodies"
ANSWERS = Path(__file__).parent / "answers"
RUN = "20261123T120000Z-builder-00aa"
KEY = "ssh-rsa AAAA public"
HTTPS = Health("https", 8443, "/healthz")
DNS = RulePair("dns", 53, 5353, 53, protocol=UDP, floating_ip=True)
HA_PORTS = RulePair("all", 0, 0, 0, protocol=ALL)
SIGNED = {
    "web-since": "2026-11-23T19:00:00+00:00",
    "web-run": RUN,
    "web-by": "someone@builder",
}

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Golden:
    """A body: the function of ours that makes it, how it is made here, and Azure's type of it."""

    function: Callable[..., Any]
    make: Callable[[], Body]
    model: type[Any]


def answer(name: str) -> Body:
    """What a GET answers, with fields of every kind that Azure adds and some of the future."""
    body: Body = json.loads((ANSWERS / f"{name}.json").read_text())
    return body


def of_landing_zone(environment: Environment, kind: str, health: Health = IMAGE.health) -> Body:
    """The body that creates the first resource of a kind in an empty subscription."""
    project = replace(PROJECT, images=(replace(IMAGE, health=health),))
    return next(
        bodies.made_by(RUN, found.body)
        for found in wanted(project, environment)
        if found.resource.segments[-1][0] == kind
    )


def behind(**changes: Any) -> Environment:
    """The environment with a load balancer that differs in this."""
    balancer: LoadBalancer = replace(LOAD_BALANCER, **changes)
    return replace(ENVIRONMENT, load_balancers=(balancer,))


def completed_load_balancer() -> Body:
    """A load balancer that lacks a rule, completed."""
    there = answer("load-balancer")
    there["properties"]["loadBalancingRules"].pop()
    return _completed({load_balancer_id(ENVIRONMENT, "shop"): there})


def completed_network() -> Body:
    """A virtual network whose subnet has no way out, completed."""
    return _completed({virtual_network_id(ENVIRONMENT): answer("virtual-network")})


def _completed(existing: dict[Any, Body]) -> Body:
    steps = plan_landing_zone(PROJECT, ENVIRONMENT, True, existing).steps
    (step,) = (step for step in steps if isinstance(step, Complete))
    return step.body


def swapped(direction: Direction) -> Body:
    """The one write of a promotion, or of the rollback that follows it."""
    there = answer("load-balancer")
    if direction == "rollback":
        there = swap_body.swapped(there, _swap(there, "promote"), SIGNED)
        there["properties"]["backendAddressPools"] = _pools()
    return swap_body.swapped(there, _swap(there, direction), SIGNED)


def _pools() -> list[Body]:
    pools: list[Body] = answer("load-balancer")["properties"]["backendAddressPools"]
    return pools


def _swap(there: Body, direction: Direction) -> SwapPools:
    sets = (scale_set("1.0.0"), scale_set("1.0.1"))
    members = members_of(*sets)
    for pool in there["properties"]["backendAddressPools"]:
        found = members.get(pool["name"], ())
        pool["properties"]["backendIPConfigurations"] = [{"id": member} for member in found]
    plan = plan_swap(surveyed(*sets, load_balancer=there), Wish(direction))
    return next(step for step in plan.steps if isinstance(step, SwapPools))


def led() -> Body:
    """The staging rules led to another pool."""
    now = surveyed(scale_set("1.0.0"), scale_set("1.0.1"), staging=EMPTY_STAGING)
    (step,) = (step for step in plan_stage(now).steps if isinstance(step, LeadStaging))
    return swap_body.with_staging_led(answer("load-balancer"), step)


def rehearsed() -> Body:
    """The staging rules led to a way back, with what they led to before written beside."""
    now = surveyed(scale_set("1.0.1"), scale_set("1.0.0"), staging=EMPTY_STAGING)
    tags = {load_balancer_tag("web", SwapTag.REHEARSING): "web-1-0-2"}
    pool = now.own_pool("1.0.0")
    return swap_body.led(answer("load-balancer"), now.rules(STAGING), pool, tags)


def _retiring() -> tuple[Survey, RetirePools]:
    now = surveyed(scale_set("1.0.0"), scale_set("1.0.1"), load_balancer=answer("load-balancer"))
    return now, RetirePools(now.load_balancer.resource, "web", (V1,))


def made_trusted_scale_set() -> Body:
    """The scale set of a Trusted Launch image."""
    steps = plan_stage(replace(surveyed(), image=TRUSTED)).steps
    (step,) = (step for step in steps if isinstance(step, CreateScaleSet))
    return scale_set_body.scale_set(step, KEY, RUN)


def made_scale_set(health: Health = IMAGE.health) -> Body:
    """The scale set that a first stage creates."""
    steps = plan_stage(surveyed()).steps
    (step,) = (step for step in steps if isinstance(step, CreateScaleSet))
    return scale_set_body.scale_set(replace(step, health=health), KEY, RUN)


BOUGHT = PurchasePlan("Contoso", "hardened-debian", "12-gen2")


def made_bought_scale_set() -> Body:
    """The scale set of an image whose base is bought."""
    steps = plan_stage(surveyed()).steps
    (step,) = (step for step in steps if isinstance(step, CreateScaleSet))
    return scale_set_body.scale_set(step, KEY, RUN, plan=BOUGHT)


def shaped(shape: ScaleSetShape) -> Body:
    """The scale set of a definition that shapes it, in an environment with tags of its own."""
    own = Instances((("stage", "production"),))
    now = surveyed()
    image, declared = replace(IMAGE, scale_set=shape), replace(LOAD_BALANCER, instances=own)
    steps = plan_stage(replace(now, image=image, declared=declared)).steps
    (step,) = (step for step in steps if isinstance(step, CreateScaleSet))
    return scale_set_body.scale_set(step, KEY, RUN, {"setup": {"commandToExecute": "./setup.sh"}})


def made_like_another() -> Body:
    """A scale set that is like the one that serves, whoever made that."""
    like = ScaleSetShape("Standard_D2s_v5", 2, like="serving", without_protected_settings=_SAFE)
    now = surveyed(replace(scale_set("1.0.0"), body=answer("scale-set")))
    steps = plan_stage(replace(now, image=replace(IMAGE, scale_set=like))).steps
    (step,) = (step for step in steps if isinstance(step, CreateScaleSet))
    return scale_set_body.scale_set(step, KEY, RUN)


_SAFE = ("monitor",)


def rolled() -> Body:
    """The model of a scale set that another hand made, pointed at a version."""
    there = answer("scale-set")
    now = surveyed(replace(scale_set("1.0.0"), body=there))
    found = replace(now.scale_sets[0], body=there)
    after = ImageReference(id=f"/subscriptions/{ENVIRONMENT.subscription}/versions/1.0.1")
    step = PointModel(found.resource, "web 1.0.1", found.made_from, after, ())
    return roll_body.pointed(there, step, {"version": "1.0.1"})


def taken_out() -> Body:
    """A pool of which one member gets no new connection."""
    one, other = scale_set("1.0.0").instances
    found = scale_set("1.0.0")
    pool = {
        "name": "web-1-0-0",
        "etag": 'W/"1"',
        "type": "Microsoft.Network/loadBalancers/backendAddressPools",
        "properties": {
            "provisioningState": "Succeeded",
            "drainPeriodInSeconds": 30,
            "loadBalancerBackendAddresses": [
                {
                    "name": f"shop_web-1-0-0_{each.number}",
                    "properties": {
                        "networkInterfaceIPConfiguration": {
                            "id": configuration_of(found, each.number)
                        }
                    },
                }
                for each in (one, other)
            ],
        },
    }
    names = admin_state.names_of(pool, found.resource, (other,))
    return admin_state.with_states(pool, names, is_out=True)


def more_capacity() -> Body:
    """A staged scale set of two, brought to production's five."""
    now = surveyed(scale_set("1.0.0", size=5), scale_set("1.0.1", size=2))
    (step,) = (step for step in plan_stage(now).steps if isinstance(step, ScaleScaleSet))
    return scale_set_body.capacity(step)


def boot() -> BootCheckMachine:
    """The check machine's step of a first build."""
    steps = plan_build(built.survey()).plan.steps
    (step,) = (step for step in steps if isinstance(step, BootCheckMachine))
    return step


def public_boot() -> BootCheckMachine:
    """The same of a machine with a public address."""
    return replace(boot(), admitted="203.0.113.7")


def claimed() -> Body:
    """The record set of a claim."""
    actor = Actor("ann", "runner-7", "https://ci.example/runs/7")
    claim = Claim(RUN, "promote", actor, "2026-11-23T18:15:00Z", "2026-11-23T18:17:00Z")
    return claim_bodies.record_set(claim.metadata, claim.run)


def gateway() -> Body:
    """The NAT gateway by itself."""
    address = network_id(ENVIRONMENT, "publicIPAddresses", "nat-address")
    return bodies.made_by(RUN, bodies.nat_gateway(ENVIRONMENT, address))


TRUSTED = replace(IMAGE, security_type="trusted_launch")
TAGS = (("team", "shop"), ("cost center", "4711"))
TAGGED = replace(ENVIRONMENT, tags=TAGS)


def tagged_scale_set() -> Body:
    """The scale set of an environment with tags, one of which its definition says otherwise."""
    image = replace(IMAGE, scale_set=replace(IMAGE.scale_set, tags=(("Team", "web"),)))
    steps = plan_stage(replace(surveyed(), environment=TAGGED, image=image)).steps
    (step,) = (step for step in steps if isinstance(step, CreateScaleSet))
    return scale_set_body.scale_set(step, KEY, RUN)


def tagged_check_machine() -> Body:
    """The check machine of an environment with tags."""
    environment = replace(built.LOCAL, tags=TAGS)
    steps = plan_build(built.survey(environment=environment)).plan.steps
    (step,) = (step for step in steps if isinstance(step, BootCheckMachine))
    return check_machine.machine(step, built.WEB, environment, KEY)


GOLDENS = {
    "resource-group": Golden(
        bodies.resource_group,
        lambda: bodies.made_by(
            RUN, bodies.resource_group("westeurope", environment_tags(ENVIRONMENT))
        ),
        resources.ResourceGroup,
    ),
    "security-group": Golden(
        bodies.security_group,
        lambda: of_landing_zone(ENVIRONMENT, "networkSecurityGroups"),
        network.NetworkSecurityGroup,
    ),
    "security-group-private": Golden(
        bodies.security_group,
        lambda: of_landing_zone(behind(private=True), "networkSecurityGroups"),
        network.NetworkSecurityGroup,
    ),
    "public-address": Golden(
        bodies.public_address,
        lambda: of_landing_zone(ENVIRONMENT, "publicIPAddresses"),
        network.PublicIPAddress,
    ),
    "nat-gateway": Golden(bodies.nat_gateway, gateway, network.NatGateway),
    "virtual-network": Golden(
        bodies.virtual_network,
        lambda: of_landing_zone(ENVIRONMENT, "virtualNetworks"),
        network.VirtualNetwork,
    ),
    "virtual-network-completed": Golden(
        plan_landing_zone, completed_network, network.VirtualNetwork
    ),
    "load-balancer-one-pair": Golden(
        bodies.load_balancer,
        lambda: of_landing_zone(behind(pairs=LOAD_BALANCER.pairs[:1]), "loadBalancers"),
        network.LoadBalancer,
    ),
    "load-balancer-several-pairs": Golden(
        bodies.load_balancer,
        lambda: of_landing_zone(ENVIRONMENT, "loadBalancers"),
        network.LoadBalancer,
    ),
    "load-balancer-private-addresses": Golden(
        bodies.load_balancer,
        lambda: of_landing_zone(
            behind(private=True, production_address="10.0.0.10", pairs=LOAD_BALANCER.pairs[:1]),
            "loadBalancers",
        ),
        network.LoadBalancer,
    ),
    "load-balancer-private": Golden(
        bodies.load_balancer,
        lambda: of_landing_zone(behind(private=True), "loadBalancers"),
        network.LoadBalancer,
    ),
    "load-balancer-health-without-rule": Golden(
        bodies.load_balancer,
        lambda: of_landing_zone(
            behind(pairs=LOAD_BALANCER.pairs[:1]), "loadBalancers", Health("tcp", 9000)
        ),
        network.LoadBalancer,
    ),
    "load-balancer-udp": Golden(
        bodies.load_balancer,
        lambda: of_landing_zone(behind(pairs=(*LOAD_BALANCER.pairs[:1], DNS)), "loadBalancers"),
        network.LoadBalancer,
    ),
    "load-balancer-ha-ports": Golden(
        bodies.load_balancer,
        lambda: of_landing_zone(behind(pairs=(HA_PORTS,), private=True), "loadBalancers"),
        network.LoadBalancer,
    ),
    "security-group-udp": Golden(
        bodies.security_group,
        lambda: of_landing_zone(behind(pairs=(DNS, HA_PORTS)), "networkSecurityGroups"),
        network.NetworkSecurityGroup,
    ),
    "load-balancer-one-frontend": Golden(
        bodies.load_balancer,
        lambda: of_landing_zone(
            behind(
                production_frontend="front",
                staging_frontend="front",
                pairs=(
                    RulePair(
                        *("https", 443, 8443, 8080),
                        production_rule="lbrule-443",
                        staging_rule="lbrule-8443",
                        probe_name="alive",
                    ),
                ),
            ),
            "loadBalancers",
        ),
        network.LoadBalancer,
    ),
    "load-balancer-https-health": Golden(
        bodies.load_balancer,
        lambda: of_landing_zone(ENVIRONMENT, "loadBalancers", HTTPS),
        network.LoadBalancer,
    ),
    "load-balancer-completed": Golden(
        plan_landing_zone, completed_load_balancer, network.LoadBalancer
    ),
    "load-balancer-promoted": Golden(
        swap_body.swapped, lambda: swapped("promote"), network.LoadBalancer
    ),
    "load-balancer-rolled-back": Golden(
        swap_body.swapped, lambda: swapped("rollback"), network.LoadBalancer
    ),
    "load-balancer-with-pool": Golden(
        swap_body.with_pool,
        lambda: swap_body.with_pool(answer("load-balancer"), "web-1-0-2"),
        network.LoadBalancer,
    ),
    "load-balancer-staging-led": Golden(swap_body.with_staging_led, led, network.LoadBalancer),
    "load-balancer-rehearsing": Golden(swap_body.led, rehearsed, network.LoadBalancer),
    "load-balancer-retired": Golden(
        prune_body.retired,
        lambda: prune_body.retired(*_retiring(), RUN),
        network.LoadBalancer,
    ),
    "load-balancer-without-pools": Golden(
        prune_body.without_pools,
        lambda: prune_body.without_pools(
            answer("load-balancer"), RemovePools(_retiring()[1].load_balancer, "web", (V1,))
        ),
        network.LoadBalancer,
    ),
    "load-balancer-rewritten": Golden(
        writable, lambda: writable(answer("load-balancer")), network.LoadBalancer
    ),
    "gallery": Golden(
        bodies.gallery, lambda: of_landing_zone(ENVIRONMENT, "galleries"), compute.Gallery
    ),
    "claims-zone": Golden(
        bodies.claims_zone,
        lambda: of_landing_zone(ENVIRONMENT, "privateDnsZones"),
        resources.GenericResource,
    ),
    "gallery-tagged": Golden(
        bodies.gallery, lambda: of_landing_zone(TAGGED, "galleries"), compute.Gallery
    ),
    "claims-zone-tagged": Golden(
        bodies.claims_zone,
        lambda: of_landing_zone(TAGGED, "privateDnsZones"),
        resources.GenericResource,
    ),
    "scale-set-tagged": Golden(
        scale_set_body.scale_set, tagged_scale_set, compute.VirtualMachineScaleSet
    ),
    "check-machine-tagged": Golden(
        check_machine.machine, tagged_check_machine, compute.VirtualMachine
    ),
    "record-set": Golden(claim_bodies.record_set, claimed, resources.GenericResource),
    "image-definition": Golden(
        bodies.image_definition,
        lambda: of_landing_zone(ENVIRONMENT, "images"),
        compute.GalleryImage,
    ),
    "image-definition-trusted": Golden(
        bodies.image_definition,
        lambda: bodies.made_by(RUN, bodies.image_definition(ENVIRONMENT, TRUSTED, Traits())),
        compute.GalleryImage,
    ),
    "image-definition-bought": Golden(
        bodies.image_definition,
        lambda: bodies.made_by(
            RUN, bodies.image_definition(ENVIRONMENT, IMAGE, Traits(plan=BOUGHT))
        ),
        compute.GalleryImage,
    ),
    "image-definition-arm64": Golden(
        bodies.image_definition,
        lambda: bodies.made_by(
            RUN, bodies.image_definition(ENVIRONMENT, IMAGE, Traits(architecture="Arm64"))
        ),
        compute.GalleryImage,
    ),
    "image-definition-used": Golden(
        definition_body.used,
        lambda: definition_body.used({"tags": {"system": "bakeswap", "theirs": "kept"}}, "1.0.5"),
        compute.GalleryImageUpdate,
    ),
    "image-version-baked": Golden(
        version_body.baked,
        lambda: version_body.baked(answer("image-version"), {"run": "r"}, succeeded=True),
        compute.GalleryImageVersion,
    ),
    "image-version-bake-failed": Golden(
        version_body.baked,
        lambda: version_body.baked(answer("image-version"), {"run": "r"}, succeeded=False),
        compute.GalleryImageVersion,
    ),
    "image-version-passed": Golden(
        version_body.marked,
        lambda: version_body.marked(answer("image-version"), passed=True),
        compute.GalleryImageVersion,
    ),
    "image-version-recorded": Golden(
        version_body.marked,
        lambda: version_body.marked(answer("image-version"), passed=True, evidence="e" * 64),
        compute.GalleryImageVersion,
    ),
    "image-version-copied": Golden(
        version_body.marked,
        lambda: version_body.marked(
            answer("image-version"),
            passed=True,
            replicas=(("westeurope", 3), ("northeurope", 2)),
        ),
        compute.GalleryImageVersion,
    ),
    "image-version-failed": Golden(
        version_body.marked,
        lambda: version_body.marked(answer("image-version"), passed=False),
        compute.GalleryImageVersion,
    ),
    "image-version-rolled-back": Golden(
        version_body.retagged,
        lambda: version_body.retagged(answer("image-version"), {"rolled-back": "2026-11-23"}),
        compute.GalleryImageVersion,
    ),
    "check-interface-public": Golden(
        check_machine.interface,
        lambda: check_machine.interface(public_boot(), built.LOCAL),
        network.NetworkInterface,
    ),
    "check-address": Golden(
        check_machine.public_address,
        lambda: check_machine.public_address(public_boot(), built.LOCAL),
        network.PublicIPAddress,
    ),
    "check-security-group": Golden(
        check_machine.security_group,
        lambda: check_machine.security_group(public_boot(), built.LOCAL),
        network.NetworkSecurityGroup,
    ),
    "check-network": Golden(
        check_machine.network,
        lambda: check_machine.network(public_boot(), built.LOCAL),
        network.VirtualNetwork,
    ),
    "check-interface": Golden(
        check_machine.interface,
        lambda: check_machine.interface(boot(), built.LOCAL),
        network.NetworkInterface,
    ),
    "check-machine": Golden(
        check_machine.machine,
        lambda: check_machine.machine(boot(), built.WEB, built.LOCAL, KEY),
        compute.VirtualMachine,
    ),
    "check-machine-trusted": Golden(
        check_machine.machine,
        lambda: check_machine.machine(
            boot(), replace(built.WEB, security_type="trusted_launch"), built.LOCAL, KEY
        ),
        compute.VirtualMachine,
    ),
    "check-machine-bought": Golden(
        check_machine.machine,
        lambda: check_machine.machine(replace(boot(), plan=BOUGHT), built.WEB, built.LOCAL, KEY),
        compute.VirtualMachine,
    ),
    "scale-set-bought": Golden(
        scale_set_body.scale_set, made_bought_scale_set, compute.VirtualMachineScaleSet
    ),
    "scale-set-trusted": Golden(
        scale_set_body.scale_set, made_trusted_scale_set, compute.VirtualMachineScaleSet
    ),
    "scale-set": Golden(scale_set_body.scale_set, made_scale_set, compute.VirtualMachineScaleSet),
    "scale-set-rolled": Golden(roll_body.pointed, rolled, compute.VirtualMachineScaleSet),
    "pool-taken-out": Golden(admin_state.with_states, taken_out, network.BackendAddressPool),
    "upgrade-of-instances": Golden(
        roll_body.manual_upgrade,
        lambda: roll_body.manual_upgrade(("0", "3")),
        compute.VirtualMachineScaleSetVMInstanceRequiredIDs,
    ),
    "reimage-of-instances": Golden(
        roll_body.reimage,
        lambda: roll_body.reimage(("0", "3"), "12.0.20261101"),
        compute.VirtualMachineScaleSetReimageParameters,
    ),
    "scale-set-binary-health": Golden(
        scale_set_body.scale_set,
        lambda: made_scale_set(Health("http", 8080, "/", BINARY, NOWHERE)),
        compute.VirtualMachineScaleSet,
    ),
    "scale-set-tcp-health": Golden(
        scale_set_body.scale_set,
        lambda: made_scale_set(Health("tcp", 5432, "", BINARY, NOWHERE)),
        compute.VirtualMachineScaleSet,
    ),
    "scale-set-https-health": Golden(
        scale_set_body.scale_set, lambda: made_scale_set(HTTPS), compute.VirtualMachineScaleSet
    ),
    **{
        f"scale-set-{name}": Golden(
            scale_set_body.scale_set, partial(shaped, shape), compute.VirtualMachineScaleSet
        )
        for name, shape in (("shaped", UNIFORM_SET), ("spot", SPOT_SET), ("flexible", FLEXIBLE_SET))
    },
    "scale-set-like": Golden(
        scale_set_body.scale_set, made_like_another, compute.VirtualMachineScaleSet
    ),
    "scale-set-capacity": Golden(
        scale_set_body.capacity, more_capacity, compute.VirtualMachineScaleSetUpdate
    ),
}
"""By the name of the file. `plan_landing_zone` makes the bodies that complete what is there."""
