"""What a resource provider is: its kinds, how its operations are polled, what else it answers.

A provider is a package with a function `provider(services)`, and a line in
`pipeline/emulator/providers.py`. The edge knows none by name.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pipeline.emulator.arm.addresses import Addresses
from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.data_path import DataPath
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.operations import Verb
from pipeline.emulator.arm.rates import Limit
from pipeline.emulator.identity.sealing import Sealer
from pipeline.emulator.identity.tokens import Tokens
from pipeline.emulator.machines.seam import Machines

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What an emulator gives each of its providers."""

    manager: ResourceManager
    addresses: Addresses
    data_path: DataPath
    machines: Machines
    sealer: Sealer
    tokens: Tokens
    address: Callable[[], str]
    """The emulator's own, `https://127.0.0.1:8443`, once it listens."""
    host: Callable[[str], str]
    """The address of a host for all below a path: `https://127.0.0.1:40123`, made on first use."""
    tenant: str
    subscriptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that a route answers. `path` is as it was sent; names of `query` in lower case.

    `base` is the emulator as the client addresses it, without a slash at the end; `authorization`
    the header of a request that no step of the edge has authenticated.
    """

    path: str
    parameters: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    base: str = ""
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Route:
    """A path that is no resource of a kind, spelled as the ARM reference prints it.

    `{name}` is one segment; `{scope}` at the beginning is any resource, group or subscription.
    """

    method: str
    path: str
    answer: Callable[[Call], Awaitable[Answer]]

    def matches(self, segments: Sequence[str]) -> Mapping[str, str] | None:
        """The parameters in a path, taken apart at its slashes; None for another path."""
        wanted = [part for part in self.path.split("/") if part]
        found: dict[str, str] = {}
        if wanted[0] == "{scope}":
            own = len(wanted) - 1
            if len(segments) <= own:
                return None
            found["scope"] = "/" + "/".join(segments[:-own])
            wanted, segments = wanted[1:], segments[-own:]
        if len(wanted) != len(segments):
            return None
        for part, segment in zip(wanted, segments, strict=True):
            if part.startswith("{"):
                found[part.strip("{}")] = segment
            elif part.lower() != segment.lower():
                return None
        return found


_IN_LOCATION = "/subscriptions/{subscription}/providers/{namespace}/locations/{location}"
_EVERY: frozenset[Verb] = frozenset({"realize", "act", "destroy"})


@dataclass(frozen=True, slots=True)
class Polling:
    """How operations are polled, as recorded from Azure. The default is compute's.

    `status` and `result` are the addresses in `Azure-AsyncOperation` and `Location`, and the verbs
    that have them; `{operations}` is the kind's `operation_path`. `running` is the status of an
    operation under way; with `tells_times`, a status has its name and times.
    """

    status: str = f"{_IN_LOCATION}/{{operations}}/{{id}}?p={{id}}"
    status_of: frozenset[Verb] = _EVERY
    result: str = f"{_IN_LOCATION}/{{operations}}/{{id}}?p={{id}}&monitor=true"
    result_of: frozenset[Verb] = frozenset({"act", "destroy"})
    headers: Mapping[str, str] = field(default_factory=dict)
    running: str = "InProgress"
    tells_times: bool = True

    @classmethod
    def in_location(cls, status: str, result: str, **more: Any) -> Polling:
        """With both addresses below the location of the provider."""
        return cls(status=f"{_IN_LOCATION}/{status}", result=f"{_IN_LOCATION}/{result}", **more)


async def _nothing() -> None:
    """What there is to resume or close for most providers."""


@dataclass(frozen=True, slots=True)
class Provider:
    """A resource provider. Actions and views are its kinds' own.

    `limits` are how often it lets itself be asked, when somebody asks for that.
    `open_routes` are answered without a token for the resource manager: their addresses are known
    to whoever may ask, or they ask for a token of their own.
    `resume` starts again, after a restart, what was running, and returns when all of it runs;
    `close` ends what the provider itself started.
    """

    namespace: str
    kinds: tuple[Kind, ...]
    polling: Polling = field(default_factory=Polling)
    routes: tuple[Route, ...] = ()
    limits: tuple[Limit, ...] = ()
    open_routes: tuple[Route, ...] = ()
    resume: Callable[[], Awaitable[None]] = _nothing
    close: Callable[[], Awaitable[None]] = _nothing


Provide: TypeAlias = Callable[[Services], Provider]


class Providers:
    """All providers of one emulator."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self._providers = tuple(providers)
        self._pollings = {each.namespace.lower(): each.polling for each in self._providers}
        self._resuming: list[asyncio.Task[None]] = []

    @property
    def kinds(self) -> list[Kind]:
        """Every kind, in the order of the providers."""
        return [kind for provider in self._providers for kind in provider.kinds]

    @property
    def limits(self) -> tuple[Limit, ...]:
        """How often they let themselves be asked."""
        return tuple(limit for provider in self._providers for limit in provider.limits)

    def polling(self, namespace: str) -> Polling:
        """How the operations on a namespace's resources are polled."""
        return self._pollings.get(namespace.lower()) or Polling()

    def route(self, method: str, segments: Sequence[str]) -> tuple[Route, Mapping[str, str]] | None:
        """The first route for a request, and the parameters in its path."""
        return _first((one for each in self._providers for one in each.routes), method, segments)

    def open_route(
        self, method: str, segments: Sequence[str]
    ) -> tuple[Route, Mapping[str, str]] | None:
        """The same of those that need no token."""
        routes = (one for each in self._providers for one in each.open_routes)
        return _first(routes, method, segments)

    def resume(self) -> None:
        """Start again, in the background, what was running before a restart."""
        self._resuming = [asyncio.create_task(self._resume(each)) for each in self._providers]

    async def _resume(self, provider: Provider) -> None:
        try:
            await provider.resume()
        except Exception:
            _log.exception("%s does not resume", provider.namespace)

    async def close(self) -> None:
        """End what the providers started, the last first."""
        for task in self._resuming:
            task.cancel()
        await asyncio.gather(*self._resuming, return_exceptions=True)
        for provider in reversed(self._providers):
            await provider.close()


def _first(
    routes: Iterable[Route], method: str, segments: Sequence[str]
) -> tuple[Route, Mapping[str, str]] | None:
    for route in routes:
        parameters = route.matches(segments) if route.method == method else None
        if parameters is not None:
            return route, parameters
    return None
