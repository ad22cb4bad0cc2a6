"""Names and tags of what we make: functions of what it is for, so that any PUT can be repeated.

A name decided here makes an orphan recognisable; a tag makes it ours (design.md 3.6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment

SYSTEM = "bakeswap"
"""The value of the tag `system`: on everything we make, and on nothing else."""

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def version_key(version: str) -> tuple[int, int, int]:
    """The order Azure uses for `latest`: major, minor, patch as numbers; others sort first."""
    match = _VERSION.fullmatch(version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else (-1, -1, -1)


def scale_set_name(image: str, version: str) -> str:
    """`web-1-0-0`: dots are not allowed in the names of scale sets."""
    return f"{image}-{version.replace('.', '-')}"


def tags_of(image: str, version: str) -> dict[str, str]:
    """The tags of what we make for a version; the run is added when it is made."""
    return {"system": SYSTEM, "image": image, "version": version}


def is_ours(tags: Mapping[str, str], image: str) -> bool:
    """Whether tags say that we made the thing, and for this image."""
    return tags.get("system") == SYSTEM and tags.get("image") == image


def network_id(environment: Environment, kind: str, name: str) -> ResourceId:
    """A resource of Microsoft.Network in the environment's resource group."""
    return ResourceId(
        environment.subscription,
        environment.resource_group,
        "Microsoft.Network",
        ((kind, name),),
    )


def compute_id(environment: Environment, *segments: tuple[str, str]) -> ResourceId:
    """A resource of Microsoft.Compute in the environment's resource group."""
    return ResourceId(
        environment.subscription, environment.resource_group, "Microsoft.Compute", segments
    )


def virtual_network_id(environment: Environment) -> ResourceId:
    """The virtual network, which may live in another resource group."""
    group = environment.network.resource_group or environment.resource_group
    return ResourceId(
        environment.subscription,
        group,
        "Microsoft.Network",
        (("virtualNetworks", environment.network.name),),
    )


def subnet_id(environment: Environment) -> ResourceId:
    """The subnet in which builds, checks and instances have their addresses."""
    return virtual_network_id(environment).child("subnets", environment.network.subnet)


def load_balancer_id(environment: Environment, name: str) -> ResourceId:
    """A load balancer of the environment."""
    return network_id(environment, "loadBalancers", name)


def scale_set_id(environment: Environment, name: str) -> ResourceId:
    """A scale set of the environment."""
    return compute_id(environment, ("virtualMachineScaleSets", name))


def gallery_id(environment: Environment) -> ResourceId:
    """The environment's gallery."""
    return compute_id(environment, ("galleries", environment.gallery))


def image_definition_id(environment: Environment, image: str) -> ResourceId:
    """The image definition that holds the versions of an image."""
    return gallery_id(environment).child("images", image)


def image_version_id(environment: Environment, image: str, version: str) -> ResourceId:
    """One version of an image in the gallery."""
    return image_definition_id(environment, image).child("versions", version)
