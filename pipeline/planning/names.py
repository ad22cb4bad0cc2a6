"""Names, ids and tags of what we make, and of what the load balancer calls its parts.

The one owner of these contracts. Each is a function of what the thing is for, so that any PUT can
be repeated: a name makes an orphan recognisable, a tag makes it ours (design.md 3.6).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias, get_args

from pipeline.arm import ResourceId
from pipeline.definition.balancing import FrontendName, LoadBalancer, rule_name
from pipeline.definition.model import Environment

SYSTEM = "bakeswap"
"""The value of the tag `system`: on everything we make, and on nothing else."""

PRIMARY: Final = "primary"
"""The network interface of an instance, and its IP configuration."""
CHECK_MACHINE: Final = "check"
"""The machine of a check, its network interface and its disk, in a group of their own."""
LOAD_BALANCERS: Final = "loadBalancers"
"""The type of a load balancer, in its id."""


class Tag:
    """Names of tags. Those of an image on its load balancer: `load_balancer_tag`."""

    SYSTEM: Final = "system"
    IMAGE: Final = "image"
    VERSION: Final = "version"
    ENVIRONMENT: Final = "environment"
    RUN: Final = "run"
    CHECK: Final = "check"
    BAKE: Final = "bake"
    """On a version: how all of its bake ended, each builder and post-processor."""
    FINGERPRINT: Final = "fingerprint"
    COMMIT: Final = "commit"
    BASE: Final = "base"
    INPUTS: Final = "inputs"
    BAKED_BY: Final = "baked-by"
    """On a version: who started its bake, and where."""
    BAKED_WITH: Final = "baked-with"
    """On a version: the Packer and the plugin that baked it: `packer 1.15.4, azure 2.6.5`."""
    EVIDENCE: Final = "evidence"
    """On a version: the SHA-256 of the envelope that names all of its evidence."""
    IMAGE_RUN: Final = "image-run"
    """On a scale set: the run that baked the version it was made from."""
    SERVED_SINCE: Final = "served-since"
    """On a scale set: when it last came to serve (ISO 8601, UTC)."""
    SERVED_UNTIL: Final = "served-until"
    """On a scale set: when production last left it."""
    ROLLED_BACK: Final = "rolled-back"
    """On a scale set and on a version: when production was rolled back from it."""
    ROLLING: Final = "rolling"
    """On a scale set: the run that rolls its instances; "" once all are rolled."""
    ROLLED_FROM: Final = "rolled-from"
    """On a scale set: the version before its last roll."""
    PINNED: Final = "pinned"
    """On a version, by whoever needs it: `prune` keeps it."""
    SWAP_SECONDS: Final = "swap-seconds"
    """On a scale set: how long the load balancer's write took that made it serve."""
    REHEARSED: Final = "rehearsed"
    """On a scale set that is a way back: when that was last rehearsed (ISO 8601, UTC)."""
    REHEARSED_SECONDS: Final = "rehearsed-seconds"
    """And how long the load balancer's write took that led the staging rules to it."""


class Check:
    """Values of the tag `check`; without the tag nobody booted the version."""

    PASSED: Final = "passed"
    FAILED: Final = "failed"


SwapTagName: TypeAlias = Literal[
    "serves", "previous", "rolled-back", "since", "run", "by", "rehearsing"
]


class SwapTag:
    """What a swap writes on the load balancer about an image; the tag: `load_balancer_tag`.

    `SERVES`, `PREVIOUS`, `ROLLED_BACK` and `REHEARSING` hold the name of a pool.
    """

    SERVES: Final = "serves"
    PREVIOUS: Final = "previous"
    ROLLED_BACK: Final = "rolled-back"
    SINCE: Final = "since"
    RUN: Final = "run"
    BY: Final = "by"
    REHEARSING: Final = "rehearsing"
    """What the staging rules led to before the rehearsal that is under way, or was."""


