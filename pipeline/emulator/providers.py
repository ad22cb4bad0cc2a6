"""The resource providers that are served: a new one is a package, and its line here."""

from __future__ import annotations

from pipeline.emulator import authorization, compute, insights, network, policy, resources, vault
from pipeline.emulator.arm.providers import Provide

PROVIDERS: tuple[Provide, ...] = (
    resources.provider,
    network.provider,
    compute.provider,
    authorization.provider,
    insights.provider,
    policy.provider,
    vault.provider,
)
