"""Which request means what: ARM's paths, matched without regard to case."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlencode

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.errors import ArmError, not_served, subscription_not_found
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.providers import Call, Providers
from pipeline.emulator.edge import polling
from pipeline.emulator.edge.exchange import Exchange

_DELETION_PATIENCE = 1.0
"""Seconds a GET waits for a deletion under way: Packer's plugin 2.x asks again without a pause."""


class Router:
    """Everything that needs a token and an api-version."""

    def __init__(
        self,
        manager: ResourceManager,
        providers: Providers,
        subscriptions: Collection[str],
        poll_wait: float,
    ) -> None:
        self._manager = manager
        self._providers = providers
        self._subscriptions = frozenset(subscriptions)
        self._poll_wait = poll_wait

    async def answer(self, exchange: Exchange) -> Answer:
        """Answer one request, or raise ArmError."""
        if not exchange.path.isprintable() or not all(map(str.isprintable, exchange.segments)):
            raise ArmError(400, "BadRequest", "The path holds a character that no name may have.")
        self._require_subscription(exchange)
        polled = _polled(exchange)
        if polled is not None:
            return await self._poll(exchange, polled)
        routed = self._providers.route(exchange.method, exchange.segments)
        if routed is not None:
            route, parameters = routed
            path = "/" + "/".join(exchange.segments)
            call = Call(path, parameters, exchange.query, exchange.body(), exchange.base)
            return await route.answer(call)
        return await self._in_subscription(exchange)

    def _require_subscription(self, exchange: Exchange) -> None:
        match exchange.segments:
            case [word, subscription, *_] if word.lower() == "subscriptions":
                if subscription.lower() not in self._subscriptions:
                    raise subscription_not_found(subscription)

    async def _in_subscription(self, exchange: Exchange) -> Answer:
        segments = exchange.segments
        match exchange.words:
            case ["subscriptions", _, "resourcegroups", _]:
                return await self._resource(exchange, ResourceId.group(segments[1], segments[3]))
            case ["subscriptions", _, "resourcegroups", _, "providers", _, _, *_]:
                return await self._in_group(exchange, segments[5], segments[6:])
            case ["subscriptions", _, "resourcegroups", _, *_]:
                group = ResourceId.group(segments[1], segments[3])
                return await self._in_group(exchange, group.namespace, segments[4:])
            case ["subscriptions", _, "providers", _, kind, *_] if kind != "locations":
                _only(exchange, "GET")
                type_name = "/".join(segments[3:])
                return self._manager.list(type_name, segments[1], None, exchange.query)
        raise not_served(f"{exchange.method} {exchange.path}")

    async def _in_group(self, exchange: Exchange, namespace: str, tail: tuple[str, ...]) -> Answer:
        _, subscription, _, group, *_ = exchange.segments
        pairs = tuple(zip(tail[::2], tail[1::2], strict=False))
        identifier = ResourceId(subscription, group, namespace, pairs)
        is_collection = len(tail) % 2 == 1
        if not is_collection:
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
        if view is not None:
            return view
        whole = self._manager.list_children(parent, word, exchange.query)
        return _paged(exchange, whole, self._manager.kind(f"{parent.type}/{word}").page)

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
                return await self._manager.put(
                    identifier, exchange.json(), exchange.headers, exchange.api_version
                )
            case "PATCH":
                return await self._manager.patch(identifier, exchange.json(), exchange.headers)
            case "DELETE":
                return await self._manager.delete(identifier, exchange.headers)
        raise not_served(f"{exchange.method} of resource type '{identifier.type}'")

    async def _get(self, exchange: Exchange, identifier: ResourceId) -> Answer:
        operations = self._manager.operations
        for operation in operations.under_way(identifier):
            if operation.verb == "destroy" and self._manager.pace.holds_polls:
                await operations.ended(operation, _DELETION_PATIENCE)
        return self._manager.get(identifier, exchange.query)

    async def _poll(self, exchange: Exchange, identifier: str) -> Answer:
        """Wait for the operation's end, then answer its state: no client polls in a tight loop."""
        _only(exchange, "GET")
        operation = self._manager.operations.find(identifier)
        if operation is None:
            raise ArmError(404, "NotFound", f"There is no operation '{identifier}'.")
        pace = self._manager.pace
        if pace.holds_polls:
            await self._manager.operations.ended(operation, self._poll_wait)
        resource = ResourceId.parse(operation.resource)
        ask = pace.next_ask(operation, self._manager.kind(resource.type))
        if "operationresults" in exchange.words or "monitor" in exchange.query:
            return polling.result(operation, exchange, ask)
        return polling.status(operation, self._providers.polling(resource.namespace), ask)


def _polled(exchange: Exchange) -> str | None:
    """The operation that a poll asks for; None for other requests."""
    match exchange.words:
        case ["subscriptions", _, "operationresults", _]:
            return exchange.segments[-1]
        case ["subscriptions", _, "providers", _, "locations", _, place, _] if "operation" in place:
            return exchange.segments[-1]
        case ["subscriptions", _, "resourcegroups", _, *_, "operationstatuses", _]:
            return exchange.segments[-1]
    return None


def _paged(exchange: Exchange, whole: Answer, size: int) -> Answer:
    """A part of a list, with the address of the next one; `$top` asks for smaller parts."""
    if not size:
        return whole
    asked, start = exchange.query.get("$top", ""), exchange.query.get("$skiptoken", "")
    first = int(start) if start.isdecimal() else 0
    last = first + (min(size, int(asked)) if asked.isdecimal() and int(asked) else size)
    body = {"value": whole.body["value"][first:last]}
    if last < len(whole.body["value"]):
        again = urlencode({**exchange.query, "$skiptoken": last})
        body["nextLink"] = f"{exchange.base}{exchange.path}?{again}"
    return Answer(200, body)


def _only(exchange: Exchange, method: str) -> None:
    if exchange.method != method:
        raise not_served(f"{exchange.method} {exchange.path}")
