"""Which request means what: ARM's paths, matched without regard to case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.edge import polling
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.edge.subscriptions import Subscriptions

Lookup = Callable[[Sequence[str], Mapping[str, str]], Any]
"""Answers `GET /subscriptions/S/providers/NAMESPACE/locations/LOCATION/…`: gets the path's segments
and the query; raises ArmError."""

_DELETION_PATIENCE = 1.0
"""Seconds a GET waits for a deletion under way: Packer's plugin 2.x asks again without a pause."""


class Router:
    """Everything that needs a token and an api-version."""

    def __init__(
        self,
        manager: ResourceManager,
        subscriptions: Subscriptions,
        lookups: Mapping[str, Lookup],
        poll_wait: float,
    ) -> None:
        self._manager = manager
        self._subscriptions = subscriptions
        self._lookups = {namespace.lower(): lookup for namespace, lookup in lookups.items()}
        self._poll_wait = poll_wait

    async def answer(self, exchange: Exchange) -> Answer:  # noqa: PLR0911 - a table of routes
        """Answer one request, or raise ArmError."""
        match exchange.words:
            case ["subscriptions", subscription, *_]:
                self._subscriptions.require(subscription)
        match exchange.words:
            case ["subscriptions", _, "operationresults", identifier]:
                return await self._poll(exchange, identifier, is_result=True)
            case ["subscriptions", _, "providers", _, "locations", _, *_]:
                return await self._in_location(exchange)
            case ["subscriptions", _, "resourcegroups", _, "providers", _, _, *_]:
                return await self._provider(exchange, exchange.segments[6:])
            case ["subscriptions", _, "resourcegroups", _, "deployments", *_]:
                return await self._provider(exchange, exchange.segments[4:], "Microsoft.Resources")
            case ["subscriptions", _, "resourcegroups", _]:
                group = ResourceId.group(exchange.segments[1], exchange.segments[3])
                return await self._resource(exchange, group)
            case ["subscriptions", subscription, "providers", namespace, *kind] if kind:
                type_name = "/".join((namespace, *kind))
                _only(exchange, "GET")
                return self._manager.list(type_name, subscription, None, exchange.query)
        answer = self._subscriptions.answer(exchange)
        if answer is None:
            raise not_served(f"{exchange.method} {exchange.path}")
        return answer

    async def _provider(
        self, exchange: Exchange, tail: tuple[str, ...], namespace: str | None = None
    ) -> Answer:
        _, subscription, _, group, *_ = exchange.segments
        namespace = namespace or exchange.segments[5]
        pairs = tuple(zip(tail[::2], tail[1::2], strict=False))
        identifier = ResourceId(subscription, group, namespace, pairs)
        is_collection = len(tail) % 2 == 1
        if not is_collection:
            kind, name = pairs[-1]
            if kind.lower() == "operationstatuses":
                return await self._poll(exchange, name, is_result=False)
            return await self._resource(exchange, self._manager.canonical(identifier))
        if not pairs:
            _only(exchange, "GET")
            type_name = f"{namespace}/{tail[0]}"
            return self._manager.list(type_name, subscription, group, exchange.query)
        return await self._below(exchange, self._manager.canonical(identifier), tail[-1])

    async def _below(self, exchange: Exchange, parent: ResourceId, word: str) -> Answer:
        if exchange.method == "POST":
            return await self._manager.act(parent, word, exchange.json())
        _only(exchange, "GET")
        view = self._manager.view(parent, word)
        return view or self._manager.list_children(parent, word, exchange.query)

    async def _resource(self, exchange: Exchange, identifier: ResourceId) -> Answer:
        match exchange.method:
            case "GET":
                return await self._get(exchange, identifier)
            case "HEAD":
                try:
                    await self._get(exchange, identifier)
                except ArmError as refusal:
                    return Answer(refusal.status, headers=refusal.headers)
                return Answer(204)
            case "PUT":
                return await self._manager.put(identifier, exchange.json(), exchange.headers)
            case "PATCH":
                return await self._manager.patch(identifier, exchange.json(), exchange.headers)
            case "DELETE":
                return await self._manager.delete(identifier)
        raise not_served(f"{exchange.method} of resource type '{identifier.type}'")

    async def _get(self, exchange: Exchange, identifier: ResourceId) -> Answer:
        operations = self._manager.operations
        for operation in operations.under_way(identifier):
            if operation.verb == "destroy":
                await operations.ended(operation, _DELETION_PATIENCE)
        return self._manager.get(identifier, exchange.query)

    async def _in_location(self, exchange: Exchange) -> Answer:
        namespace, rest = exchange.segments[3], exchange.segments[6:]
        identifier = rest[-1] if rest else ""
        if self._manager.operations.find(identifier) is not None:
            is_result = rest[0].lower() == "operationresults" or "monitor" in exchange.query
            return await self._poll(exchange, identifier, is_result=is_result)
        lookup = self._lookups.get(namespace.lower())
        if lookup is None or "operation" in "".join(rest[:1]).lower():
            raise ArmError(404, "NotFound", f"There is no operation '{identifier}'.")
        _only(exchange, "GET")
        return Answer(200, lookup(exchange.segments, exchange.query))

    async def _poll(self, exchange: Exchange, identifier: str, *, is_result: bool) -> Answer:
        """Wait for the operation's end, then tell its state: nobody polls in a tight loop."""
        _only(exchange, "GET")
        operation = self._manager.operations.find(identifier)
        if operation is None:
            raise ArmError(404, "NotFound", f"There is no operation '{identifier}'.")
        await self._manager.operations.ended(operation, self._poll_wait)
        return polling.result(operation, exchange) if is_result else polling.status(operation)


def _only(exchange: Exchange, method: str) -> None:
    if exchange.method != method:
        raise not_served(f"{exchange.method} {exchange.path}")
