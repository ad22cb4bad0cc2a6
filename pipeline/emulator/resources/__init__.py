"""The resource provider Microsoft.Resources: subscriptions, groups, deployments, tags."""

from __future__ import annotations

from pipeline.emulator.arm.providers import Polling, Provider, Services
from pipeline.emulator.resources.deployments import Deployments
from pipeline.emulator.resources.groups import ResourceGroups
from pipeline.emulator.resources.subscriptions import Subscriptions
from pipeline.emulator.resources.tags import Tags

POLLING = Polling(
    status="{resource}/operationStatuses/{id}",
    status_of=frozenset({"realize", "act"}),
    result="/subscriptions/{subscription}/operationresults/{id}",
    result_of=frozenset({"destroy"}),
    running="Running",
    tells_times=False,
)


def provider(services: Services) -> Provider:
    """Microsoft.Resources for one emulator."""
    manager = services.manager
    return Provider(
        namespace="Microsoft.Resources",
        kinds=(ResourceGroups(manager), Deployments(manager)),
        polling=POLLING,
        routes=(
            *Subscriptions(manager, services.tenant, services.subscriptions).routes,
            *Tags(manager).routes,
        ),
    )
