"""Reading secrets of key vaults: the data plane, `GET {vault}/secrets/{name}[/{version}]`.

Shapes: the REST reference of Get Secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pipeline.errors import AzureRefused, Unreachable
from pipeline.execution.azure.clients import Clients
from pipeline.execution.azure.refusals import refusals_about
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.azure.vault_refusals import Wanted, silent_vault
from pipeline.planning.build.vault import SecretReference

if TYPE_CHECKING:
    from azure.core import PipelineClient

API_VERSION = "7.4"


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
        named = (
            f"the name is from {reference.at}, or key_vault of the environment. Nothing was baked"
        )
        raise silent_vault(silence, reference.vault, named) from silence
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
    wanted = Wanted(
        *("secret", reference.vault, reference.name), "the identity that bakes", "nothing was baked"
    )
    why, advice = wanted.explained(status, inner)
    return AzureRefused(where, code, f"{said}\n{why}", status=status, advice=advice)
