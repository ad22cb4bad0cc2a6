"""What the SDK raises, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from pipeline.errors import AzureRefused, SignInFailed, Unreachable


@contextmanager
def refusals_about(resource: str) -> Iterator[None]:
    """Turn what the SDK raises into AzureRefused, SignInFailed or Unreachable.

    A failed operation arrives as `HttpResponseError` with status 200: only `error.code` tells.
    """
    from azure.core.exceptions import (  # noqa: PLC0415 - slow to import
        AzureError,
        ClientAuthenticationError,
        HttpResponseError,
    )

    try:
        yield
    except HttpResponseError as error:
        by_issuer = isinstance(error, ClientAuthenticationError) and error.error is None
        if by_issuer or error.status_code is None:
            raise _not_signed_in(resource, error) from error
        raise _refusal(resource, error) from error
    except AzureError as error:
        raise _no_answer(resource, error) from error


def _refusal(resource: str, error: Any) -> AzureRefused:
    code = (error.error and error.error.code) or f"HTTP {error.status_code}"
    sentence = (error.error and error.error.message) or error.message
    details = (error.error and error.error.details) or ()
    for detail in details:
        if detail.code and detail.message and detail.message not in sentence:
            sentence += f" ({detail.code}: {detail.message})"
    failed = error.status_code == HTTPStatus.OK  # an operation, asked for its end
    return AzureRefused(
        resource,
        str(code),
        str(sentence),
        status=0 if failed else error.status_code,
        retry_after=0.0 if failed else _retry_after(error.response),
    )


def _retry_after(response: Any) -> float:
    """Seconds; Azure Resource Manager sends no dates there."""
    asked = str(response.headers.get("Retry-After", ""))
    return float(asked) if asked.isdecimal() else 0.0


def _not_signed_in(resource: str, error: Any) -> SignInFailed | Unreachable:
    """azure-identity found no credential, the issuer turned it down, or did not answer."""
    if _nothing_listens(error):
        return _no_answer(resource, error)
    reason = " ".join(str(error.message or error).split())
    return SignInFailed(f"{resource}: not signed in to Azure: {reason}")


def _no_answer(resource: str, error: Any) -> Unreachable:
    reason = str(error.message or error).splitlines()[0]
    return Unreachable(
        f"{resource}: Azure did not answer: {reason}", nothing_listens=_nothing_listens(error)
    )


def _nothing_listens(error: Any) -> bool:
    return "Connection refused" in str(error.message or error)
