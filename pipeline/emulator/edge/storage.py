"""Requests to Azure Storage: told from others by a header, let in by tokens of another audience."""

from __future__ import annotations

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.identity.tokens import InvalidToken, Tokens
from pipeline.emulator.storage.blobs import Blobs
from pipeline.emulator.storage.wire import AUDIENCE, VERSION, Reply, Request, StorageError

_UNKNOWN = (
    "Server failed to authenticate the request. Please refer to the information in the"
    " www-authenticate header."
)


class Storage:
    """The Blob service's door."""

    def __init__(self, blobs: Blobs, tokens: Tokens) -> None:
        self._blobs = blobs
        self._tokens = tokens

    async def answer(self, exchange: Exchange) -> Answer | None:
        """The answer, or None when no client of storage asks."""
        if VERSION not in exchange.headers:
            return None
        try:
            self._authenticate(exchange)
            reply = self._blobs.answer(
                Request(
                    exchange.method,
                    exchange.segments,
                    exchange.query,
                    exchange.headers,
                    exchange.content,
                )
            )
        except StorageError as refusal:
            reply = refusal.reply(exchange.request_id)
        return _answer(exchange, reply)

    def _authenticate(self, exchange: Exchange) -> None:
        scheme, _, token = exchange.headers.get("authorization", "").partition(" ")
        challenge = {
            "WWW-Authenticate": (
                f"Bearer authorization_uri={exchange.base}/{self._tokens.tenant}/oauth2/authorize"
                f" resource_id={AUDIENCE}"
            )
        }
        if not token:
            raise StorageError(401, "NoAuthenticationInformation", _UNKNOWN, challenge)
        if scheme.lower() != "bearer":
            raise StorageError(
                403,
                "AuthenticationFailed",
                f"The emulator serves no authorization by {scheme}; it takes bearer tokens alone.",
            )
        try:
            self._tokens.check(token.strip(), exchange.base, AUDIENCE)
        except InvalidToken as refusal:
            told = f"{_UNKNOWN} ({refusal.message})"
            raise StorageError(401, "InvalidAuthenticationInfo", told, challenge) from refusal


def _answer(exchange: Exchange, reply: Reply) -> Answer:
    headers = {**reply.headers, VERSION: exchange.headers[VERSION]}
    return Answer(reply.status, reply.body, headers=headers)
