"""Where the rules of an image lead: those that are declared, and those that share its pool."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.advice import Advice, create_environment
from pipeline.arm import ResourceId
from pipeline.definition.balancing import (
    FRONTENDS,
    NOWHERE,
    PRODUCTION,
    STAGING,
    TCP,
    FrontendName,
    LoadBalancer,
    RulePair,
)
from pipeline.definition.model import Environment, Image
from pipeline.errors import Refused
from pipeline.planning.swap.state import LoadBalancerState, Rule


@dataclass(frozen=True, slots=True)
class Routing:
    """The rules of an image on its load balancer, as they are declared and as Azure has them."""

    environment: Environment
    image: Image
    declared: LoadBalancer
    """The image's part of the load balancer, as environments.hcl declares it."""
    load_balancer: LoadBalancerState

    @property
    def production_pool(self) -> ResourceId:
        """The pool that the production rule of the health page leads to."""
        return self._lead(PRODUCTION)

    @property
    def staging_pool(self) -> ResourceId:
        """The pool that the staging rule of the health page leads to."""
        return self._lead(STAGING)

    def rules(self, frontend: FrontendName) -> tuple[str, ...]:
        """The declared rules of a frontend that the load balancer has."""
        return tuple(name for name in self._declared(frontend) if self.load_balancer.rule(name))

    @property
    def missing_rules(self) -> tuple[str, ...]:
        """The declared rules that the load balancer does not have."""
        return tuple(
            name
            for frontend in FRONTENDS
            for name in self._declared(frontend)
            if self.load_balancer.rule(name) is None
        )

    @property
    def taken_out(self) -> frozenset[str]:
        """Members of production's pool that get no new connection: instances by number."""
        found = self.load_balancer.taken_out.get(self.production_pool, ())
        return frozenset(member.instance or member.owner.name for member in found)

    @property
    def astray(self) -> tuple[Rule, ...]:
        """Declared production rules that lead elsewhere than the health page's."""
        return tuple(
            rule
            for rule in self.load_balancer.rules
            if rule.name in self._declared(PRODUCTION) and rule.pool != self.production_pool
        )

    @property
    def followers(self) -> tuple[str, ...]:
        """Rules that environments.hcl does not declare and that lead to production's pool."""
        declared = {name for frontend in FRONTENDS for name in self._declared(frontend)}
        return self._leading_to_production(
            tuple(rule for rule in self.load_balancer.rules if rule.name not in declared)
        )

    @property
    def left_behind(self) -> tuple[Rule, ...]:
        """Undeclared rules that lead to production's instances by another pool of them.

        Such as those of IPv6, whose addresses are in pools of their own. A swap does not move them.
        """
        declared = {name for frontend in FRONTENDS for name in self._declared(frontend)}
        members, pool = self.load_balancer.members, self.production_pool
        here = set(members.get(pool, ()))
        return tuple(
            rule
            for rule in self.load_balancer.rules
            if rule.name not in declared
            and rule.pool is not None
            and rule.pool != pool
            and here.intersection(members.get(rule.pool, ()))
        )

    @property
    def outbound_followers(self) -> tuple[str, ...]:
        """Outbound rules through which production's instances reach the outside."""
        return self._leading_to_production(self.load_balancer.outbound_rules)

    @property
    def nat_followers(self) -> tuple[str, ...]:
        """Inbound NAT rules that lead to production's pool."""
        return self._leading_to_production(self.load_balancer.nat_rules)

    def health_url(self, frontend: FrontendName) -> str:
        """Where a frontend answers for the health page, or for a connection.

        Address and port are those of the rule, whatever its frontend is called.
        """
        health, pair = self.image.health, self._lead_pair
        address, port = self.load_balancer.endpoint(pair.rule(frontend))
        if not pair.leads_to(health):
            return f"{TCP}://{address}:{port}"
        return f"{health.protocol}://{address}:{port or health.port}{health.path}"

    def health_rule(self, frontend: FrontendName) -> str:
        """The rule of a frontend whose pool is that of its role; Refused without one."""
        return self._lead_pair.rule(frontend)

    @property
    def can_be_asked(self) -> bool:
        """Whether a client can see that something answers at the rule of `health_rule`."""
        pair = self._lead_pair
        return pair.protocol == TCP or pair.leads_to(self.image.health)

    @property
    def names_version(self) -> bool:
        """Whether what answers at the frontends tells which version it is."""
        health = self.image.health
        return health.version != NOWHERE and self.declared.health_pair(health) is not None

    @property
    def unproven(self) -> tuple[str, ...]:
        """What no proof of a swap shows, in words."""
        if self.names_version:
            return ()
        rules = ", ".join(self.rules(PRODUCTION))
        return (
            f"nothing at the frontends of {self.image.name} names its version: proven are the pool"
            f" that {rules} lead to, what Azure's probes find there, and that something answers",
        )

    @property
    def _lead_pair(self) -> RulePair:
        """The pair that leads to the health page.

        Where none does, and the definition wants no version proven, the first that a client can
        ask. Refused without one.
        """
        health, pairs = self.image.health, self.declared.pairs
        found = self.declared.health_pair(health)
        if found is None and health.version == NOWHERE:
            found = next((pair for pair in pairs if pair.protocol == TCP), pairs[0])
        if found is None:
            raise Refused(
                f"no rule of {self.declared.name} leads to port {health.port}, where"
                f" {self.image.name} tells its version; add one in environments.hcl"
            )
        return found

    def _declared(self, frontend: FrontendName) -> tuple[str, ...]:
        return tuple(pair.rule(frontend) for pair in self.declared.pairs)

    def _lead(self, frontend: FrontendName) -> ResourceId:
        """Where the rule of the health page leads; Refused without it."""
        name = self._lead_pair.rule(frontend)
        rule = self.load_balancer.rule(name)
        if rule is None or rule.pool is None:
            raise Refused(
                f"{self.load_balancer.resource}: no rule {name} that leads to a pool",
                advice=(Advice("create missing rules", create_environment()),),
            )
        if rule.pools > 1:
            raise Refused(several_pools(self.load_balancer, rule))
        return rule.pool

    def _leading_to_production(self, rules: tuple[Rule, ...]) -> tuple[str, ...]:
        pool = self.production_pool
        return tuple(rule.name for rule in rules if rule.pool == pool)


def several_pools(balancer: LoadBalancerState, rule: Rule) -> str:
    """Why a rule that leads to several pools is not moved."""
    return (
        f"{balancer.resource}: {rule.name} leads to {rule.pools} pools; bakeswap moves rules that"
        " lead to one"
    )
