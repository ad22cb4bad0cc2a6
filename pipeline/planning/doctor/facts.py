"""What is known of an environment before anything is changed: frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment
from pipeline.planning.plugin import Version
from pipeline.planning.preflight.facts import Facts, Known
from pipeline.planning.rights import Permission


@dataclass(frozen=True, slots=True)
class Programs:
    """Packer, and the Azure plugin that it finds."""

    packer: Version
    plugin: Version


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


@dataclass(frozen=True, slots=True)
class Examination:
    """An environment, this machine, and Azure; or why nobody could be asked."""

    environment: Environment
    azure: Known[Azure]
    programs: Known[Programs]
    runner: str = ""
    has_way: bool | None = None
