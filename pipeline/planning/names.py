"""Names, ids and tags of what we make, and of what the load balancer calls its parts.

The one owner of these contracts. Each is a function of what the thing is for, so that any PUT can
be repeated: a name makes an orphan recognisable, a tag makes it ours (design.md 3.6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment, FrontendName, rule_name

SYSTEM = "bakeswap"
"""The value of the tag `system`: on everything we make, and on nothing else."""

PRIMARY: Final = "primary"
"""The network interface of an instance, and its IP configuration."""
CHECK_MACHINE: Final = "check"
"""The machine of a check, its network interface and its disk: the group has but one of each."""
LOAD_BALANCERS: Final = "loadBalancers"
"""The type of a load balancer, in its id."""
HEALTH_EXTENSION: Final = "ApplicationHealth"


class Tag:
    """Names of tags. Those of an image on its load balancer: `load_balancer_tag`."""

    SYSTEM: Final = "system"
    IMAGE: Final = "image"
    VERSION: Final = "version"
    ENVIRONMENT: Final = "environment"
    RUN: Final = "run"
    CHECK: Final = "check"
    FINGERPRINT: Final = "fingerprint"
    COMMIT: Final = "commit"
    BASE: Final = "base"
    INPUTS: Final = "inputs"
    IMAGE_RUN: Final = "image-run"
    """On a scale set: the run that baked the version it was made from."""
    SERVED_SINCE: Final = "served-since"
    """On a scale set: when it last came to serve (ISO 8601, UTC)."""
    SERVED_UNTIL: Final = "served-until"
    """On a scale set: when production last left it."""
    ROLLED_BACK: Final = "rolled-back"
    """On a scale set and on a version: when production was rolled back from it."""
    PINNED: Final = "pinned"
    """On a version, by whoever needs it: `prune` keeps it."""
    SWAP_SECONDS: Final = "swap-seconds"
    """On a scale set: how long the load balancer's write took that made it serve."""


class Check:
    """Values of the tag `check`; without the tag nobody booted the version."""

    PASSED: Final = "passed"
    FAILED: Final = "failed"


SwapTagName: TypeAlias = Literal["serves", "previous", "rolled-back", "since", "run", "by"]


class SwapTag:
    """What a swap writes on the load balancer about an image; the tag: `load_balancer_tag`.

    `SERVES`, `PREVIOUS` and `ROLLED_BACK` hold the name of a pool.
    """

    SERVES: Final = "serves"
    PREVIOUS: Final = "previous"
    ROLLED_BACK: Final = "rolled-back"
    SINCE: Final = "since"
    RUN: Final = "run"
    BY: Final = "by"


CLAIMS_ZONE: Final = f"claims.{SYSTEM}.internal"
"""The private DNS zone of an environment's resource group that holds claims, holds and moves."""

