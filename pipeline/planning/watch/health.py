"""What Azure's own probes find at the members behind a rule.

https://learn.microsoft.com/azure/load-balancer/load-balancer-manage-health-status (2024-10-30):
for probed rules only, empty for stopped machines; `NA` before the first probe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

UP = "up"


@dataclass(frozen=True, slots=True)
class MemberHealth:
    """One member; `reason` is Azure's word, such as `Down_Probe_HttpStatusCodeError`."""

    address: str
    is_up: bool
    reason: str
    configuration: str = ""
    """The id of its IP configuration; "" where Azure names none."""

    def __str__(self) -> str:
        return f"{self.address} {'is up' if self.is_up else 'is down'} ({self.reason})"


@dataclass(frozen=True, slots=True)
class RuleHealth:
    """The members behind a rule; `because` says why Azure told nothing, "" where it did."""

    rule: str
    members: tuple[MemberHealth, ...] = ()
    because: str = ""

    @property
    def is_known(self) -> bool:
        """Whether Azure told."""
        return not self.because

    def of(self, counts: Callable[[MemberHealth], bool]) -> RuleHealth:
        """The same of the members that count."""
        return replace(self, members=tuple(filter(counts, self.members)))

    @property
    def up(self) -> int:
        """How many members get new connections."""
        return sum(member.is_up for member in self.members)

    @property
    def is_in_doubt(self) -> bool:
        """Whether a member is known to be down."""
        return self.up < len(self.members)

    def __str__(self) -> str:
        if not self.is_known:
            return f"{self.rule}: not known ({self.because})"
        down = ", ".join(str(member) for member in self.members if not member.is_up)
        found = f"{self.rule}: {self.up} of {len(self.members)} members up"
        return f"{found}; {down}" if down else found


def rule_health(rule: str, body: Mapping[str, Any]) -> RuleHealth:
    """The value of the answer to `POST …/loadBalancingRules/{rule}/health`.

    One that names no member says nothing: it is documented as empty for stopped machines, and
    nobody has seen what else it is empty for.
    """
    members = tuple(
        MemberHealth(
            str(member.get("ipAddress") or ""),
            str(member.get("state") or "").lower() == UP,
            str(member.get("reason") or ""),
            str(member.get("networkInterfaceIPConfigurationId") or ""),
        )
        for member in body.get("loadBalancerBackendAddresses") or ()
    )
    return RuleHealth(rule, members, because="" if members else "no member is named")
