"""Surveys for tests of planning: a load balancer with two rule pairs, and who is behind it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from pipeline.arm import ResourceId
from pipeline.definition.balancing import FRONTENDS, Health, LoadBalancer, RulePair
from pipeline.definition.model import (
    Base,
    Cloud,
    Environment,
    Gallery,
    Image,
    Network,
    Project,
    Template,
)
from pipeline.definition.shape import ScaleSetShape
from pipeline.planning.landing_zone import bodies
from pipeline.planning.names import (
    empty_pool,
    load_balancer_id,
    network_id,
    scale_set_id,
    scale_set_name,
    tags_of,
)
from pipeline.planning.swap.backend import Instance, ScaleSet
from pipeline.planning.swap.load_balancer import read
from pipeline.planning.swap.steps import Wish
from pipeline.planning.swap.survey import Survey
from pipeline.planning.versions import ImageVersion

PAIRS = (RulePair("http", 80, 8081, 8080), RulePair("metrics", 9100, 9101, 9100))
FOLDER = Path("images/web")
IMAGE = Image(
    name="web",
    folder=FOLDER,
    template=Template("linux", FOLDER, frozenset(), frozenset(), (), ()),
    version_series="1.0",
    base=Base("Debian", "debian-12", "12-gen2"),
    build_size="Standard_D2s_v5",
    scripts=(),
    files=None,
    checks=FOLDER,
    variables=(),
    scale_set=ScaleSetShape("Standard_D2s_v5", 2),
    health=Health("http", 8080, "/healthz"),
    inputs=(),
)
LOAD_BALANCER = LoadBalancer("shop", "web", PAIRS)
ENVIRONMENT = Environment(
    name="production",
    subscription="5ab5c41b-0000-4000-8000-000000000000",
    tenant="tenant",
    location="westeurope",
    resource_group="shop",
    gallery=Gallery("images"),
    replica_regions=(),
    ssh_port=22,
    ssh_username="azureuser",
    cloud=Cloud(),
    network=Network("net", "10.0.0.0/16", "machines", "10.0.0.0/20", "nat", "machines"),
    load_balancers=(LOAD_BALANCER,),
)
PROJECT = Project(Path(), (IMAGE,), (ENVIRONMENT,))

_OWN = load_balancer_id(ENVIRONMENT, "shop")
ADDRESSES = {
    _OWN.child("frontendIPConfigurations", "production"): "203.0.113.1",
    _OWN.child("frontendIPConfigurations", "staging"): "203.0.113.2",
}


EMPTY, EMPTY_STAGING = (empty_pool("web", frontend) for frontend in FRONTENDS)
V0, V1, V2, V3 = (scale_set_name("web", f"1.0.{number}") for number in range(4))
"""The pools of versions: each is called like its scale set."""

PROMOTE, ROLLBACK = Wish("promote"), Wish("rollback")


def pool(name: str) -> ResourceId:
    """A pool of the load balancer."""
    return _OWN.child("backendAddressPools", name)


def members_of(*scale_sets: ScaleSet) -> dict[str, list[str]]:
    """The IP configurations that Azure lists in each pool, by the pool's name."""
    found: dict[str, list[str]] = {}
    for one in scale_sets:
        for where in one.pools:
            listed = found.setdefault(where.name, [])
            listed += [configuration_of(one, instance.number) for instance in one.instances]
    return found


def configuration_of(scale_set: ScaleSet, number: str) -> str:
    """The id of an instance's IP configuration."""
    return (
        f"{scale_set.resource}/virtualMachines/{number}/networkInterfaces/primary"
        "/ipConfigurations/primary"
    )


def stranger(name: str) -> str:
    """The id of the IP configuration of a machine that another hand made."""
    return (
        "/subscriptions/s/resourceGroups/other/providers/Microsoft.Network"
        f"/networkInterfaces/{name}/ipConfigurations/one"
    )


