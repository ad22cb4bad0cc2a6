"""A load balancer as Azure has it, as far as a swap is concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.arm import ResourceId
from pipeline.planning.swap.backend import Member


@dataclass(frozen=True, slots=True)
class Rule:
    """A load balancing, outbound or inbound NAT rule, and the pool it leads to (None: to nothing).

    `frontend` is the id of its frontend, None for an outbound rule; `port` is the frontend's.
    """

    name: str
    pool: ResourceId | None
    frontend: ResourceId | None = None
    port: int = 0
    pools: int = 1
    """How many pools it leads to: more than one only on a Gateway load balancer."""


@dataclass(frozen=True, slots=True)
class LoadBalancerState:
    """A load balancer as Azure has it; `body` is all that it answered."""

    resource: ResourceId
    provisioning_state: str
    tags: Mapping[str, str]
    rules: tuple[Rule, ...]
    outbound_rules: tuple[Rule, ...]
    nat_rules: tuple[Rule, ...]
    addresses: Mapping[ResourceId, str]
    """By id of the frontend."""
    members: Mapping[ResourceId, tuple[Member, ...]]
    """By id of the pool: whoever Azure lists in it."""
    taken_out: Mapping[ResourceId, tuple[Member, ...]] = field(default_factory=dict)
    """Of those, by id of the pool: whose admin state is `Down`, so that no connection is new."""
    etag: str = field(compare=False, default="")
    body: Mapping[str, Any] = field(compare=False, default_factory=dict, repr=False)

    @property
    def is_being_written(self) -> bool:
        """Whether a write of it is under way: its rules may not have moved yet."""
        return self.provisioning_state == "Updating"

    @property
    def has_failed(self) -> bool:
        """Whether Azure failed to carry out its last write."""
        return self.provisioning_state == "Failed"

    def rule(self, name: str) -> Rule | None:
        """The load balancing rule of that name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def endpoint(self, name: str) -> tuple[str, int]:
        """The address and the port where a rule answers; ("", 0) without that rule."""
        rule = self.rule(name)
        if rule is None or rule.frontend is None:
            return "", 0
        return self.addresses.get(rule.frontend, ""), rule.port

    def pool(self, name: str) -> ResourceId:
        """The id of a pool of that name, whether it is there or not."""
        return self.resource.child("backendAddressPools", name)
