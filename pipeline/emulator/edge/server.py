"""The web server: the steps of a request, from the socket to the answer."""

from __future__ import annotations

import json
import logging
import re
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from email.utils import format_datetime

from aiohttp import web

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.clock import CLOCK
from pipeline.emulator.arm.errors import ArmError, Unanswered, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.manager import ResourceManager
from pipeline.emulator.arm.operations import now
from pipeline.emulator.arm.providers import Call, Providers
from pipeline.emulator.edge import polling
from pipeline.emulator.edge.admin import Admin
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.edge.faults import Dropped, Faults
from pipeline.emulator.edge.router import Router
from pipeline.emulator.files import FileError
from pipeline.emulator.identity.tokens import InvalidToken, Tokens

_LARGEST_BODY = 16 * 1024 * 1024
_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-\w+)?")

_LIMITS = {
    "GET": ("reads", "16499"),
    "PUT": ("writes", "11999"),
    "PATCH": ("writes", "11999"),
    "POST": ("writes", "11999"),
    "DELETE": ("deletes", "2999"),
}
"""What is left of the resource manager's limits, as recorded in 2024 and 2026: it hardly moves."""

_log = logging.getLogger(__name__)

OnAnswer = Callable[[Exchange, Answer, Mapping[str, str]], None]
"""Told of each answer and its headers."""

Lead = Callable[[int, Exchange], Exchange]
"""The request of the emulator that one to a port of it means."""

Step = Callable[[Exchange], Awaitable[Answer | None]]