_BUILD_GROUP = f"{SYSTEM}-build-"
_CHECK_GROUP = f"{SYSTEM}-check-"
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def version_key(version: str) -> tuple[int, int, int]:
    """The order Azure uses for `latest`: major, minor, patch as numbers; others sort first."""
    match = _VERSION.fullmatch(version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else (-1, -1, -1)


def scale_set_name(image: str, version: str) -> str:
    """`web-1-0-0`: dots are not allowed in the names of scale sets."""
    return f"{image}-{dashed(version)}"


def is_scale_set_name(image: str, name: str) -> bool:
    """Whether it is what `scale_set_name` makes of some version of the image."""
    return re.fullmatch(rf"{re.escape(image)}-\d+-\d+-\d+", name, re.IGNORECASE) is not None


def build_group(image: str, version: str, run: str) -> str:
    """The resource group of a bake: of one run, so that no other ever touches it."""
    return f"{_BUILD_GROUP}{image}-{dashed(version)}-{_label(run)}"


def check_group(image: str, version: str, run: str) -> str:
    """The resource group of a check, of one run."""
    return f"{_CHECK_GROUP}{image}-{dashed(version)}-{_label(run)}"


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
    return {**dict(environment.tags), Tag.SYSTEM: SYSTEM, Tag.ENVIRONMENT: environment.name}


def is_ours(tags: Mapping[str, str], image: str) -> bool:
    """Whether tags say that we made the thing, and for this image."""
    return tags.get(Tag.SYSTEM) == SYSTEM and tags.get(Tag.IMAGE) == image


def network_id(environment: Environment, kind: str, name: str, group: str = "") -> ResourceId:
    """A resource of Microsoft.Network; of the environment's group where no other is named."""
    where = group or environment.resource_group
    return ResourceId(environment.subscription, where, "Microsoft.Network", ((kind, name),))


def compute_id(environment: Environment, *segments: tuple[str, str]) -> ResourceId:
    """A resource of Microsoft.Compute in the environment's resource group."""
    return ResourceId(
        environment.subscription, environment.resource_group, "Microsoft.Compute", segments
    )


def virtual_network_id(environment: Environment) -> ResourceId:
    """The virtual network, which may live in another resource group."""
    network = environment.network
    return network_id(environment, "virtualNetworks", network.name, network.resource_group)


def subnet_id(environment: Environment) -> ResourceId:
    """The subnet in which builds, checks and instances have their addresses."""
    return virtual_network_id(environment).child("subnets", environment.network.subnet)


def load_balancer_id(environment: Environment, name: str, group: str = "") -> ResourceId:
    """A load balancer; of the environment's own group where no other is named."""
    return network_id(environment, LOAD_BALANCERS, name, group)


def declared_id(environment: Environment, declared: LoadBalancer) -> ResourceId:
    """The load balancer that an image's rules are declared for, in whatever group."""
    return load_balancer_id(environment, declared.name, declared.resource_group)


def scale_set_id(environment: Environment, name: str) -> ResourceId:
    """A scale set of the environment."""
    return compute_id(environment, ("virtualMachineScaleSets", name))


def gallery_id(environment: Environment) -> ResourceId:
    """The environment's gallery, which may live in another group, or in another subscription."""
    gallery = environment.gallery
    return ResourceId(
        gallery.subscription or environment.subscription,
        gallery.resource_group or environment.resource_group,
        "Microsoft.Compute",
        (("galleries", gallery.name),),
    )


def image_definition_id(environment: Environment, image: str) -> ResourceId:
    """The image definition that holds the versions of an image."""
    return gallery_id(environment).child("images", image)


def image_version_id(environment: Environment, image: str, version: str) -> ResourceId:
    """One version of an image in the gallery."""
    return image_definition_id(environment, image).child("versions", version)


MachineKind: TypeAlias = Literal["bake", "check"]
MACHINES: Final[tuple[MachineKind, ...]] = get_args(MachineKind)
"""What a run has machines for."""


def machine_name(what: MachineKind, run: str) -> str:
    """Of a machine in a resource group that it does not have to itself: `bakeswap-check-2026…`."""
    return f"{SYSTEM}-{what}-{_label(run)}"


def is_machine_name(name: str) -> bool:
    """Whether `machine_name` makes names that begin so."""
    return name.lower().startswith(tuple(f"{SYSTEM}-{what}-" for what in MACHINES))


def check_machine_id(environment: Environment, group: str, name: str = CHECK_MACHINE) -> ResourceId:
    """The machine of a check in its resource group."""
    own = (("virtualMachines", name),)
    return ResourceId(environment.subscription, group, "Microsoft.Compute", own)


def check_network_id(
    environment: Environment, group: str, kind: str, name: str = CHECK_MACHINE
) -> ResourceId:
    """The one network resource of a kind that a check has, in its resource group."""
    own = ((kind, name),)
    return ResourceId(environment.subscription, group, "Microsoft.Network", own)


def _label(run: str) -> str:
    """A run's time and its last digits: `202611231815001a2b` fits where the whole id does not."""
    when, _, rest = run.partition("-")
    digits = "".join(letter for letter in when if letter.isdigit())
    return f"{digits}{rest.rpartition('-')[2] or run}".lower()


def dashed(version: str) -> str:
    """`1.0.5` → `1-0-5`, for names that take no dots."""
    return version.replace(".", "-")
