"""What is known of an environment before anything is changed: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment
from pipeline.planning.doctor.looked import Looked
from pipeline.planning.plugin import Version
from pipeline.planning.preflight.facts import Facts, Known
from pipeline.planning.rights import Permission


@dataclass(frozen=True, slots=True)
class Programs:
    """Packer, and the Azure plugin that it finds."""

    packer: Version
    plugin: Version


Thing: TypeAlias = Literal["load balancer", "gallery", "builds"]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A resource group of somebody else with a thing that we use, and what we may do there."""

    scope: str
    """`/subscriptions/…/resourceGroups/…`"""
    thing: Thing
    permissions: Known[tuple[Permission, ...]]


@dataclass(frozen=True, slots=True)
class Azure:
    """What Azure says, once somebody has signed in; `images` are the facts of each that is served.

    `namesakes` are other galleries of the subscription with the environment's name for one.
    """

    images: tuple[Facts, ...]
    permissions: Known[tuple[Permission, ...]]
    has_group: Known[bool]
    has_gallery: Known[bool]
    namesakes: tuple[ResourceId, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    build_group: Known[str] = ""
    """In which region the group is that is named for bakes and checks; "" where there is none."""
    looked: tuple[Looked, ...] = ()
    """Secrets, keys and stores that are Azure's."""


@dataclass(frozen=True, slots=True)
class Examination:
    """An environment, this machine, and Azure; or why nobody could be asked."""

    environment: Environment
    azure: Known[Azure]
    programs: Known[Programs]
    runner: str = ""
    has_way: bool | None = None
    windows: tuple[str, ...] = ()
    """The images that are of Windows."""
    has_winrm: bool = False
    """Whether pywinrm is here, without which none of those is checked."""
    looked: tuple[Looked, ...] = ()
    """Keys and stores that are files."""
