"""Autoscale settings: what there is, and letting them follow production."""

from __future__ import annotations

from pipeline.errors import AzureRefused, Unreachable
from pipeline.execution.azure.lists import autoscale_settings
from pipeline.execution.azure.requests import put
from pipeline.execution.azure.resources import Azure
from pipeline.execution.patience import NETWORK
from pipeline.execution.run.work import Work
from pipeline.planning.swap.autoscale import Setting, read, writes
from pipeline.planning.swap.steps import FollowAutoscale


def settings_of(azure: Azure) -> tuple[Setting, ...]:
    """The settings that Azure tells of; none where it does not: a swap goes on without."""
    try:
        return read(autoscale_settings(azure))
    except (AzureRefused, Unreachable):
        return ()


def follow_autoscale(step: FollowAutoscale, work: Work) -> None:
    """On for what serves, then off for what was left.

    The swap itself is done: what cannot be written is told, and is no failure of it.
    """
    try:
        for resource, body in writes(read(autoscale_settings(work.azure)), step, work.run.id):
            work.send(put(resource, dict(body)), NETWORK)
    except AzureRefused as refusal:
        work.session.output.say(f"autoscale does not follow: {refusal}")