class Edge:
    """The steps that every request goes through, until one has an answer."""

    def __init__(
        self,
        *,
        manager: ResourceManager,
        tokens: Tokens,
        faults: Faults,
        admin: Admin,
        router: Router,
        providers: Providers,
        doors: tuple[Step, ...],
    ) -> None:
        """`doors` are steps before the resource manager's: sign-in, and services of their own."""
        self._manager = manager
        self.on_answer: OnAnswer = _not_told
        self.lead: Lead = _as_it_came
        self._providers = providers
        self._tokens = tokens
        self._faults = faults
        self._admin = admin
        self._steps: tuple[Step, ...] = (
            self._meet_faults,
            *doors,
            self._answer_openly,
            self._authenticate,
            admin.answer,
            self._require_api_version,
            router.answer,
        )

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request, in ARM's shapes only."""
        started = time.monotonic()
        exchange = self.lead(
            _port(request),
            Exchange.of(request.method, request.raw_path, request.headers, await request.read()),
        )
        try:
            answer = await self._answer(exchange)
        except (Dropped, Unanswered):
            if request.transport is not None:
                request.transport.abort()
            answer = Answer(500)
        took = round(time.monotonic() - started, 4)
        self._admin.remember(now(), took, exchange.method, exchange.path, answer.status)
        response = self._response(exchange, answer)
        self.on_answer(exchange, answer, response.headers)
        return response

    async def _answer(self, exchange: Exchange) -> Answer:
        try:
            for step in self._steps:
                answer = await step(exchange)
                if answer is not None:
                    await self._lose_answers(exchange)
                    return answer
        except ArmError as refusal:
            return Answer(refusal.status, refusal.body(), headers=refusal.headers)
        except (Dropped, Unanswered):
            raise
        except FileError as fault:
            _log.error("%s %s: %s", exchange.method, exchange.path, fault)
            return _internal_error(str(fault))
        except Exception as fault:
            _log.exception("%s %s", exchange.method, exchange.path)
            return _internal_error(f"A fault of the emulator: {fault!r}")
        return Answer(404, {"error": {"code": "NotFound", "message": "Not found."}})

    # -- the steps ---------------------------------------------------------------------------------

    async def _meet_faults(self, exchange: Exchange) -> None:
        if exchange.words[:1] != ["emulator"]:
            await self._faults.before_request(exchange.method, exchange.path)

    async def _lose_answers(self, exchange: Exchange) -> None:
        if exchange.words[:1] != ["emulator"]:
            await self._faults.before_answer(exchange.method, exchange.path)

    async def _answer_openly(self, exchange: Exchange) -> Answer | None:
        routed = self._providers.open_route(exchange.method, exchange.segments)
        if routed is None:
            return None
        route, parameters = routed
        authorization = exchange.headers.get("authorization", "")
        call = Call(
            exchange.path, parameters, exchange.query, exchange.body(), exchange.base, authorization
        )
        return await route.answer(call)

    async def _authenticate(self, exchange: Exchange) -> None:
        scheme, _, token = exchange.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer" or not token:
                raise InvalidToken(
                    "AuthenticationFailed",
                    "Authentication failed. The 'Authorization' header is missing.",
                )
            self._tokens.check(token.strip(), exchange.base)
        except InvalidToken as refusal:
            # clients that know no tenant read it from here
            authority = f"{exchange.base}/{self._tokens.tenant}"
            challenge = (
                f'Bearer authorization_uri="{authority}", error="invalid_token", '
                f'error_description="{refusal.message}"'
            )
            raise ArmError(
                401, refusal.code, refusal.message, headers={"WWW-Authenticate": challenge}
            ) from refusal

    async def _require_api_version(self, exchange: Exchange) -> None:
        if exchange.words[:1] == ["v1.0"]:
            raise not_served("Microsoft Graph")
        version = exchange.api_version
        if not version:
            raise ArmError(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        if not _API_VERSION.fullmatch(version):
            raise ArmError(
                400,
                "InvalidApiVersionParameter",
                f"The api-version '{version}' is invalid. It is a date, such as '2024-11-01' or "
                "'2024-11-01-preview'.",
            )

    # -- the answer --------------------------------------------------------------------------------

    def _response(self, exchange: Exchange, answer: Answer) -> web.Response:
        headers = {
            "x-ms-request-id": exchange.request_id,
            "x-ms-correlation-request-id": exchange.headers.get(
                "x-ms-correlation-request-id", exchange.request_id
            ),
            "Cache-Control": "no-cache",
            "Date": format_datetime(CLOCK.now(), usegmt=True),
            "X-Content-Type-Options": "nosniff",
        }
        limit = _LIMITS.get(exchange.method)
        if limit is not None:
            headers[f"x-ms-ratelimit-remaining-subscription-global-{limit[0]}"] = limit[1]
        client_id = exchange.headers.get("x-ms-client-request-id")
        if client_id is not None:
            headers["x-ms-client-request-id"] = client_id
        if answer.operation is not None:
            resource = ResourceId.parse(answer.operation.resource)
            manner = self._providers.polling(resource.namespace)
            kind = self._manager.kind(resource.type)
            headers |= polling.headers(answer.operation, kind, manner, self._manager.pace, exchange)
        headers |= answer.headers
        if answer.body is None:
            return web.Response(status=answer.status, headers=headers)
        if isinstance(answer.body, bytes):
            headers.setdefault("Content-Type", "text/plain")
            return web.Response(status=answer.status, body=answer.body, headers=headers)
        text = json.dumps(answer.body)
        return web.Response(
            status=answer.status, text=text, headers=headers, content_type="application/json"
        )


def _as_it_came(port: int, exchange: Exchange) -> Exchange:
    """Where nothing has a port of its own."""
    return exchange


def _port(request: web.Request) -> int:
    """Which of the emulator's ports a request came in by; 0 once its client has gone."""
    transport = request.transport
    return int(transport.get_extra_info("sockname")[1]) if transport is not None else 0


def _not_told(exchange: Exchange, answer: Answer, headers: Mapping[str, str]) -> None:
    """What becomes of an answer unless it is recorded."""


def _internal_error(message: str) -> Answer:
    return Answer(500, {"error": {"code": "InternalServerError", "message": message}})


async def listen(edge: Edge, context: ssl.SSLContext, port: int) -> tuple[web.AppRunner, int]:
    """Serve HTTPS on 127.0.0.1; 0 is any free port. Answers the runner and the port."""
    application = web.Application(client_max_size=_LARGEST_BODY)
    application.router.add_route("*", r"/{path:[\s\S]*}", edge.handle)
    # Packer's plugin 2.x opens a connection for every request, so idle ones are closed early
    runner = web.AppRunner(
        application, access_log=None, keepalive_timeout=20, shutdown_timeout=1, handle_signals=False
    )
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=context)
    try:
        await site.start()
    except BaseException:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])
