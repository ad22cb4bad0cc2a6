"""Whether a policy would deny the scale set, asked of Azure Policy itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.definition.shape import NO_INSTANCES
from pipeline.planning.denials import Denial, nobodys
from pipeline.planning.names import scale_set_name, tags_of
from pipeline.planning.preflight.facts import Facts
from pipeline.planning.preflight.finding import Finding, failed, known, ok
from pipeline.planning.preflight.wanted import Wanted
from pipeline.planning.swap.scale_set_body import scale_set

TYPE = "Microsoft.Compute/virtualMachineScaleSets"
_NO_RUN = "preflight"


def content(wanted: Wanted) -> dict[str, Any] | None:
    """What is to be made, as policies are asked about it; None where nothing is.

    The whole body where a step creates the scale set, what is known of it without a plan.
    """
    made = next(iter(wanted.creates), None)
    if made is not None:
        body = scale_set(made, nobodys(made.system), _NO_RUN)
        return {"type": TYPE, "name": made.resource.name, **body}
    if not wanted.is_refused or not wanted.version:
        return None
    environment, image = wanted.environment, wanted.image
    declared = environment.load_balancer_of(image.name)
    shape = image.scale_set.in_environment(
        environment.tags, declared.instances if declared else NO_INSTANCES
    )
    return {
        "type": TYPE,
        "name": scale_set_name(image.name, wanted.version),
        "location": wanted.location,
        "tags": {**dict(shape.tags), **tags_of(image.name, wanted.version)},
        "sku": {"name": wanted.size},
    }


def policy_findings(facts: Facts) -> Iterator[Finding]:
    """Of what Azure Policy answered."""
    yield from known("policy", facts.policies, _denied)


def _denied(denials: tuple[Denial, ...] | None) -> Iterator[Finding]:
    if denials is None:
        return
    for denial in denials:
        yield failed(
            "policy",
            denial.of("the scale set"),
            "ask its owner for an exemption, or give the scale set what it asks for",
            denial.advice,
        )
    if not denials:
        yield ok("policy", "no policy would deny the scale set")
