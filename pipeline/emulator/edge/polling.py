"""Headers, poll addresses and poll answers of operations, as each provider has them."""

from __future__ import annotations

from typing import Any

from pipeline.emulator.arm.answers import Answer
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.operations import Operation
from pipeline.emulator.arm.pace import Pace
from pipeline.emulator.arm.providers import Polling
from pipeline.emulator.edge.exchange import Exchange


def headers(
    operation: Operation, kind: Kind, polling: Polling, pace: Pace, exchange: Exchange
) -> dict[str, str]:
    """The headers of the answer that accepted an operation."""
    identifier = ResourceId.parse(operation.resource)
    words = {
        "subscription": identifier.subscription,
        "namespace": identifier.namespace,
        "location": operation.location,
        "resource": str(identifier),
        "operations": kind.operation_path,
        "id": operation.id,
    }
    made = {"Retry-After": str(pace.first_ask(operation, kind)), **polling.headers}
    if operation.verb in polling.status_of:
        made["Azure-AsyncOperation"] = exchange.url(polling.status.format_map(words))
    if operation.verb in polling.result_of:
        made["Location"] = exchange.url(polling.result.format_map(words))
    return made


def status(operation: Operation, polling: Polling, ask: int) -> Answer:
    """The answer at an `Azure-AsyncOperation` address; `ask` is its `Retry-After` meanwhile."""
    word: str = operation.status if operation.is_ended else polling.running
    body: dict[str, Any] = {"status": word}
    if polling.tells_times:
        body = {"startTime": operation.accepted_at, "status": word, "name": operation.id}
        if operation.ended_at is not None:
            body["endTime"] = operation.ended_at
    if operation.error is not None:
        body["error"] = operation.error
    return Answer(200, body, headers={} if operation.is_ended else {"Retry-After": str(ask)})


def result(operation: Operation, exchange: Exchange, ask: int) -> Answer:
    """The answer at a `Location` address: 202 while it runs, then 200, or the refusal."""
    if not operation.is_ended:
        again = f"{exchange.base}{exchange.path}?{exchange.raw_query}"
        return Answer(202, headers={"Retry-After": str(ask), "Location": again})
    if operation.error is not None:
        return Answer(409, {"error": operation.error})
    return Answer(200)
