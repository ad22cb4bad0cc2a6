"""Signing in by what the CI service says of a run, for as long as the run lasts.

An id token lives 5 minutes on GitHub and 10 on Azure DevOps, the access token bought with it an
hour. The Azure CLI keeps only the first id token, and ends with AADSTS700024
(Azure/azure-cli#28708). So each new access token is bought with a new id token.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import Unreachable
from pipeline.execution.patience import TOKEN

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

AUDIENCE = "api://AzureADTokenExchange"
"""The audience Microsoft Entra wants in a token of another issuer."""
_GITHUB = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "AZURE_CLIENT_ID")
_PIPELINES = (
    *("SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN", "AZURESUBSCRIPTION_CLIENT_ID"),
    *("AZURESUBSCRIPTION_TENANT_ID", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"),
)
"""What azure-identity's AzurePipelinesCredential needs, as Azure's own tasks name it."""
_FIRST = "AZURE_CLIENT_SECRET"
"""With it nobody needs a federated token."""


def of_run(
    tenant: str, environ: Mapping[str, str], options: Mapping[str, Any]
) -> TokenCredential | None:
    """The credential of a run of GitHub Actions or Azure Pipelines that may ask for id tokens.

    None elsewhere, and where a client secret is given. `options` are azure-identity's.
    """
    from azure.identity import (  # noqa: PLC0415 - slow to import
        AzurePipelinesCredential,
        ClientAssertionCredential,
    )

    if environ.get(_FIRST):
        return None
    if all(environ.get(name) for name in _GITHUB):
        address, bearer, client = (environ[name] for name in _GITHUB)
        return ClientAssertionCredential(
            environ.get("AZURE_TENANT_ID") or tenant,
            client,
            lambda: token_of_github(address, bearer),
            **options,
        )
    if all(environ.get(name) for name in _PIPELINES):
        _, bearer, client, own, connection = (environ[name] for name in _PIPELINES)
        return AzurePipelinesCredential(
            tenant_id=own,
            client_id=client,
            service_connection_id=connection,
            system_access_token=bearer,
            **options,
        )
    return None


def token_of_github(address: str, bearer: str) -> str:
    """An id token of the workflow run; GitHub documents request and answer under OpenID Connect."""
    joined = "&" if "?" in address else "?"
    request = urllib.request.Request(  # noqa: S310 - the runner's own address
        f"{address}{joined}audience={AUDIENCE}", headers={"Authorization": f"bearer {bearer}"}
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
