"""The instances of scale sets of either orchestration, with their health.

A list of a Flexible set's instances tells little more than their ids ("Orchestration modes" of
Azure's documentation): its members are virtual machines, which know their health and interfaces.
"""

from __future__ import annotations

from pipeline.arm import ResourceId
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.resources import Azure
from pipeline.planning.swap.backend import Instance
from pipeline.planning.swap.reference import ImageReference


def instances_of(azure: Azure, scale_set: ResourceId) -> tuple[Instance, ...]:
    """The instances of a scale set with their health."""
    listed = azure.instances(scale_set)
    if any(_is_machine(body) for body in listed):
        return tuple(_instance(body) for body in azure.machines_of(scale_set))
    return tuple(_instance(body) for body in listed)


def _is_machine(instance: Body) -> bool:
    """Whether it is a machine of its own: those of a Uniform set are numbered."""
    return not ResourceId.parse(instance["id"]).name.isdigit()


def _instance(body: Body) -> Instance:
    properties = body["properties"]
    view = properties.get("instanceView") or {}
    code = ((view.get("vmHealth") or {}).get("status") or {}).get("code") or ""
    health = code.rpartition("/")[2].lower()
    number = str(body.get("instanceId") or body["name"])
    interfaces = (properties.get("networkProfile") or {}).get("networkInterfaces") or ()
    attached = tuple(ResourceId.parse(one["id"]) for one in interfaces)
    domain = view.get("platformUpdateDomain")
    return Instance(
        str(body["name"]),
        health,
        number,
        attached,
        domain=None if domain is None else int(domain),
        made_from=ImageReference.read(properties),
        is_latest=properties.get("latestModelApplied") is not False,
    )
