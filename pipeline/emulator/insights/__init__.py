"""The resource provider Microsoft.Insights: autoscale settings, stored and shown."""

from __future__ import annotations

from pipeline.emulator.arm.providers import Provider, Services
from pipeline.emulator.insights.autoscale import AutoscaleSettings


def provider(services: Services) -> Provider:
    """Microsoft.Insights for one emulator."""
    return Provider(namespace="Microsoft.Insights", kinds=(AutoscaleSettings(services.manager),))
