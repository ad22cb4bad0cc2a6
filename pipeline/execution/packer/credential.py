"""How Packer signs in: the same identity as the SDK's, in the form that the plugin takes.

A secret or a token goes to Packer by its environment only, never by a file or an argument.
"""

from __future__ import annotations

import json
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.advice import Advice, Shell
from pipeline.definition.model import Environment
from pipeline.errors import SignInFailed, Unreachable
from pipeline.execution.azure.credential_file import read_service_principal
from pipeline.execution.packer.tools import Tools
from pipeline.execution.patience import TOKEN
from pipeline.state_files import read_bytes

AUDIENCE = "api://AzureADTokenExchange"
"""The audience Microsoft Entra wants in a token of another issuer."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Template variables that say who asks, and those that prove it."""

    variables: Mapping[str, str | bool | None]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def credential_for(
    environment: Environment, tools: Tools, environ: Mapping[str, str] = os.environ
) -> Credential:
    """The credential of an environment: its file; else, in DefaultAzureCredential's order, a secret
    or a federated token from the process's environment; else the Azure CLI's sign-in.

    Raises SignInFailed when nothing is there, Unreachable when the CI's token service is silent.
    """
    if environment.cloud.credential:
        return _from_file(environment.cloud.credential)
    tenant = environ.get("AZURE_TENANT_ID", environment.tenant)
    client = environ.get("AZURE_CLIENT_ID", "")
    who: dict[str, str | bool | None] = {"client_id": client, "tenant_id": tenant}
    if client and "AZURE_CLIENT_SECRET" in environ:
        return Credential(who, {"client_secret": environ["AZURE_CLIENT_SECRET"]})
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


def _federated_token(environ: Mapping[str, str]) -> str:
    if file := environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        return read_bytes(Path(file)).decode(errors="replace").strip()
    address = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL")
    bearer = environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    return _token_of_github(address, bearer) if address and bearer else ""


def _token_of_github(address: str, bearer: str) -> str:
    """An id token of the workflow run; GitHub documents request and answer under OpenID Connect."""
    request = urllib.request.Request(  # noqa: S310 - the runner's own address
        f"{address}&audience={AUDIENCE}", headers={"Authorization": f"bearer {bearer}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TOKEN.seconds) as answer:  # noqa: S310 - as above
            return str(json.load(answer)["value"])
    except urllib.error.HTTPError as error:
        with error:
            reason = f"HTTP {error.code}"
    except (OSError, ValueError, KeyError) as error:
        reason = type(error).__name__
    raise Unreachable(f"GitHub's token service gave no token: {reason}")
