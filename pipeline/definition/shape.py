"""What a scale set of an image looks like, as frozen values in Azure's words.

What nobody wrote is empty (`None`, "", 0, ()): `planning` knows what is said then.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

Orchestration: TypeAlias = Literal["Uniform", "Flexible"]
UNIFORM: Final = "Uniform"
FLEXIBLE: Final = "Flexible"

Tags: TypeAlias = tuple[tuple[str, str], ...]

SERVING: Final = "serving"
"""The one value of `like`: the scale set that serves."""


def overlaid(*layers: Tags) -> Tags:
    """Tags of several hands, the later one counting: Azure knows no case in their names."""
    found: dict[str, tuple[str, str]] = {}
    for name, value in (tag for layer in layers for tag in layer):
        found[name.lower()] = (name, value)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes along: its name as people know it, its SHA-256 (hex) and its bytes.

    The digest stands for the bytes wherever values are compared or printed.
    """

    name: str
    digest: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """The managed identities of the instances; `user` are resource ids."""

    system: bool = False
    user: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OsDisk:
    """The disk that is made from the image; `size` in GiB.

    `ephemeral` is where on the host it lies (`CacheDisk`, ...), "" for a managed disk.
    """

    size: int = 0
    type: str = ""
    caching: str = ""
    ephemeral: str = ""


@dataclass(frozen=True, slots=True)
class DataDisk:
    """An empty disk of an instance; `size` in GiB."""

    lun: int
    size: int
    type: str = ""
    caching: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """Capacity that Azure may take back; `max_price` in US dollars an hour, -1 for any."""

    eviction: str = "Delete"
    max_price: float = -1


@dataclass(frozen=True, slots=True)
class Repairs:
    """Automatic repairs; `grace` in seconds after each change of an instance's state."""

    grace: float = 1800
    action: str = "Replace"


@dataclass(frozen=True, slots=True)
class Protected:
    """Where an extension's protected settings are, never what they say: one of the three.

    A variable of the environment that commands run in or a file, each with a JSON object; or a
    secret in a key vault, which Azure reads by itself (`protectedSettingsFromKeyVault`).
    """

    environment: str = ""
    file: Path | None = None
    secret_url: str = ""
    vault: str = ""
    """The resource id of the key vault."""


@dataclass(frozen=True, slots=True)
class Extension:
    """A virtual machine extension of the scale set's model; `settings` is a JSON object."""

    name: str
    publisher: str
    type: str
    version: str
    settings: str = "{}"
    protected: Protected | None = None
    after: tuple[str, ...] = ()
    """Extensions that come first (`provisionAfterExtensions`)."""
    force_update_tag: str = ""


@dataclass(frozen=True, slots=True)
class ScaleSetShape:
    """What a scale set of the image looks like; `capacity` counts if no production gives it one."""

    sku: str
    capacity: int
    orchestration: Orchestration = UNIFORM
    zones: tuple[str, ...] = ()
    zone_balance: bool | None = None
    fault_domains: int = 0
    single_placement_group: bool | None = None
    proximity_placement_group: str = ""
    tags: Tags = ()
    identity: Identity | None = None
    ssh_keys: tuple[str, ...] = ()
    user_data: Attached | None = None
    custom_data: Attached | None = None
    os_disk: OsDisk = OsDisk()
    data_disks: tuple[DataDisk, ...] = ()
    spot: Spot | None = None
    accelerated_networking: bool | None = None
    termination_notice: float = 0.0
    """Seconds between the announcement of an instance's end and the end; 0 for none."""
    automatic_repairs: Repairs | None = None
    extensions: tuple[Extension, ...] = ()
    like: str = ""
    """`SERVING`: what the serving scale set has is carried along."""
    without_protected_settings: tuple[str, ...] = ()
    """Extensions of the serving scale set that may be carried: they have none."""
    autoscale: Attached | None = None
    """A JSON object: the properties of an autoscale setting that follows production."""
    properties: Attached | None = None
    """A JSON object of ARM, merged over all the above."""

    def in_environment(self, tags: Tags, given: Instances) -> ScaleSetShape:
        """The shape in an environment with tags, which gives its instances more of its own."""
        return replace(
            self,
            tags=overlaid(tags, self.tags, given.tags),
            user_data=given.user_data or self.user_data,
        )


@dataclass(frozen=True, slots=True)
class Instances:
    """What the instances of an image have in one environment and in no other."""

    tags: Tags = ()
    user_data: Attached | None = None


NO_INSTANCES: Final = Instances()
"""Nothing of their own."""