_BUILD_GROUP = f"{SYSTEM}-build-"
_CHECK_GROUP = f"{SYSTEM}-check-"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def version_key(version: str) -> tuple[int, int, int]:
    """The order Azure uses for `latest`: major, minor, patch as numbers; others sort first."""
    match = _VERSION.fullmatch(version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else (-1, -1, -1)


def scale_set_name(image: str, version: str) -> str:
    """`web-1-0-0`: dots are not allowed in the names of scale sets."""
    return f"{image}-{_dashed(version)}"


def is_scale_set_name(image: str, name: str) -> bool:
    """Whether it is what `scale_set_name` makes of some version of the image."""
    return re.fullmatch(rf"{re.escape(image)}-\d+-\d+-\d+", name, re.IGNORECASE) is not None


def build_group(image: str, version: str, run: str) -> str:
    """The resource group of a bake: of one run, so that no other ever touches it."""
    return f"{_BUILD_GROUP}{image}-{_dashed(version)}-{_label(run)}"


def check_group(image: str, version: str, run: str) -> str:
    """The resource group of a check, of one run."""
    return f"{_CHECK_GROUP}{image}-{_dashed(version)}-{_label(run)}"


def is_group_name_of_ours(name: str) -> bool:
    """Whether a resource group's name is that of a bake or a check."""
    return name.lower().startswith((_BUILD_GROUP, _CHECK_GROUP))


def empty_pool(image: str, frontend: FrontendName) -> str:
    """The pool without members that an image's rules lead to before anything serves or is staged.

    One for each frontend: Azure refuses two rules with one pool and backend port.
    """
    return rule_name(f"{image}-empty", frontend)


def load_balancer_tag(image: str, what: SwapTagName) -> str:
    """The load balancer's tag that tells something about an image: `web-serves`."""
    return f"{image}-{what}"


def removing_tag(pool: str) -> str:
    """On the load balancer: the run that removes a pool and what is in it."""
    return f"removing-{pool}"


def last_version_tag(series: str) -> str:
    """On an image definition: the highest version of a series that was ever marked."""
    return f"last-{series}"


def tags_of(image: str, version: str) -> dict[str, str]:
    """The tags of what we make for a version; the run is added when it is made."""
    return {Tag.SYSTEM: SYSTEM, Tag.IMAGE: image, Tag.VERSION: version}


def environment_tags(environment: Environment) -> dict[str, str]:
    """The tags of what belongs to an environment, whatever its images."""
    return {Tag.SYSTEM: SYSTEM, Tag.ENVIRONMENT: environment.name}


def is_ours(tags: Mapping[str, str], image: str) -> bool:
    """Whether tags say that we made the thing, and for this image."""
    return tags.get(Tag.SYSTEM) == SYSTEM and tags.get(Tag.IMAGE) == image


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
    return network_id(environment, LOAD_BALANCERS, name)


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


def check_machine_id(environment: Environment, group: str) -> ResourceId:
    """The machine of a check in its resource group."""
    own = (("virtualMachines", CHECK_MACHINE),)
    return ResourceId(environment.subscription, group, "Microsoft.Compute", own)


def check_network_id(environment: Environment, group: str, kind: str) -> ResourceId:
    """The one network resource of a kind that a check has, in its resource group."""
    own = ((kind, CHECK_MACHINE),)
    return ResourceId(environment.subscription, group, "Microsoft.Network", own)


def claims_zone_id(environment: Environment) -> ResourceId:
    """The zone of claims; environments that share a resource group share it."""
    return network_id(environment, "privateDnsZones", CLAIMS_ZONE)


def record_id(environment: Environment, name: str) -> ResourceId:
    """A TXT record set in the zone of claims."""
    return claims_zone_id(environment).child("TXT", name)


# Names of record sets: the last label tells what for, so that no two kinds meet.


def swap_claim(environment: Environment, image: str) -> str:
    """Who changes an image in an environment: `web.production.swap`."""
    return f"{image}.{claims(environment)}"


def claims(environment: Environment) -> str:
    """What the names of all claims on images in an environment end with."""
    return f"{environment.name}.swap"


def build_claim(image: str) -> str:
    """Who bakes or checks versions of an image in the gallery: `web.build`."""
    return f"{image}.build"


def hold(environment: Environment, image: str) -> str:
    """Why an image is not promoted in an environment: `web.production.hold`."""
    return f"{image}.{holds(environment)}"


def holds(environment: Environment) -> str:
    """What the names of all holds in an environment end with."""
    return f"{environment.name}.hold"


def number(image: str, version: str) -> str:
    """Who took the number of a version: `1-0-5.web.number`."""
    return f"{_dashed(version)}.{numbers(image)}"


def numbers(image: str) -> str:
    """What the names of all numbers of an image end with."""
    return f"{image}.number"


def version_of_number(name: str) -> str:
    """The version whose number a record set's name means: `1-0-5.web.number` → `1.0.5`."""
    return name.partition(".")[0].replace("-", ".")


def move(environment: Environment, image: str, run: str, direction: str) -> str:
    """One entry of the log: `promote.20261123t181500z-host-1a2b.web.production.move`."""
    return f"{direction}.{run}.{moves(environment, image)}".lower()


def moves(environment: Environment, image: str) -> str:
    """What the names of all moves of an image in an environment end with."""
    return f"{image}.{environment.name}.move"


def _label(run: str) -> str:
    """A run's time and its last digits: `202611231815001a2b` fits where the whole id does not."""
    when, _, rest = run.partition("-")
    digits = "".join(letter for letter in when if letter.isdigit())
    return f"{digits}{rest.rpartition('-')[2] or run}".lower()


def _dashed(version: str) -> str:
    return version.replace(".", "-")
