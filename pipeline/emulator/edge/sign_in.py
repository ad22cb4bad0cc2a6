"""What clients ask before they have a token: the cloud's metadata, its authority, and a token."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.edge.exchange import Exchange
from pipeline.emulator.identity.credentials import Credentials
from pipeline.emulator.identity.tokens import LIFETIME, Tokens

CLOUD = "BakeswapEmulator"
"""The cloud's name in its metadata; Packer picks the entry by it."""


class SignIn:
    """The paths that are open to everybody."""

    def __init__(self, credentials: Credentials, tokens: Tokens) -> None:
        self._credentials = credentials
        self._tokens = tokens

    async def answer(self, exchange: Exchange) -> Answer | None:  # noqa: PLR0911 - a table of routes
        """The answer, or None when the path is none of these."""
        match exchange.method, exchange.words:
            case "GET", ["metadata", "endpoints"]:
                return Answer(200, _metadata(exchange))
            case "GET", ["common", "discovery", "instance"]:
                return Answer(200, _instance_discovery(exchange))
            case "GET", [_, "discovery", *_, "keys"]:
                return Answer(200, self._tokens.key_set())
            case "GET", [tenant, *_, ".well-known", "openid-configuration"]:
                return Answer(200, _openid_configuration(exchange.base, tenant))
            case "POST", [tenant, "oauth2", "token"]:
                return self._token(exchange, tenant, is_v1=True)
            case "POST", [tenant, "oauth2", "v2.0", "token"]:
                return self._token(exchange, tenant, is_v1=False)
        return None

    def _token(self, exchange: Exchange, tenant: str, *, is_v1: bool) -> Answer:
        form = dict(parse_qsl(exchange.content.decode(errors="replace")))
        refusal = self._refusal(tenant, form)
        if refusal is not None:
            return refusal
        audience = form.get("resource", "") if is_v1 else _audience(form.get("scope", ""))
        if not audience:
            name = "resource" if is_v1 else "scope"
            return _refuse(400, "invalid_request", 900144, f"The request body must have '{name}'.")
        token = self._tokens.issue(exchange.base, audience)
        now = int(time.time())
        seconds: dict[str, Any] = {
            "expires_in": LIFETIME,
            "ext_expires_in": LIFETIME,
            "expires_on": now + LIFETIME,
            "not_before": now,
        }
        if is_v1:  # go-autorest reads strings
            seconds = {name: str(value) for name, value in seconds.items()}
        body = {"token_type": "Bearer", "access_token": token, "resource": audience, **seconds}
        return Answer(200, body)

    def _refusal(self, tenant: str, form: dict[str, str]) -> Answer | None:
        known = self._credentials
        if tenant.lower() != known.tenant:
            return _refuse(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            grant = form.get("grant_type")
            message = f"The emulator does not serve the grant type '{grant}'."
            return _refuse(400, "unsupported_grant_type", 70003, message)
        if form.get("client_id", "").lower() != known.client_id:
            message = (
                f"Application with identifier '{form.get('client_id')}' was not found in the "
                f"directory '{known.tenant}'."
            )
            return _refuse(400, "unauthorized_client", 700016, message)
        if "client_assertion" in form:
            message = "The emulator does not serve 'client_assertion'; use its client secret."
            return _refuse(401, "invalid_client", 700027, message)
        if form.get("client_secret") != known.client_secret:
            return _refuse(401, "invalid_client", 7000215, "Invalid client secret provided.")
        return None


def _audience(scope: str) -> str:
    return next((part for part in scope.split() if part), "").removesuffix("/.default")


def _refuse(status: int, error: str, number: int, message: str) -> Answer:
    trace = str(uuid.uuid4())
    body = {
        "error": error,
        "error_description": f"AADSTS{number}: {message} Trace ID: {trace}",
        "error_codes": [number],
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ"),
        "trace_id": trace,
        "correlation_id": trace,
    }
    return Answer(status, body)


def _metadata(exchange: Exchange) -> Any:
    """One object from 2022-09-01 on; an array of clouds before (plugin 1.4.5 asks 2020-06-01)."""
    base = exchange.base
    suffix = "bakeswap.invalid"
    cloud = {
        "name": CLOUD,
        "portal": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base, f"{base}/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "graphAudience": base,
        "graph": base,
        "media": base,
        "batch": base,
        "resourceManager": base,
        "sqlManagement": base,
        "gallery": base,
        "vmImageAliasDoc": f"{base}/aliases.json",
        "activeDirectoryDataLake": base,
        "microsoftGraphResourceId": base,
        "suffixes": {
            "storage": f"storage.{suffix}",
            "keyVaultDns": f"vault.{suffix}",
            "sqlServerHostname": f"database.{suffix}",
            "acrLoginServer": f"registry.{suffix}",
            "azureDataLakeStoreFileSystem": f"lake.{suffix}",
            "azureDataLakeAnalyticsCatalogAndJob": f"analytics.{suffix}",
        },
    }
    return cloud if exchange.api_version >= "2022-09-01" else [cloud]


def _openid_configuration(base: str, tenant: str) -> dict[str, Any]:
    root = f"{base}/{tenant}"
    return {
        "issuer": f"{root}/",
        "token_endpoint": f"{root}/oauth2/v2.0/token",
        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{root}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token", "token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "tenant_region_scope": None,
        "cloud_instance_name": base,
    }


def _instance_discovery(exchange: Exchange) -> dict[str, Any]:
    host = exchange.base.removeprefix("https://")
    tenant = next(iter(exchange.query.get("authorization_endpoint", "").split("/")[3:]), "common")
    return {
        "tenant_discovery_endpoint": (
            f"{exchange.base}/{tenant}/v2.0/.well-known/openid-configuration"
        ),
        "api-version": "1.1",
        "metadata": [
            {"preferred_network": host, "preferred_cache": host, "aliases": [host]},
        ],
    }
