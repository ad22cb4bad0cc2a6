"""How Packer signs in: the same identity as the SDK's, in the form that the plugin takes.

A secret or a token goes to Packer by its environment only, never by a file or an argument.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.advice import Advice, Shell
from pipeline.definition.model import Environment
from pipeline.errors import SignInFailed
from pipeline.execution.azure.credential_file import read_service_principal
from pipeline.execution.azure.federation import token_of_github
from pipeline.execution.packer.tools import Tools
from pipeline.state_files import read_bytes

ASKING = frozenset({"oidc_request_url", "oidc_request_token"})
"""Variables by which plugin 2.x asks GitHub for a new id token whenever it needs one."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Template variables that say who asks, and those that prove it."""

    variables: Mapping[str, str | bool | None]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def credential_for(
    environment: Environment,
    tools: Tools,
    environ: Mapping[str, str] = os.environ,
    declared: Collection[str] = (),
) -> Credential:
    """The credential of an environment: its file; else, in DefaultAzureCredential's order, a secret
    or a federated token from the process's environment; else the Azure CLI's sign-in. A template
    that has `declared` how to ask GitHub is told how, and is given no token that would grow old.

    Raises SignInFailed when nothing is there, Unreachable when the CI's token service is silent.
    """
    if environment.cloud.credential:
        return _from_file(environment.cloud.credential)
    tenant = environ.get("AZURE_TENANT_ID", environment.tenant)
    client = environ.get("AZURE_CLIENT_ID", "")
    who: dict[str, str | bool | None] = {"client_id": client, "tenant_id": tenant}
    if client and "AZURE_CLIENT_SECRET" in environ:
        return Credential(who, {"client_secret": environ["AZURE_CLIENT_SECRET"]})
    if client and tools.asks_github and set(declared) >= ASKING and (asking := _asking(environ)):
        return Credential(who, asking)
    if client and tools.takes_any_federated_token:
        token = _federated_token(environ)
        if token:
            return Credential(who, {"client_jwt": token})
    if shutil.which("az", path=environ.get("PATH")):
        return Credential({"use_azure_cli_auth": True})
    raise SignInFailed(
        f"environment {environment.name}: no way for Packer to sign in to Azure: no client secret,"
        " no federated token that this plugin takes (2.2 or newer does), no Azure CLI",
        advice=(Advice("sign in", Shell("az login")),),
    )


def _from_file(path: Path) -> Credential:
    principal = read_service_principal(path)
    who = {"client_id": principal.client_id, "tenant_id": principal.tenant}
    return Credential(who, {"client_secret": principal.secret})


def _asking(environ: Mapping[str, str]) -> dict[str, str]:
    address = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL")
    bearer = environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    if not address or not bearer:
        return {}
    return {"oidc_request_url": address, "oidc_request_token": bearer}


def _federated_token(environ: Mapping[str, str]) -> str:
    if file := environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        return read_bytes(Path(file)).decode(errors="replace").strip()
    address = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL")
    bearer = environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    return token_of_github(address, bearer) if address and bearer else ""
