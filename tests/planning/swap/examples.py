"""Surveys for tests of planning: a load balancer with two rule pairs, and who is behind it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from pipeline.arm import ResourceId
from pipeline.definition.model import (
    Base,
    Cloud,
    Environment,
    Health,
    Image,
    LoadBalancer,
    Network,
    Project,
    RulePair,
    ScaleSetShape,
    Template,
)
from pipeline.planning.landing_zone import bodies
from pipeline.planning.names import (
    FRONTENDS,
    load_balancer_id,
    network_id,
    scale_set_id,
    scale_set_name,
    tags_of,
)
from pipeline.planning.swap.load_balancer import read
from pipeline.planning.swap.survey import Instance, ScaleSet, Survey
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
LOAD_BALANCER = LoadBalancer("shop", "web", ("blue", "green"), PAIRS)
ENVIRONMENT = Environment(
    name="production",
    subscription="5ab5c41b-0000-4000-8000-000000000000",
    tenant="tenant",
    location="westeurope",
    resource_group="shop",
    gallery="images",
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


def pool(name: str) -> ResourceId:
    """`blue` or `green`."""
    return _OWN.child("backendAddressPools", name)


def body(production: str = "blue", tags: dict[str, str] | None = None) -> dict[str, Any]:
    """A GET of the load balancer, with fields nobody here knows."""
    addresses = {name: network_id(ENVIRONMENT, "publicIPAddresses", name) for name in FRONTENDS}
    made = copy.deepcopy(bodies.load_balancer(ENVIRONMENT, LOAD_BALANCER, IMAGE.health, addresses))
    other = "green" if production == "blue" else "blue"
    for rule in made["properties"]["loadBalancingRules"]:
        wanted = pool(other if rule["name"].endswith("-staging") else production)
        rule["properties"]["backendAddressPool"] = {"id": str(wanted)}
        rule["properties"]["backendAddressPools"] = [{"id": str(wanted)}]
        rule["properties"]["fieldOfTheFuture"] = {"kept": True}
        rule["etag"] = 'W/"1"'
    for child in made["properties"]["backendAddressPools"]:
        child["id"] = str(pool(child["name"]))
        child["properties"] = {
            "provisioningState": "Succeeded",
            "drainPeriodInSeconds": 30,
            "backendIPConfigurations": [],
            "loadBalancingRules": [],
        }
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


def scale_set(
    version: str,
    where: str,
    *,
    size: int = 2,
    sick: int = 0,
    state: str = "Succeeded",
    capacity: int | None = None,
) -> ScaleSet:
    """A scale set of ours in a pool; the first `sick` instances are unhealthy."""
    name = scale_set_name("web", version)
    instances = tuple(
        Instance(f"{name}_{number}", "unhealthy" if number < sick else "healthy")
        for number in range(size)
    )
    return ScaleSet(
        name=name,
        resource=scale_set_id(ENVIRONMENT, name),
        tags=tags_of("web", version),
        capacity=size if capacity is None else capacity,
        provisioning_state=state,
        pools=(pool(where),),
        instances=instances,
    )


def version(name: str, *, check: str = "passed", excluded: bool = False) -> ImageVersion:
    """A version in the gallery; eligible by default."""
    return ImageVersion(name, "Succeeded", excluded, {"check": check} if check else {})


VERSIONS = (version("1.0.0"), version("1.0.1"), version("1.0.2", check="", excluded=True))


def swap_tags(serves: str, previous: str = "", rolled_back: str = "") -> dict[str, str]:
    """What a swap leaves on the load balancer."""
    tags = {
        "web-serves": serves,
        "web-previous": previous,
        "web-rolled-back": rolled_back,
        "web-since": "2026-11-23T18:00:00+00:00",
    }
    return {name: value for name, value in tags.items() if value}


def surveyed(
    *scale_sets: ScaleSet,
    production: str = "blue",
    tags: dict[str, str] | None = None,
    versions: tuple[ImageVersion, ...] = VERSIONS,
    load_balancer: dict[str, Any] | None = None,
) -> Survey:
    """A survey with these scale sets; production's rules lead to the pool of that name."""
    document = load_balancer or body(production, tags)
    return Survey(
        environment=ENVIRONMENT,
        image=IMAGE,
        declared=LOAD_BALANCER,
        load_balancer=read(document, ADDRESSES, [found.resource for found in scale_sets]),
        scale_sets=scale_sets,
        versions=versions,
    )
