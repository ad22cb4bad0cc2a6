"""The definitions as frozen values: `project.read` makes them, everything below sees only these."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pipeline.definition.balancing import Health, LoadBalancer
from pipeline.definition.builders import Builder, Plugin
from pipeline.definition.evidence import NOTHING_REQUIRED, EvidencePolicy
from pipeline.definition.faulty import Faulty, Kind
from pipeline.definition.given import Given, told
from pipeline.definition.promotion import Promotion
from pipeline.definition.rebuilding import USUAL, Reason
from pipeline.definition.replication import AZURES, Replication
from pipeline.definition.shape import ScaleSetShape, Tags
from pipeline.definition.uses import Output, Place, Reader
from pipeline.errors import DefinitionError

LATEST: Final = "latest"
"""The version that means the newest one there is."""


@dataclass(frozen=True, slots=True)
class Base:
    """A marketplace image, `version` perhaps `latest` (resolved and pinned per build)."""

    publisher: str
    offer: str
    sku: str
    version: str = LATEST
    at: str = field(default="", compare=False)
    """Where it is written: `images/web/image.hcl:6`."""

    def __str__(self) -> str:
        return f"{self.publisher}:{self.offer}:{self.sku}:{self.version}"


@dataclass(frozen=True, slots=True)
class GalleryBase:
    """An image of a gallery, `version` perhaps `latest`: the newest that is not excluded from it.

    Without a `gallery` it is another image of this project; a build pins that, too.
    """

    gallery: str
    image: str
    version: str = LATEST
    resource_group: str = ""
    """Of the gallery; "" for the environment's."""
    subscription: str = ""
    """Of the gallery; "" for the environment's."""
    at: str = field(default="", compare=False)
    """As of a marketplace image."""

    def __str__(self) -> str:
        parts = (self.subscription, self.resource_group, self.gallery, self.image, self.version)
        return "/".join(part for part in parts if part)


AnyBase: TypeAlias = Base | GalleryBase


@dataclass(frozen=True, slots=True)
class Input:
    """One file that goes into an image: its name as people know it, and its SHA-256 (hex).

    The digest is of the bytes, and of the word `executable` behind them if the file is: that is
    baked too. Of an image.hcl it is the digest of what it says about the bake.
    """

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Template:
    """A Packer template, a folder under packer/: its variables, what it builds, and its files."""

    name: str
    folder: Path
    variables: frozenset[str]
    sensitive: frozenset[str]
    builders: tuple[Builder, ...]
    inputs: tuple[Input, ...]
    required: frozenset[str] = frozenset()
    """The variables without a default."""
    plugins: tuple[Plugin, ...] = ()
    """What it requires besides the Azure plugin."""
    uses: tuple[Place, ...] = ()
    """Where it names files that it reads."""
    outputs: tuple[Output, ...] = ()
    """What it writes itself, which is none of its inputs."""
    reader: Reader | None = None
    """Follows those places; None for a template that could not be read."""

    def is_written(self, name: str) -> bool:
        """Whether a file of the project is written by its own bakes."""
        return any(output.matches(name) for output in self.outputs)


SecurityType: TypeAlias = Literal["standard", "trusted_launch"]
STANDARD: Final = "standard"
TRUSTED_LAUNCH: Final = "trusted_launch"

SOAK_MARK = "soak"
"""pytest's mark of a check that asks production while a promotion is watched."""


@dataclass(frozen=True, slots=True)
class Image:
    """One folder under images/. Paths are absolute; `version_series` is `major.minor`."""

    name: str
    folder: Path
    template: Template
    version_series: str
    base: AnyBase
    build_size: str
    scripts: tuple[Path, ...]
    files: Path | None
    checks: Path
    variables: tuple[tuple[str, Given], ...]
    """What the author gives to variables of the template, by name."""
    scale_set: ScaleSetShape
    health: Health
    inputs: tuple[Input, ...]
    """Every file it is made of and checked with, template and image.hcl included; sorted."""
    promotion: Promotion = field(default_factory=Promotion)
    retention: int = 0
    """How many of its newest versions `prune` keeps besides those in use; 0 for all."""
    has_soak_checks: bool = False
    """Whether any of its checks is marked `soak`: it asks production, and no fresh machine."""
    security_type: SecurityType = STANDARD
    """Of the machines it is baked on and of those made from it. Standard is what each version of
    Packer's plugin bakes: 2.1 and newer make a Trusted Launch machine only with an argument that
    1.4.5 refuses (plugin's template_builder.go)."""
    rebuild_on: frozenset[Reason] = USUAL
    max_age: float = 0.0  # seconds after which `nightly` bakes anyway; 0: never
    build_timeout: float = 5400.0
    """Seconds that Packer may take, but for copies of the version to further regions."""
    only: tuple[str, ...] = ()
    """Which builders of the template make it, by Packer's names or patterns; all when empty."""

    @property
    def parent(self) -> str:
        """The image of this project that it is made of, "" for one of another base."""
        base = self.base
        return base.image if isinstance(base, GalleryBase) and not base.gallery else ""

    @property
    def told(self) -> frozenset[str]:
        """What the template learns, each by the variable that is given it by itself."""
        return told(self.template.variables, self.variables)

    @property
    def checks_named(self) -> str:
        """The folder of its checks as people know it: `images/web/checks`."""
        return f"images/{self.name}/{self.checks.relative_to(self.folder).as_posix()}"


