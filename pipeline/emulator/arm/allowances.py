"""What the subscription may use: quotas, sizes on offer, registered providers.

All of it is generous until somebody asks for less over `/emulator/limits`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter
from pipeline.emulator.arm.kept import UNTIL_RESET
from pipeline.emulator.arm.regions import REGIONS, normal_location
from pipeline.emulator.arm.store import Store

_FACT = f"{UNTIL_RESET}allowances"
GENEROUS = 100_000
"""The limit of a quota that nobody set."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Keys are `location name` in lower case; `unregistered` are namespaces in lower case."""

    quotas: dict[str, int] = field(default_factory=dict)
    restricted: dict[str, str] = field(default_factory=dict)
    unregistered: tuple[str, ...] = ()
    actions: tuple[str, ...] = ("*",)
    not_actions: tuple[str, ...] = ()


class Allowances:
    """Kept in the store, so that a restart forgets none of them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def quota(self, location: str, name: str) -> int:
        """The limit of a quota in a region."""
        return self._kept.quotas.get(_key(location, name), GENEROUS)

    def restriction(self, location: str, size: str) -> str:
        """The reason code why a size is not on offer in a region; "" when it is."""
        return self._kept.restricted.get(_key(location, size), "")

    def is_registered(self, namespace: str) -> bool:
        """Whether the subscription is registered for a provider."""
        return namespace.lower() not in self._kept.unregistered

    def register(self, namespace: str, *, registered: bool) -> None:
        """Register the subscription for a provider, or take that back."""
        others = tuple(name for name in self._kept.unregistered if name != namespace.lower())
        own = () if registered else (namespace.lower(),)
        self._keep(replace(self._kept, unregistered=(*others, *own)))

    def require_registered(self, namespace: str) -> None:
        """Raises ArmError as Azure words it (common-deployment-errors of Azure's documentation)."""
        if self.is_registered(namespace):
            return
        message = (
            f"The subscription is not registered to use namespace '{namespace}'. See "
            "https://aka.ms/rps-not-found for how to register subscriptions."
        )
        raise ArmError(409, "MissingSubscriptionRegistration", message)

    @property
    def permissions(self) -> list[dict[str, Any]]:
        """What the caller's one role allows, as Azure answers it: an owner unless said otherwise.

        It is told and not enforced.
        """
        return [
            {
                "actions": list(self._kept.actions),
                "notActions": list(self._kept.not_actions),
                "dataActions": [],
                "notDataActions": [],
            }
        ]

    def limit(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Take `{"location", "quota", "limit"}`, `{"location", "size"}` or `{"actions"}`."""
        kept, location = self._kept, normal_location(str(asked.get("location") or ""))
        match asked:
            case {"actions": [*actions]}:
                less = tuple(str(one) for one in asked.get("notActions") or ())
                given = tuple(str(one) for one in actions)
                self._keep(replace(kept, actions=given, not_actions=less))
            case _ if location not in REGIONS:
                raise invalid_parameter("location", f"'{location}' is no region.")
            case {"quota": str(name), "limit": int(limit)}:
                self._keep(replace(kept, quotas={**kept.quotas, _key(location, name): limit}))
            case {"size": str(size), **rest}:
                reason = str(rest.get("reason") or "NotAvailableForSubscription")
                restricted = {**kept.restricted, _key(location, size): reason}
                self._keep(replace(kept, restricted=restricted))
            case _:
                raise invalid_parameter(
                    "limits", "Either 'quota' and 'limit' or 'size' must be given."
                )
        return asked

    def listed(self) -> dict[str, Any]:
        """All that was asked for."""
        kept = self._kept
        return {
            "quotas": kept.quotas,
            "restricted": kept.restricted,
            "unregistered": list(kept.unregistered),
        }

    def clear(self) -> None:
        """Be generous again."""
        self._store.drop_fact(_FACT)

    @property
    def _kept(self) -> _Kept:
        return self._store.fact(_FACT, _Kept) or _Kept()

    def _keep(self, kept: _Kept) -> None:
        self._store.set_fact(_FACT, kept)


def _key(location: str, name: str) -> str:
    return f"{normal_location(location)} {name.lower()}"
