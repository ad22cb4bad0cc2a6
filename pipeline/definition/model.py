"""The definitions as frozen values: `project.read` makes them, everything below sees only these."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Base:
    """A marketplace image, `version` perhaps `latest` (resolved and pinned per build)."""

    publisher: str
    offer: str
    sku: str
    version: str = "latest"

    def __str__(self) -> str:
        return f"{self.publisher}:{self.offer}:{self.sku}:{self.version}"


@dataclass(frozen=True, slots=True)
class Health:
    """Where an instance tells that it is well, and which version it is.

    `path` answers 200 and JSON `{"ApplicationHealthState": "Healthy", "version": "1.0.0"}`: the
    rich health states of the Application Health extension 2.0, and the version that serves.
    """

    protocol: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class ScaleSetShape:
    """What a scale set of the image looks like, if no production gives it its capacity."""

    sku: str
    capacity: int


@dataclass(frozen=True, slots=True)
class Promotion:
    """How a promotion of the image is watched, and what is kept after it. Times in seconds."""

    rate: int = 20
    """Requests per second to each production rule, each on a connection of its own."""
    lost_budget: int = 0
    """Requests that may be lost, from before the swap to the end of the soak."""
    soak: float = 120.0
    keep_previous: float = 86400.0
    drain: float = 600.0
    patience: float = 60.0


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
    """A Packer template, a folder under packer/: its variables, its sources and its files."""

    name: str
    folder: Path
    variables: frozenset[str]
    sensitive: frozenset[str]
    sources: tuple[str, ...]
    inputs: tuple[Input, ...]
    required: frozenset[str] = frozenset()
    """The variables without a default."""


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
    base: Base
    build_size: str
    scripts: tuple[Path, ...]
    files: Path | None
    checks: Path
    variables: tuple[tuple[str, str], ...]
    """Further template variables the author sets, by name."""
    scale_set: ScaleSetShape
    health: Health
    inputs: tuple[Input, ...]
    """Every file it is made of and checked with, template and image.hcl included; sorted."""
    promotion: Promotion = Promotion()
    retention: int = 0
    """How many of its newest versions `prune` keeps besides those in use; 0 for all."""
    has_soak_checks: bool = False
    """Whether any of its checks is marked `soak`: it asks production, and no fresh machine."""
    security_type: SecurityType = STANDARD
    """Of the machines it is baked on and of those made from it.

    Standard is what each version of Packer's plugin bakes: 2.1 and newer make a Trusted Launch
    machine only with an argument that 1.4.5 refuses (plugin's template_builder.go).
    """

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
    """The virtual network of an environment: one subnet for all machines, with a NAT gateway.

    `managed` False means it is somebody else's: used, never written.
    """

    name: str
    address_space: str
    subnet: str
    subnet_prefix: str
    nat_gateway: str
    security_group: str
    managed: bool = True
    resource_group: str = ""
    """Where it lives; "" for the environment's own resource group."""


Access: TypeAlias = Literal["private", "public"]
PRIVATE: Final = "private"
PUBLIC: Final = "public"

FrontendName: TypeAlias = Literal["production", "staging"]
PRODUCTION: Final = "production"
STAGING: Final = "staging"
FRONTENDS: tuple[FrontendName, ...] = (PRODUCTION, STAGING)
"""The two frontends of a load balancer of ours, by name."""

STAGING_SUFFIX = "-staging"
"""What a staging rule is called by, behind the name of its pair."""


def rule_name(pair: str, frontend: FrontendName) -> str:
    """The rule of a pair on a frontend: `http` on production, `http-staging` on staging."""
    return pair if frontend == PRODUCTION else f"{pair}{STAGING_SUFFIX}"


@dataclass(frozen=True, slots=True)
class RuleProbe:
    """What Azure asks an instance on the backend port of a rule pair.

    `protocol` is `http`, `https` or `tcp`; `path` is "" for `tcp`.
    """

    protocol: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class RulePair:
    """A production rule and its staging twin: same backend port and probe, each on its frontend.

    The rules are named by `rule_name`. Without `probe` the health page's port is asked for the
    health page, and any other for a TCP connection.
    """

    name: str
    production_port: int
    staging_port: int
    backend_port: int
    probe: RuleProbe | None = None

    def probed(self, health: Health) -> RuleProbe:
        """What is asked on its backend port, of an image with this health page."""
        if self.probe:
            return self.probe
        if self.backend_port == health.port:
            return RuleProbe(health.protocol, health.path)
        return RuleProbe("tcp")


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """An image's rule pairs on a load balancer; several images may share one, `name`."""

    name: str
    image: str
    pairs: tuple[RulePair, ...]
    idle_timeout_minutes: int = 4
    private: bool = False
    """Whether the frontends are private addresses of the subnet instead of public ones."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A landing zone to deploy into."""

    name: str
    subscription: str
    tenant: str
    location: str
    resource_group: str
    gallery: str
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

    def load_balancer_of(self, image: str) -> LoadBalancer | None:
        """The load balancer that serves an image, if the environment has one."""
        return next((lb for lb in self.load_balancers if lb.image == image), None)


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that was written, read together so that all mistakes are reported together."""

    root: Path
    images: tuple[Image, ...]
    environments: tuple[Environment, ...]
