"""What Azure has now, as far as a swap is concerned: frozen values, and the roles they play.

Roles are read from rules, pools and tags each time, never from a local file (design.md 3.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.advice import Advice, create_environment
from pipeline.arm import ResourceId
from pipeline.definition.model import Environment, Image, LoadBalancer
from pipeline.errors import Refused
from pipeline.planning.names import (
    FRONTENDS,
    PRODUCTION,
    STAGING,
    FrontendName,
    SwapTag,
    SwapTagName,
    Tag,
    is_ours,
    load_balancer_tag,
    rule_name,
    version_key,
)
from pipeline.planning.versions import ImageVersion

IdleRole = Literal["staged", "previous", "rolled back"]


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance; `health` is the last word of `HealthState/healthy`, "" where nobody reports."""

    name: str
    health: str = ""

    @property
    def is_healthy(self) -> bool:
        """Whether the Application Health extension calls it healthy."""
        return self.health == "healthy"


@dataclass(frozen=True, slots=True)
class ScaleSet:
    """A scale set and its instances; `pools` are ids."""

    name: str
    resource: ResourceId
    tags: Mapping[str, str]
    capacity: int
    provisioning_state: str
    pools: tuple[ResourceId, ...]
    instances: tuple[Instance, ...] = ()

    @property
    def version(self) -> str:
        """The image version it was made from, by its tag; "" when it is not ours."""
        return self.tags.get(Tag.VERSION, "")

    def is_made_from(self, version: ImageVersion) -> bool:
        """Whether it was made from this very version, and not from a deleted one of its number."""
        mine, baked = self.tags.get(Tag.IMAGE_RUN), version.tags.get(Tag.RUN)
        return not (mine and baked) or mine == baked

    @property
    def healthy(self) -> int:
        """How many instances are healthy."""
        return sum(instance.is_healthy for instance in self.instances)

    @property
    def size(self) -> int:
        """How many instances it has or is about to have: what another must match."""
        return max(self.capacity, len(self.instances))

    @property
    def is_healthy(self) -> bool:
        """Whether it is made, as large as it should be, and every instance is healthy."""
        complete = self.provisioning_state == "Succeeded" and len(self.instances) >= self.capacity
        return complete and self.healthy == len(self.instances) > 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A load balancing or outbound rule, and the pool it leads to (None: to nothing).

    `frontend` is the id of its frontend, None for an outbound rule; `port` is the frontend's.
    """

    name: str
    pool: ResourceId | None
    frontend: ResourceId | None = None
    port: int = 0


@dataclass(frozen=True, slots=True)
class LoadBalancerState:
    """A load balancer as Azure has it; `body` is all that it answered."""

    resource: ResourceId
    provisioning_state: str
    tags: Mapping[str, str]
    rules: tuple[Rule, ...]
    outbound_rules: tuple[Rule, ...]
    addresses: Mapping[ResourceId, str]
    """By id of the frontend."""
    strangers: tuple[tuple[ResourceId, str], ...]
    """Members of no surveyed scale set: their pool, and the id of their IP configuration."""
    etag: str = field(compare=False, default="")
    body: Mapping[str, Any] = field(compare=False, default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Survey:
    """An image in an environment, and what Azure has of it."""

    environment: Environment
    image: Image
    declared: LoadBalancer
    """The load balancer as environments.hcl declares it."""
    load_balancer: LoadBalancerState
    scale_sets: tuple[ScaleSet, ...]
    versions: tuple[ImageVersion, ...]

    @property
    def production_pool(self) -> ResourceId:
        """The pool all production rules lead to; Refused when they disagree."""
        return self._pool_of(PRODUCTION)

    @property
    def idle_pool(self) -> ResourceId:
        """The pool all staging rules lead to; Refused when it is production's."""
        idle = self._pool_of(STAGING)
        if idle == self.production_pool:
            raise Refused(
                f"{self.load_balancer.resource}: production and staging rules lead to the same"
                f" pool, {idle.name}"
            )
        return idle

    @property
    def serving_sets(self) -> tuple[ScaleSet, ...]:
        """The scale sets that serve; usually one, none before the first promotion."""
        return self._members(self.production_pool)

    @property
    def idle_sets(self) -> tuple[ScaleSet, ...]:
        """The scale sets behind the staging frontend."""
        return self._members(self.idle_pool)

    @property
    def serving_version(self) -> str:
        """The version that serves; "" when nothing does or it is not ours."""
        serving = self.serving_sets
        ours = [found for found in serving if is_ours(found.tags, self.image.name)]
        return ours[0].version if len(ours) == len(serving) == 1 else ""

    @property
    def idle_set(self) -> ScaleSet | None:
        """The scale set of ours in the idle pool, whatever its role."""
        ours = [found for found in self.idle_sets if is_ours(found.tags, self.image.name)]
        return max(ours, key=lambda found: version_key(found.version), default=None)

    @property
    def live_capacity(self) -> int:
        """How many instances serve production now, strangers included."""
        strangers = sum(pool == self.production_pool for pool, _ in self.load_balancer.strangers)
        return sum(found.size for found in self.serving_sets) + strangers

    def strangers_in_idle(self) -> tuple[str, ...]:
        """What we did not make, behind the staging frontend."""
        foreign = [s for s in self.idle_sets if not is_ours(s.tags, self.image.name)]
        members = [who for pool, who in self.load_balancer.strangers if pool == self.idle_pool]
        return (*(str(found.resource) for found in foreign), *members)

    def version(self, name: str) -> ImageVersion | None:
        """A version of the image in the gallery."""
        return next((version for version in self.versions if version.name == name), None)

    def tag(self, what: SwapTagName) -> str:
        """What the last swap wrote on the load balancer (`serves`, `since`, …); "" if outdated."""
        tags = self.load_balancer.tags
        if tags.get(load_balancer_tag(self.image.name, SwapTag.SERVES), "") != self.serving_version:
            return ""
        return tags.get(load_balancer_tag(self.image.name, what), "")

    def idle_role(self, idle: ScaleSet) -> IdleRole:
        """Why it is in the idle pool: to be promoted, or as the way back.

        After a swap by other hands the tags say nothing; then the older version is the way back.
        """
        if self.tag(SwapTag.SERVES):
            if idle.version == self.tag(SwapTag.PREVIOUS):
                return "previous"
            return "rolled back" if idle.version == self.tag(SwapTag.ROLLED_BACK) else "staged"
        serving = self.serving_version
        older = bool(serving) and version_key(idle.version) < version_key(serving)
        return "previous" if older else "staged"

    @property
    def followers(self) -> tuple[str, ...]:
        """Rules that environments.hcl does not declare and that lead to production's pool."""
        return tuple(
            rule.name
            for rule in self.load_balancer.rules
            if rule.pool == self.production_pool and rule.name not in self._declared_rules
        )

    @property
    def outbound_followers(self) -> tuple[str, ...]:
        """Outbound rules through which production's instances reach the outside."""
        pool = self.production_pool
        return tuple(rule.name for rule in self.load_balancer.outbound_rules if rule.pool == pool)

    def health_url(self, frontend: FrontendName) -> str:
        """Where a frontend answers for the health page; Refused when no rule leads to its port.

        Address and port are those of the rule, whatever its frontend is called.
        """
        health = self.image.health
        for pair in self.declared.pairs:
            if pair.backend_port == health.port:
                address, port = self.endpoint(rule_name(pair.name, frontend))
                return f"{health.protocol}://{address}:{port}{health.path}"
        raise Refused(
            f"no rule of {self.declared.name} leads to port {health.port}, where"
            f" {self.image.name} tells its version; add one in environments.hcl"
        )

    def endpoint(self, name: str) -> tuple[str, int]:
        """The address and the port where a rule answers; ("", 0) without that rule."""
        rule = next((rule for rule in self.load_balancer.rules if rule.name == name), None)
        if rule is None or rule.frontend is None:
            return "", 0
        return self.load_balancer.addresses.get(rule.frontend, ""), rule.port

    @property
    def _declared_rules(self) -> frozenset[str]:
        names = (rule_name(pair.name, side) for pair in self.declared.pairs for side in FRONTENDS)
        return frozenset(names)

    def _members(self, pool: ResourceId) -> tuple[ScaleSet, ...]:
        return tuple(found for found in self.scale_sets if pool in found.pools)

    def _pool_of(self, frontend: FrontendName) -> ResourceId:
        names = [rule_name(pair.name, frontend) for pair in self.declared.pairs]
        pools = {rule.name: rule.pool for rule in self.load_balancer.rules}
        missing = [name for name in names if pools.get(name) is None]
        if missing:
            raise Refused(
                f"{self.load_balancer.resource}: no rule {missing[0]} that leads to a pool",
                advice=(Advice("create missing rules", create_environment()),),
            )
        found = {pools[name] for name in names}
        if len(found) > 1:
            where = ", ".join(f"{name} to {_name(pools[name])}" for name in names)
            raise Refused(f"{self.load_balancer.resource}: its rules disagree: {where}")
        pool = found.pop()
        if pool is None or pool.name not in self.declared.pools:
            raise Refused(
                f"{self.load_balancer.resource}: {names[0]} leads to {_name(pool)},"
                f" not to {' or '.join(self.declared.pools)}"
            )
        return pool


def _name(pool: ResourceId | None) -> str:
    return pool.name if pool else "nothing"
