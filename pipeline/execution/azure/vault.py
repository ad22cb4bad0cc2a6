"""Reading secrets of key vaults: the data plane, `GET {vault}/secrets/{name}[/{version}]`.

Shapes and codes: https://learn.microsoft.com/azure/key-vault/general/rest-error-codes and the REST
reference of Get Secret; the inner codes as reported (azure-sdk-for-js#24756, Terraform_AKS#2).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pipeline.advice import Advice, AdviceList, Shell
from pipeline.errors import AzureRefused, Unreachable
from pipeline.execution.azure.clients import Clients
from pipeline.execution.azure.refusals import refusals_about
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.planning.build.vault import SecretReference

if TYPE_CHECKING:
    from azure.core import PipelineClient

API_VERSION = "7.4"
ROLE = "Key Vault Secrets User"
"""The smallest built-in role that reads the values of secrets."""

_DISABLED = "SecretDisabled"
_WALLED = frozenset({"ForbiddenByFirewall", "ForbiddenByConnection"})


def read_secrets(clients: Clients, references: Iterable[SecretReference]) -> dict[str, str]:
    """The value of each variable, which no output will show from then on.

    Raises AzureRefused, SignInFailed or Unreachable, with where the reference is written.
    """
    wanted = {one.variable: one for one in references}
    senders = {one.audience: clients.data_plane(one.audience) for one in wanted.values()}
    reads = [partial(_read, senders[one.audience], one) for one in wanted.values()]
    found = dict(zip(wanted, side_by_side(reads), strict=True))
    for value in found.values():
        clients.hide(value)
    return found


def _read(sender: PipelineClient[Any, Any], reference: SecretReference) -> str:
    from azure.core.rest import HttpRequest  # noqa: PLC0415 - slow to import

    request = HttpRequest("GET", f"{reference.address}?api-version={API_VERSION}")
    where = f"{reference.at}: {reference}: {reference.address}"
    try:
        with refusals_about(where):
            answer = sender.send_request(request)
    except Unreachable as silence:
        raise Unreachable(
            f"{silence}\n{_if_silent(reference)}", nothing_listens=silence.nothing_listens
        ) from silence
    body = _body(answer)
    if answer.status_code != HTTPStatus.OK or not isinstance(body.get("value"), str):
        raise _refusal(where, reference, answer.status_code, body)
    return str(body["value"])


def _body(answer: Any) -> dict[str, Any]:
    """What was answered; {} where it is no JSON object, as a proxy's page is none."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(
    where: str, reference: SecretReference, status: int, body: dict[str, Any]
) -> AzureRefused:
    error = body.get("error") or {}
    inner = str((error.get("innererror") or error.get("innerError") or {}).get("code") or "")
    code = inner or str(error.get("code") or f"HTTP {status}")
    said = " ".join(str(error.get("message") or "no secret in the answer").split())
    why, advice = _explained(reference, status, inner)
    return AzureRefused(where, code, f"{said}\n{why}", status=status, advice=advice)


def _explained(reference: SecretReference, status: int, inner: str) -> tuple[str, AdviceList]:
    """What it means, that nothing was changed, and the command to go on."""
    told = f"--vault-name {reference.vault} --name {reference.name}"
    before = "nothing was baked"
    if inner == _DISABLED:
        return f"the secret is disabled; {before}", (
            Advice("enable it", Shell(f"az keyvault secret set-attributes {told} --enabled true")),
        )
    if inner in _WALLED:
        return (
            f"the vault's firewall does not let this machine in; {before}",
            (
                Advice(
                    "let its address in",
                    Shell(
                        f"az keyvault network-rule add --name {reference.vault}"
                        " --ip-address ADDRESS"
                    ),
                ),
            ),
        )
    if status == HTTPStatus.NOT_FOUND:
        return f"the vault has no such secret or version; {before}", (
            Advice(
                "list what it has",
                Shell(f"az keyvault secret list --vault-name {reference.vault} -o table"),
            ),
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return (
            f"the identity that bakes may not read it: it needs the role {ROLE} on the vault or the"
            f" secret, or `get` of secrets in an access policy (docs/permissions.md); {before}",
            (
                Advice(
                    "assign the role",
                    Shell(
                        f'az role assignment create --role "{ROLE}" --assignee CLIENT-ID --scope'
                        f" $(az keyvault show --name {reference.vault} --query id -o tsv)"
                    ),
                ),
            ),
        )
    return before, ()


def _if_silent(reference: SecretReference) -> str:
    return (
        f"No vault of the name {reference.vault} may be there, or none that this machine reaches;"
        f" the name is from {reference.at}, or key_vault of the environment. Nothing was baked"
    )
