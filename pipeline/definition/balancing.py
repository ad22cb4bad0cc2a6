"""How traffic comes to an image: its health, and its rule pairs on a load balancer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from pipeline.definition.shape import NO_INSTANCES, Instances

HealthStates: TypeAlias = Literal["rich", "binary"]
RICH: Final = "rich"
BINARY: Final = "binary"
"""The Application Health extension's two kinds of states, in Azure's words."""

VersionIn: TypeAlias = Literal["json", "text", "none"]
JSON: Final = "json"
TEXT: Final = "text"
NOWHERE: Final = "none"
"""Where a health page tells which version answers."""

Protocol: TypeAlias = Literal["tcp", "udp", "all"]
TCP: Final = "tcp"
UDP: Final = "udp"
ALL: Final = "all"
"""What a load balancing rule balances; all protocols at all ports is what Azure calls HA ports."""


@dataclass(frozen=True, slots=True)
class Health:
    """Where an instance tells that it is well, and perhaps which version it is.

    `protocol` is `http`, `https` or `tcp`. With rich states `path` answers 200 and JSON
    `{"ApplicationHealthState": "Healthy", …}` (Application Health extension 2.0); with binary ones
    200 is healthy, as is an open port for `tcp`, whose `path` is "".
    """

    protocol: str
    port: int
    path: str = ""
    states: HealthStates = RICH
    version: VersionIn = JSON
    """JSON: its key `version`; TEXT: the first three numbers with dots in the page."""
    check: bool | None = None
    """Whether the machine of a check is asked, too; None: if instances get no more than it."""


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
    """What Azure asks an instance about a rule pair.

    `protocol` is `http`, `https` or `tcp`; `path` is "" for `tcp`; `port` 0 is the pair's own.
    """

    protocol: str
    path: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class RulePair:
    """A production rule and its staging twin: same backend port and probe, each on its frontend."""

    name: str
    production_port: int
    staging_port: int
    backend_port: int
    probe: RuleProbe | None = None
    """None where it follows from the health page."""
    production_rule: str = ""
    """What the production rule is called; "" for the pair's name."""
    staging_rule: str = ""
    """What the staging rule is called; "" for the pair's name and `STAGING_SUFFIX`."""
    probe_name: str = ""
    """What their probe is called; "" for the pair's name."""
    protocol: Protocol = TCP
    """ALL has port 0 everywhere: whatever port a client takes."""
    floating_ip: bool = False
    """Whether instances see the frontend's address as theirs."""

    def leads_to(self, health: Health) -> bool:
        """Whether clients of its rules reach the health page."""
        return self.protocol == ALL or (self.protocol == TCP and self.backend_port == health.port)

    def rule(self, frontend: FrontendName) -> str:
        """The name of its rule on a frontend."""
        named = self.production_rule if frontend == PRODUCTION else self.staging_rule
        return named or rule_name(self.name, frontend)

    def port(self, frontend: FrontendName) -> int:
        """The port of its rule on a frontend."""
        return self.production_port if frontend == PRODUCTION else self.staging_port

    @property
    def probe_called(self) -> str:
        """The name of its probe."""
        return self.probe_name or self.name


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """An image's rule pairs on a load balancer; several images may share one, `name`.

    `managed` False means it is somebody else's: never created, never completed, and written only
    where bakeswap leads rules, adds and removes pools of its own, and notes what it did in tags.
    """

    name: str
    image: str
    pairs: tuple[RulePair, ...]
    idle_timeout_minutes: int = 4
    private: bool = False
    """Whether the frontends are private addresses of the subnet instead of public ones."""
    managed: bool = True
    resource_group: str = ""
    """Where it lives; "" for the environment's own resource group."""
    production_frontend: str = PRODUCTION
    """What the frontend of production's rules is called; "" for whatever they use."""
    staging_frontend: str = STAGING
    """The same of the staging rules; one frontend may carry both, at different ports."""
    production_address: str = ""
    """The private address of that frontend; "" for one that Azure chooses."""
    staging_address: str = ""
    instances: Instances = NO_INSTANCES
    """What the image's instances have in this environment and in no other."""

    def frontend(self, frontend: FrontendName) -> str:
        """What a frontend is called."""
        return self.production_frontend if frontend == PRODUCTION else self.staging_frontend

    @property
    def addresses(self) -> dict[str, str]:
        """The private addresses that are chosen, by the name of the frontend."""
        chosen = {self.staging_frontend: self.staging_address}
        if self.production_address:
            chosen[self.production_frontend] = self.production_address
        return {name: address for name, address in chosen.items() if address}

    def health_pair(self, health: Health) -> RulePair | None:
        """The pair whose rules lead to the health page, if any does."""
        return next((pair for pair in self.pairs if pair.leads_to(health)), None)

    def probed(self, pair: RulePair, health: Health) -> RuleProbe:
        """What is asked about a pair, of an image with this health page.

        Where the definition says nothing: its backend port for a connection, or for the page where
        it leads there; the page, too, where no rule leads to it, or where the rule is not TCP's:
        Azure's probes are TCP or HTTP(S).
        """
        if pair.probe:
            return replace(pair.probe, port=pair.probe.port or pair.backend_port or health.port)
        if pair.protocol == TCP and not pair.leads_to(health) and self.health_pair(health):
            return RuleProbe(TCP, port=pair.backend_port)
        return RuleProbe(health.protocol, health.path, health.port)
