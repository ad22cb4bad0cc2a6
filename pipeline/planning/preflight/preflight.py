"""All findings of a pre-flight, and what they lead to: notes, a table, a refusal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipeline.advice import Advice, preflight
from pipeline.errors import Refused
from pipeline.planning.plan import Plan
from pipeline.planning.preflight.capacity import capacity_findings
from pipeline.planning.preflight.facts import Facts
from pipeline.planning.preflight.finding import Finding
from pipeline.planning.preflight.image import image_findings
from pipeline.planning.preflight.movers import mover_findings
from pipeline.planning.preflight.permission import permission_findings
from pipeline.planning.preflight.policy import policy_findings
from pipeline.planning.preflight.reachability import reachability_findings
from pipeline.planning.preflight.wanted import Wanted
from pipeline.planning.swap.steps import StageStep
from pipeline.planning.table import Table

HEADINGS = ("check", "result", "what Azure says")
_SAID_BY_PLANS = frozenset({"version", "plan"})
"""Checks whose failure is why there is no plan."""


def findings(facts: Facts) -> tuple[Finding, ...]:
    """Everything that was looked at, good or bad, in the order in which a stage would meet it."""
    found = (
        *image_findings(facts),
        *capacity_findings(facts),
        *reachability_findings(facts),
        *permission_findings(facts),
        *policy_findings(facts),
        *mover_findings(facts),
    )
    return tuple(dict.fromkeys(found))


def approved(
    plan: Plan[StageStep] | Refused, wanted: Wanted, found: Iterable[Finding]
) -> Plan[StageStep]:
    """The plan, with a note for each finding that is not fine.

    Raises Refused with a line for each that keeps the version from being staged; why there is no
    plan comes first.
    """
    listed = [one for one in found if not one.is_fine]
    failures = [one for one in listed if one.result == "FAILED"]
    if isinstance(plan, Refused):
        failures = [one for one in failures if one.check not in _SAID_BY_PLANS]
        if not failures:
            raise plan
    if isinstance(plan, Refused) or failures:
        raise _refusal(plan, wanted, failures)
    return noted(plan, listed)


def noted(plan: Plan[StageStep], found: Iterable[Finding]) -> Plan[StageStep]:
    """The plan with a note for each finding that is not fine."""
    notes = tuple(f"{one.result}: {one}" for one in found if not one.is_fine)
    return replace(plan, notes=(*plan.notes, *notes))


def _refusal(plan: Plan[StageStep] | Refused, wanted: Wanted, failures: list[Finding]) -> Refused:
    name = f"{wanted.image.name} {wanted.version}".strip()
    already = plan if isinstance(plan, Refused) else Refused(f"{name} cannot be staged")
    again = Advice("check again", preflight(wanted.image.name, wanted.version))
    given = (*already.advice, *(one for line in failures for one in line.advice), again)
    lines = (str(already), *(str(one) for one in failures))
    return Refused("\n".join(lines), advice=tuple(dict.fromkeys(given)))


def table(found: Iterable[Finding]) -> Table:
    """One row for each finding."""
    return Table(HEADINGS, rows(found))


def rows(found: Iterable[Finding]) -> tuple[tuple[str, str, str], ...]:
    """Of a table: what was looked at, the result, and what is to be done."""
    return tuple((one.check, one.result, _what(one)) for one in found)


def document(wanted: Wanted, found: Iterable[Finding]) -> dict[str, object]:
    """The same for programs."""
    return {
        "environment": wanted.environment.name,
        "image": wanted.image.name,
        "version": wanted.version,
        "instances": wanted.added,
        "checks": checks(found),
    }


def checks(found: Iterable[Finding]) -> list[dict[str, object]]:
    """The findings for programs."""
    return [
        {
            "check": one.check,
            "result": one.result,
            "what": one.what,
            "fix": one.fix,
            "commands": [str(advice.command) for advice in one.advice],
        }
        for one in found
    ]


def _what(one: Finding) -> str:
    return f"{one.what}; {one.fix}" if one.fix else one.what
