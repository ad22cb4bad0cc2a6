"""The variables that a Packer template is given: every value of a build, pinned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.definition.given import KNOWN, SECRET, Plain, plain, references, values
from pipeline.definition.model import TRUSTED_LAUNCH, Environment, GalleryBase, Image
from pipeline.planning.build.steps import BakeVersion
from pipeline.planning.machine_names import os_disk_name
from pipeline.planning.names import gallery_id
from pipeline.planning.security import TRUSTED
from pipeline.planning.traits import PurchasePlan, definition_of

IN_A_GROUP_THAT_IS_THERE: Final = (
    "build.existing_resource_group",
    "build.machine",
    "build.interface",
    "build.os_disk",
)
"""What a template is given then; the plugin takes no location and no temporary group beside."""

LONGEST_HOURS = 6
"""What a version's replication may take, however many regions it goes to."""
MOST_TAGS = 15
"""That plugin 1.4.5 takes. What a version has besides is written when its bake has ended."""


def variables(
    step: BakeVersion,
    image: Image,
    environment: Environment,
    here: Mapping[str, Plain] | None = None,
) -> dict[str, Plain]:
    """What the variables of an image's template are given: what a build knows, and what the author
    says. One without a default is given null where nobody knows its value.

    `here` is execution's part, by the variables that are given it by themselves: how to sign in and
    whom to ask about the cloud depends on the machine that runs Packer. Secrets are not among it:
    they go by the environment, which a var-file would overrule. Paths are absolute.
    """
    known: dict[str, Plain] = {
        **_place(environment),
        **_network(step, environment),
        **_base(step, environment),
        **_destination(step, environment),
        **_security(image),
        **_group(step),
        "tags": dict(step.tags[:MOST_TAGS]),
        "vm_size": image.build_size,
        "scripts": [str(script) for script in image.scripts],
        "files": str(image.files) if image.files else None,
        **(here or {}),
    }
    found: dict[str, Plain] = {}
    for name, value in values(image.template.variables, image.variables).items():
        wanted = set(references(value))
        if all(KNOWN[reference] in known for reference in wanted):
            found[name] = plain(value, known)
        elif name in image.template.required and not wanted & SECRET:
            found[name] = None
    return found


def secrets_of_the_author(image: Image) -> tuple[str, ...]:
    """The variables that only the command's environment can give a value: secrets without a
    default, and without a key vault that holds them.
    """
    given = values(image.template.variables, image.variables).keys()
    read = {secret.variable for secret in image.secrets}
    return tuple(sorted((image.template.sensitive & image.template.required) - given - read))


def _place(environment: Environment) -> dict[str, Plain]:
    return {
        "subscription_id": environment.subscription,
        "location": environment.location,
        "ssh_port": environment.ssh_port,
    }


def _group(step: BakeVersion) -> dict[str, Plain]:
    """A group of its own, or names of its own in one that is there."""
    if not step.machine:
        return {KNOWN["build.resource_group"]: step.group}
    names = (step.group, step.machine, f"{step.machine}-nic", os_disk_name(step.machine))
    variables = (KNOWN[reference] for reference in IN_A_GROUP_THAT_IS_THERE)
    return dict(zip(variables, names, strict=True))


def _network(step: BakeVersion, environment: Environment) -> dict[str, Plain]:
    """The environment's network; or Packer's own, with a group that admits one address.

    The plugin takes that list only without a network of ours (its config.go).
    """
    if step.admitted:
        return {"allowed_inbound_ip_addresses": [step.admitted]}
    network = environment.network
    return {
        "virtual_network_name": network.name,
        "virtual_network_subnet_name": network.subnet,
        "virtual_network_resource_group_name": network.resource_group or environment.resource_group,
    }


def _security(image: Image) -> dict[str, Plain]:
    """Nothing for a standard machine: no plugin takes that word (packer-plugin-azure, config.go).

    With both switches 1.4.5 says TrustedLaunch itself; 2.1 and newer want it said.
    """
    if image.security_type != TRUSTED_LAUNCH:
        return {}
    return {"secure_boot_enabled": True, "vtpm_enabled": True, "security_type": TRUSTED}


def _base(step: BakeVersion, environment: Environment) -> dict[str, Plain]:
    base = step.base
    if isinstance(base, GalleryBase):
        definition = definition_of(environment, base)
        place: dict[str, Plain] = {
            "base_gallery_subscription_id": definition.subscription,
            "base_gallery_resource_group": definition.resource_group,
            "base_gallery_name": base.gallery,
            "base_gallery_image_name": base.image,
        }
    else:
        place = {
            "base_publisher": base.publisher,
            "base_offer": base.offer,
            "base_sku": base.sku,
        }
    return {**place, "base_version": base.version, **_plan(step.plan)}


def _plan(plan: PurchasePlan | None) -> dict[str, Plain]:
    """Nothing for a base that is free: the plugin takes a `plan_info` whole, or none."""
    if plan is None:
        return {}
    return {
        "base_plan_publisher": plan.publisher,
        "base_plan_product": plan.product,
        "base_plan_name": plan.name,
    }


def _destination(step: BakeVersion, environment: Environment) -> dict[str, Plain]:
    own = gallery_id(environment)
    return {
        "gallery_subscription_id": own.subscription,
        "gallery_resource_group": own.resource_group,
        "gallery_name": own.name,
        "image_name": step.image,
        "image_version": step.version,
        "replication_regions": list(environment.replica_regions),
        **{KNOWN[name]: value for name, value in environment.replication.known.items()},
        "exclude_from_latest": True,
        "shared_image_gallery_timeout": f"{publishing_hours(environment)}h",
    }


def publishing_hours(environment: Environment) -> int:
    """How long a version may take to be published: an hour, and another for each further region.

    An hour is the plugin's own limit. Copies are made side by side, and may take "up to six hours"
    (Microsoft's page of image versions).
    """
    return min(1 + len(environment.replica_regions), LONGEST_HOURS)


def marking_hours(environment: Environment) -> int:
    """How long a version may take to be copied anew when it has passed its check; 0 for no copy."""
    return publishing_hours(environment) if environment.replication.of_regions else 0
