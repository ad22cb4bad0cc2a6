"""The steps that prove a version and record it, and what is asked of the machine of a check."""

from __future__ import annotations

from pipeline.definition.balancing import TCP
from pipeline.definition.model import Environment, Image
from pipeline.definition.shape import NO_INSTANCES
from pipeline.planning.build.contract import Contract
from pipeline.planning.build.hygiene import declared as declared_hygiene
from pipeline.planning.build.steps import RecordEvidence, RunChecks


def proven_by(
    image: Image, environment: Environment, version: str, group: str, machine: str
) -> RunChecks:
    """The step that proves a version on a machine of a group."""
    return RunChecks(
        image=image.name,
        version=version,
        group=group,
        checks=image.checks_named,
        machine=machine,
        contract=contract(image, environment),
        hygiene=declared_hygiene(image, environment),
        system=image.system,
    )


def recorded_by(environment: Environment, image: str, version: str) -> RecordEvidence:
    """The step that keeps what is known of a version, where the environment keeps it."""
    policy = environment.evidence
    where, key = policy.store, policy.sign_with
    return RecordEvidence(image, version, where, key, is_required=policy.is_required)


def contract(image: Image, environment: Environment) -> Contract | None:
    """Of an image in an environment; None where its machine of a check is not asked.

    The questions go through SSH, which Windows has not, and no other way is sure: a public machine
    admits nobody to the port. Instances are asked when they are staged.
    """
    health = image.health
    if not health.port or health.check is False or image.system.is_windows:
        return None
    if health.check is None and _get_more(image, environment):
        return None
    declared = environment.load_balancer_of(image.name)
    pairs = declared.pairs if declared else ()
    served = {pair.backend_port for pair in pairs if pair.protocol == TCP}
    others = tuple(sorted(served - {0, health.port}))
    return Contract(health, others, image.promotion.patience)


def _get_more(image: Image, environment: Environment) -> bool:
    """Whether instances get anything that a machine of a check lacks."""
    declared = environment.load_balancer_of(image.name)
    given = declared.instances if declared else NO_INSTANCES
    shape = image.scale_set.in_environment(environment.tags, given)
    return any(
        (
            *(shape.custom_data, shape.user_data, shape.identity, shape.data_disks),
            *(shape.extensions, shape.properties, shape.like),
        )
    )