def body(
    production: str = EMPTY,
    staging: str = EMPTY_STAGING,
    tags: dict[str, str] | None = None,
    members: dict[str, list[str]] | None = None,
) -> dict[str, Any]:
    """A GET of the load balancer, with fields nobody here knows."""
    addresses: dict[str, ResourceId] = {
        name: network_id(ENVIRONMENT, "publicIPAddresses", name) for name in FRONTENDS
    }
    served = [(LOAD_BALANCER, IMAGE.health)]
    made = copy.deepcopy(bodies.load_balancer(ENVIRONMENT, served, addresses))
    for rule in made["properties"]["loadBalancingRules"]:
        lead(rule, staging if rule["name"].endswith("-staging") else production)
        rule["properties"]["fieldOfTheFuture"] = {"kept": True}
        rule["etag"] = 'W/"1"'
    names = dict.fromkeys((EMPTY, EMPTY_STAGING, production, staging, *(members or {})))
    made["properties"]["backendAddressPools"] = [
        {
            "name": name,
            "id": str(pool(name)),
            "properties": {
                "provisioningState": "Succeeded",
                "drainPeriodInSeconds": 30,
                "backendIPConfigurations": [{"id": one} for one in (members or {}).get(name, ())],
                "loadBalancingRules": [],
            },
        }
        for name in names
    ]
    return {
        "id": str(_OWN),
        "name": "shop",
        "type": "Microsoft.Network/loadBalancers",
        "etag": 'W/"1"',
        "zones": ["1"],
        **made,
        "tags": {**made["tags"], **(tags or {})},
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": "f81d4fae",
            "futureProfile": {"kept": [1, 2]},
            **made["properties"],
        },
    }


def lead(rule: dict[str, Any], where: str) -> None:
    """Lead a rule to a pool, in both spellings."""
    rule["properties"]["backendAddressPool"] = {"id": str(pool(where))}
    rule["properties"]["backendAddressPools"] = [{"id": str(pool(where))}]


def scale_set(
    version: str,
    *,
    size: int = 2,
    sick: int = 0,
    state: str = "Succeeded",
    capacity: int | None = None,
    tags: dict[str, str] | None = None,
) -> ScaleSet:
    """A scale set of ours in its own pool; the first `sick` instances are unhealthy."""
    name = scale_set_name("web", version)
    instances = tuple(
        Instance(f"{name}_{number}", "unhealthy" if number < sick else "healthy", str(number))
        for number in range(size)
    )
    return ScaleSet(
        name=name,
        resource=scale_set_id(ENVIRONMENT, name),
        tags={**tags_of("web", version), **(tags or {})},
        capacity=size if capacity is None else capacity,
        provisioning_state=state,
        pools=(pool(name),),
        instances=instances,
    )


def version(name: str, *, check: str = "passed", excluded: bool = False) -> ImageVersion:
    """A version in the gallery; eligible by default."""
    return ImageVersion(name, "Succeeded", excluded, {"check": check} if check else {})


VERSIONS = (version("1.0.0"), version("1.0.1"), version("1.0.2", check="", excluded=True))


SINCE = "2026-11-23T18:00:00+00:00"
SERVED = {"served-since": "2026-11-22T18:00:00+00:00"}


def swap_tags(serves: str, previous: str = "", rolled_back: str = "") -> dict[str, str]:
    """What a swap leaves on the load balancer; the arguments are pools."""
    tags = {
        "web-serves": serves,
        "web-previous": previous,
        "web-rolled-back": rolled_back,
        "web-since": SINCE,
    }
    return {name: value for name, value in tags.items() if value}


def surveyed(
    *scale_sets: ScaleSet,
    production: str = "",
    staging: str = "",
    tags: dict[str, str] | None = None,
    versions: tuple[ImageVersion, ...] = VERSIONS,
    load_balancer: dict[str, Any] | None = None,
) -> Survey:
    """A survey with these scale sets, each in its own pool.

    Production's rules lead to the first one's pool and staging's to the second one's, if the names
    of pools say nothing else.
    """
    names = [found.name for found in scale_sets]
    document = load_balancer or body(
        production or next(iter(names), EMPTY),
        staging or next(iter(names[1:]), EMPTY_STAGING),
        tags,
        members_of(*scale_sets),
    )
    return Survey(
        environment=ENVIRONMENT,
        image=IMAGE,
        declared=LOAD_BALANCER,
        load_balancer=read(document, ADDRESSES),
        scale_sets=scale_sets,
        versions=versions,
    )
