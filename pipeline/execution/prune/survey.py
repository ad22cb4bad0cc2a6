"""Asking Azure what is in use, and how old things are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused, SignInFailed, Unreachable
from pipeline.execution.azure.operations import SCALE_SETS
from pipeline.execution.azure.resources import Azure
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import image_version_of
from pipeline.planning.names import declared_id
from pipeline.planning.prune.uses import Uses, versions_led_to
from pipeline.planning.sharing import sharing
from pipeline.planning.versions import ImageVersion


def uses_of(session: Session, image: str, versions: tuple[ImageVersion, ...]) -> Uses:
    """Who needs the versions of an image, in every environment that shares the gallery.

    That is each scale set of its subscription, in any resource group, and the way back that its
    load balancer names. Raises what Azure says of the session's own environment.
    """
    found: defaultdict[ResourceId, set[ResourceId]] = defaultdict(set)
    unknown = [
        f"what {faulty.name} needs is not known: its definition has mistakes"
        for faulty in session.project.of("environment")
    ]
    listed: set[str] = set()
    for environment in sharing(session.project, session.environment):
        azure = session.azure_of(environment)
        try:
            if environment.subscription not in listed:
                listed.add(environment.subscription)
                for version, user in _scale_sets(azure):
                    found[version].add(user)
            if environment != session.environment:
                for version, user in _ways_back(azure, image, versions):
                    found[version].add(user)
        except (AzureRefused, SignInFailed, Unreachable) as error:
            if environment == session.environment:
                raise
            unknown.append(f"what {environment.name} needs is not known: {error}")
    return Uses({version: frozenset(users) for version, users in found.items()}, tuple(unknown))


def _scale_sets(azure: Azure) -> Iterator[tuple[ResourceId, ResourceId]]:
    for body in azure.list_in_subscription(SCALE_SETS):
        if version := image_version_of(body["properties"]):
            yield version, ResourceId.parse(str(body["id"]))


def _ways_back(
    azure: Azure, image: str, versions: tuple[ImageVersion, ...]
) -> Iterator[tuple[ResourceId, ResourceId]]:
    environment = azure.environment
    declared = environment.load_balancer_of(image)
    if declared is not None:
        resource = declared_id(environment, declared)
        for version in versions_led_to(environment, image, versions, azure.get(resource) or {}):
            yield version, resource
