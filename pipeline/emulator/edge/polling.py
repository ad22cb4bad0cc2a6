"""How each resource provider tells about its operations: headers, poll addresses, poll answers.

Network, compute and the deployment engine differ; what is sent here was recorded from Azure.
"""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.operations import Operation
from pipeline.emulator.edge.exchange import Exchange

_IN_PROGRESS_HEADERS = {"Retry-After": "1"}


def headers(operation: Operation, kind: Kind, exchange: Exchange) -> dict[str, str]:
    """The headers of the answer that accepted an operation.

    `Retry-After: 0`, because the first poll waits on the server until the operation ends. Every
    client takes that: Packer's plugins poll at once, the SDK ignores a zero there.
    """
    identifier = ResourceId.parse(operation.resource)
    namespace = identifier.namespace.lower()
    made = {"Retry-After": "0"}
    if namespace == "microsoft.resources":
        is_delete = operation.verb == "destroy"
        if is_delete:
            path = f"/subscriptions/{identifier.subscription}/operationresults/{operation.id}"
            made["Location"] = exchange.url(path)
        else:
            path = f"{identifier}/operationStatuses/{operation.id}"
            made["Azure-AsyncOperation"] = exchange.url(path)
        return made
    root = (
        f"/subscriptions/{identifier.subscription}/providers/{identifier.namespace}"
        f"/locations/{operation.location}"
    )
    status = f"{root}/{kind.operation_path}/{operation.id}"
    has_location = operation.verb in {"act", "destroy"}
    if namespace == "microsoft.network":
        made["Azure-AsyncOperation"] = exchange.url(status)
        made["azure-asyncnotification"] = "Enabled"
        if has_location:
            made["Location"] = exchange.url(f"{root}/operationResults/{operation.id}")
        return made
    made["Azure-AsyncOperation"] = exchange.url(status, p=operation.id)
    if has_location:
        made["Location"] = exchange.url(status, p=operation.id, monitor="true")
    return made


def status(operation: Operation) -> Answer:
    """The answer at an `Azure-AsyncOperation` address."""
    namespace = ResourceId.parse(operation.resource).namespace.lower()
    word: str = operation.status
    if namespace == "microsoft.resources" and not operation.is_ended:
        word = "Running"
    body: dict[str, Any] = {"status": word}
    if namespace not in {"microsoft.resources", "microsoft.network"}:
        body = {"startTime": operation.accepted_at, "status": word, "name": operation.id}
        if operation.ended_at is not None:
            body["endTime"] = operation.ended_at
    if operation.error is not None:
        body["error"] = operation.error
    return Answer(200, body, headers={} if operation.is_ended else _IN_PROGRESS_HEADERS)


def result(operation: Operation, exchange: Exchange) -> Answer:
    """The answer at a `Location` address: 202 while it runs, then 200, or the refusal."""
    if not operation.is_ended:
        again = f"{exchange.base}{exchange.path}?{exchange.raw_query}"
        return Answer(202, headers={**_IN_PROGRESS_HEADERS, "Location": again})
    if operation.error is not None:
        return Answer(409, {"error": operation.error})
    return Answer(200)
