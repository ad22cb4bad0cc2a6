"""The variables that a Packer template is given: every value of a build, pinned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pipeline.definition.model import TRUSTED_LAUNCH, Environment, Image
from pipeline.planning.build.steps import BakeVersion
from pipeline.planning.security import TRUSTED

LONGEST_HOURS = 6
"""What a version's replication may take, however many regions it goes to."""

Value: TypeAlias = str | int | bool | list[str] | dict[str, str] | None


def variables(step: BakeVersion, image: Image, environment: Environment) -> dict[str, Value]:
    """What the template of an image declares of all that a build knows, and the image's own.

    How to sign in and whom to ask about the cloud is execution's part: it depends on the machine
    that runs Packer. Paths are absolute.
    """
    known: dict[str, Value] = {
        **_place(environment),
        **_network(step, environment),
        **_base(step),
        **_destination(step, environment),
        **_security(image),
        "temp_resource_group_name": step.group,
        "tags": dict(step.tags),
        "vm_size": image.build_size,
        "scripts": [str(script) for script in image.scripts],
        "files": str(image.files) if image.files else None,
        **dict(image.variables),
    }
    return declared(known, image)


def declared(values: Mapping[str, Value], image: Image) -> dict[str, Value]:
    """Those that the template knows; Packer warns about any other."""
    return {name: value for name, value in values.items() if name in image.template.variables}


def _place(environment: Environment) -> dict[str, Value]:
    return {
        "subscription_id": environment.subscription,
        "location": environment.location,
        "ssh_port": environment.ssh_port,
    }


def _network(step: BakeVersion, environment: Environment) -> dict[str, Value]:
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


def _security(image: Image) -> dict[str, Value]:
    """Nothing for a standard machine: no plugin takes that word (packer-plugin-azure, config.go).

    With both switches 1.4.5 says TrustedLaunch itself; 2.1 and newer want it said.
    """
    if image.security_type != TRUSTED_LAUNCH:
        return {}
    return {"secure_boot_enabled": True, "vtpm_enabled": True, "security_type": TRUSTED}


def _base(step: BakeVersion) -> dict[str, Value]:
    return {
        "base_publisher": step.base.publisher,
        "base_offer": step.base.offer,
        "base_sku": step.base.sku,
        "base_version": step.base.version,
    }


def _destination(step: BakeVersion, environment: Environment) -> dict[str, Value]:
    return {
        "gallery_resource_group": environment.resource_group,
        "gallery_name": environment.gallery,
        "image_name": step.image,
        "image_version": step.version,
        "replication_regions": list(environment.replica_regions),
        "exclude_from_latest": True,
        "shared_image_gallery_timeout": f"{publishing_hours(environment)}h",
    }


def publishing_hours(environment: Environment) -> int:
    """How long a version may take to be published: an hour, and another for each further region.

    An hour is the plugin's own limit. Copies are made side by side, and may take "up to six hours"
    (Microsoft's page of image versions).
    """
    return min(1 + len(environment.replica_regions), LONGEST_HOURS)
