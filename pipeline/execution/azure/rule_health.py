"""Asking what Azure's own probes find behind rules, where that is offered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused, StillRunning, Unreachable
from pipeline.execution.azure.resources import Azure
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.patience import Patience
from pipeline.execution.wait import Clock, Operation, nothing, wait
from pipeline.planning.watch.health import RuleHealth, rule_health

T = TypeVar("T")

_NOT_OFFERED = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.NOT_IMPLEMENTED})


def ask_rule_health(
    azure: Azure,
    rules: Iterable[ResourceId],
    *,
    patience: Patience,
    clock: Clock,
    still_waiting: Callable[[float], None] = nothing,
) -> tuple[RuleHealth, ...]:
    """What the probes find; never an error, but for a credential that is turned down.

    All are asked before the first answer is waited for. A cloud may not offer it (404, 501), a role
    may not allow a POST (403, a read-only lock 409), a rule may have no probe (400), and Azure may
    take minutes: then `because` says so.
    """

    def answer(operation: Operation[Any], rule: ResourceId) -> RuleHealth:
        body = wait(
            operation, str(rule), patience=patience, clock=clock, still_waiting=still_waiting
        )
        return rule_health(rule.name, body)

    named = tuple(rules)
    azure.clients.prepare()
    begun = side_by_side(
        [partial(_or_why_not, rule, partial(azure.begin_health, rule)) for rule in named]
    )
    return tuple(
        asked if isinstance(asked, RuleHealth) else _or_why_not(rule, partial(answer, asked, rule))
        for rule, asked in zip(named, begun, strict=True)
    )


def _or_why_not(rule: ResourceId, ask: Callable[[], T]) -> T | RuleHealth:
    try:
        return ask()
    except AzureRefused as refusal:
        offered = refusal.status not in _NOT_OFFERED
        because = (
            f"{refusal.code}: {refusal.sentence}" if offered else f"not offered ({refusal.code})"
        )
    except StillRunning as late:
        because = f"no answer in {late.waited:.0f} s"
    except Unreachable:
        because = "Azure did not answer"
    return RuleHealth(rule.name, because=because)