@dataclass(frozen=True, slots=True)
class Cloud:
    """An Azure cloud is two HTTPS addresses and whom to trust about them.

    `credential` is a JSON file (0600) with `tenant`, `client_id` and `client_secret`; None means
    whatever DefaultAzureCredential finds. `name` is what Packer looks for in the cloud's metadata.
    """

    name: str = "AzureCloud"
    resource_manager: str = "https://management.azure.com"
    authority: str = "https://login.microsoftonline.com"
    ca_bundle: Path | None = None
    credential: Path | None = None
    api_versions: tuple[tuple[str, str], ...] = ()
    """The newest that it knows, by what they are of (`rules.VERSIONED`); others as the SDK's."""

    @property
    def is_public(self) -> bool:
        """Whether this is public Azure."""
        return self.resource_manager == "https://management.azure.com"


@dataclass(frozen=True, slots=True)
class Network:
    """An environment's virtual network; `managed` False: somebody else's, used, never written."""

    name: str
    address_space: str
    subnet: str
    subnet_prefix: str
    nat_gateway: str
    security_group: str
    managed: bool = True
    resource_group: str = ""
    """Where it lives; "" for the environment's own resource group."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """The Azure Compute Gallery of an environment's images.

    `managed` False means it is somebody else's, or another environment's: it is never created;
    image definitions and versions in it are. Where "", it is in the environment's own group.
    """

    name: str
    managed: bool = True
    resource_group: str = ""
    subscription: str = ""


Access: TypeAlias = Literal["private", "public"]
PRIVATE: Final = "private"
PUBLIC: Final = "public"


@dataclass(frozen=True, slots=True)
class Environment:
    """A landing zone to deploy into."""

    name: str
    subscription: str
    tenant: str
    location: str
    resource_group: str
    gallery: Gallery
    replica_regions: tuple[str, ...]
    """Regions to replicate image versions to, besides `location`."""
    ssh_port: int
    ssh_username: str
    cloud: Cloud
    network: Network
    load_balancers: tuple[LoadBalancer, ...]
    access: Access = PRIVATE
    """By which address the machines of bakes and checks are reached."""
    runner_address: str = ""
    """Whom a public one admits: an IPv4 address or network; "" where each run says its own."""
    tags: Tags = ()
    """On everything that is made for it, besides bakeswap's own."""
    replication: Replication = AZURES
    """Of the versions in its gallery."""
    build_resource_group: str = ""
    """A group that is there, for all machines of bakes and checks; "" for one made for each."""
    evidence: EvidencePolicy = NOTHING_REQUIRED
    """Of the versions in its gallery: where it is kept, and what is required of it."""

    def load_balancer_of(self, image: str) -> LoadBalancer | None:
        """The load balancer that serves an image, if the environment has one."""
        return next((lb for lb in self.load_balancers if lb.image == image), None)

    @property
    def other_groups(self) -> tuple[str, ...]:
        """The resource groups of somebody else that load balancers are in, each once."""
        own = {"", self.resource_group.lower()}
        found = {one.resource_group.lower(): one.resource_group for one in self.load_balancers}
        return tuple(group for key, group in found.items() if key not in own)


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that was written, read together so that all mistakes are reported together."""

    root: Path
    images: tuple[Image, ...]
    environments: tuple[Environment, ...]
    faulty: tuple[Faulty, ...] = ()
    """What has mistakes, and is in neither of the others."""

    def names(self, kind: Kind) -> tuple[str, ...]:
        """All images or environments there are, those with mistakes too; sorted."""
        sound = self.images if kind == "image" else self.environments
        return tuple(sorted([*(one.name for one in sound), *(one.name for one in self.of(kind))]))

    def of(self, kind: Kind) -> tuple[Faulty, ...]:
        """What of a kind has mistakes."""
        return tuple(one for one in self.faulty if one.kind == kind)

    def refuse_mistakes(self, kind: Kind | None = None, name: str = "") -> None:
        """Raise DefinitionError when this (by default: anything) has mistakes.

        It tells all that there are, so that their author fixes them at once.
        """
        if any(kind in {None, one.kind} and name in {"", one.name} for one in self.faulty):
            raise DefinitionError(tuple(item for one in self.faulty for item in one.mistakes))
