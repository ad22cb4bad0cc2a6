"""What `doctor` looks at: programs, routes, the sign-in, and then Azure side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused, SignInFailed, Unreachable
from pipeline.execution import winrm
from pipeline.execution.azure import lists
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.side_by_side import each_by_name
from pipeline.execution.build.way import has_way, runner
from pipeline.execution.doctor.attached import look_here, look_in_azure
from pipeline.execution.landing_zone.survey import namesakes
from pipeline.execution.packer.tools import find_tools, packer_version
from pipeline.execution.preflight.survey import survey_preflight
from pipeline.execution.run.session import Session
from pipeline.planning.doctor.facts import Azure, Elsewhere, Examination, Programs, Thing
from pipeline.planning.names import gallery_id
from pipeline.planning.preflight.facts import Facts, Known, Unknown
from pipeline.planning.preflight.wanted import Wanted
from pipeline.planning.rights import Permission

T = TypeVar("T")


def examine(session: Session) -> Examination:
    """Ask all of it, and change nothing; who cannot be asked is Unknown."""
    environment = session.environment
    return Examination(
        environment=environment,
        azure=_asked(lambda: _azure(session), SignInFailed, Unreachable),
        programs=_asked(_programs, Unreachable),
        runner=runner(environment),
        has_way=has_way(environment),
        windows=tuple(one.name for one in session.project.images if one.system.is_windows),
        has_winrm=winrm.is_here(),
        looked=look_here(session),
    )


def _asked(ask: Callable[[], T], *errors: type[Exception]) -> Known[T]:
    try:
        return ask()
    except errors as error:
        return Unknown(str(error))


def _programs() -> Programs:
    tools = find_tools()
    return Programs(packer_version(tools), tools.plugin_version)


def _azure(session: Session) -> Azure:
    """Raises SignInFailed and Unreachable: then nothing else can be asked."""
    session.azure.clients.prepare()
    environment = session.environment
    gallery = gallery_id(environment)
    found = each_by_name(
        {
            "group": lambda: _asked(lambda: _has_group(session), AzureRefused),
            "gallery": lambda: _asked(lambda: session.azure.get(gallery) is not None, AzureRefused),
            "permissions": lambda: _asked(lambda: _permissions(session), AzureRefused),
            "namesakes": lambda: _namesakes(session),
            "build group": lambda: _asked(lambda: _build_group(session), AzureRefused),
            "looked": lambda: look_in_azure(session),
        }
    )
    return Azure(
        images=_images(session),
        permissions=found["permissions"],
        has_group=found["group"],
        has_gallery=found["gallery"],
        namesakes=found["namesakes"],
        build_group=found["build group"],
        looked=found["looked"],
        elsewhere=tuple(_elsewhere(session)),
    )


def _has_group(session: Session) -> bool:
    return session.azure.group(session.environment.resource_group) is not None


def _build_group(session: Session) -> str:
    named = session.environment.build_resource_group
    return session.azure.region_of(named) if named else ""


def _namesakes(session: Session) -> tuple[ResourceId, ...]:
    own = gallery_id(session.environment)
    return tuple(one for one in namesakes(session, {}) if one != own)


def _images(session: Session) -> tuple[Facts, ...]:
    """The facts of a stage of each image that the environment serves, of no version."""
    environment = session.environment
    served = [one.image for one in environment.load_balancers]
    return tuple(
        survey_preflight(session, Wanted(environment, session.image(name), "", 0))
        for name in served
    )


def _elsewhere(session: Session) -> Iterator[Elsewhere]:
    environment, gallery = session.environment, gallery_id(session.environment)
    things: list[tuple[str, Thing]] = [
        (_scope(environment.subscription, group), "load balancer")
        for group in environment.other_groups
    ]
    own = _scope(environment.subscription, environment.resource_group)
    where = _scope(gallery.subscription, gallery.resource_group)
    if where.lower() != own.lower():
        things.append((where, "gallery"))
    if environment.build_resource_group:
        things.append(
            (_scope(environment.subscription, environment.build_resource_group), "builds")
        )
    for scope, thing in things:
        yield Elsewhere(
            scope, thing, _asked(partial(_permissions_in, session, scope), AzureRefused)
        )


def _scope(subscription: str, group: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def _permissions(session: Session) -> tuple[Permission, ...]:
    """What the caller's roles allow in the subscription; in the group where only that is told."""
    subscription = f"/subscriptions/{session.environment.subscription}"
    try:
        return _read(lists.permissions(session.azure, subscription))
    except AzureRefused:
        own = session.environment.resource_group
        return _permissions_in(session, _scope(session.environment.subscription, own))


def _permissions_in(session: Session, scope: str) -> tuple[Permission, ...]:
    """What the caller's roles allow in a resource group, those of the subscription included."""
    return _read(lists.permissions(session.azure, scope))


def _read(found: list[Body]) -> tuple[Permission, ...]:
    return tuple(
        Permission(tuple(one.get("actions") or ()), tuple(one.get("notActions") or ()))
        for one in found
    )
