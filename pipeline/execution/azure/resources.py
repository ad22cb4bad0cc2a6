"""Resources of Azure by their ids: get, list, put, delete, in Azure's own spelling.

Owns what azure-mgmt-* raise: what leaves here is a mapping, an operation, or an error of ours.
Bodies are camelCase mappings as the ARM reference prints them, sent unchanged; answers are mappings
in wire format too, with everything in them that we do not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment
from pipeline.execution.azure.clients import POLLING_INTERVAL, Clients
from pipeline.execution.azure.operations import ACTIONS, BEGIN, LISTS, OPERATIONS, SCALE_SETS
from pipeline.execution.azure.polling import to_the_end
from pipeline.execution.azure.records import BY_ID, RECORD_SETS, ById, ask, record_sets
from pipeline.execution.azure.refusals import refusals_about
from pipeline.execution.azure.requests import (
    TRANSITIONAL,
    Body,
    Request,
    ResourceGroup,
    Target,
)
from pipeline.execution.patience import Patience
from pipeline.execution.wait import Clock, Operation, wait_until
from pipeline.planning.hardware import region


def is_scale_set(resource: ResourceId) -> bool:
    """Whether it is a scale set, and not an instance of one or a machine by itself."""
    return resource.type.lower() == SCALE_SETS.lower()


def provisioning_state(body: Mapping[str, Any]) -> str:
    """`Succeeded`, `Creating`, …; "" where the resource has none."""
    return str((body.get("properties") or {}).get("provisioningState") or "")


def has_failed(body: Mapping[str, Any]) -> bool:
    """Whether Azure failed to carry out the last write of the resource."""
    return provisioning_state(body).lower() == "failed"


def is_moving(body: Mapping[str, Any]) -> bool:
    """Whether an operation is under way on the resource."""
    return provisioning_state(body).lower() in TRANSITIONAL


class Azure:
    """The resources of one environment.

    Every call raises AzureRefused, SignInFailed or Unreachable.
    """

    def __init__(self, environment: Environment, clients: Clients | None = None) -> None:
        self.environment = environment
        self.clients = clients or Clients(environment)

    def get(self, resource: ResourceId, **options: Any) -> Body | None:
        """The resource, or None without one; `expand="instanceView"` and the like pass on."""
        operations = self._operations(resource)
        with refusals_about(str(resource)):
            return _or_none(lambda: operations.get(*_path(resource), **options))

    def list_inside(self, parent: ResourceId, kind: str) -> list[Body]:
        """All children of a kind, such as the `versions` of an image; [] without the parent."""
        child = parent.child(kind, "")
        method = getattr(self._operations(child), LISTS.get(child.type.lower(), "list"))
        with refusals_about(str(parent)):
            return listed(lambda: method(*_path(parent)))

    def list_in_group(self, kind: str, group: str = "") -> list[Body]:
        """All resources of a group of a type, such as `Microsoft.Compute/images`."""
        service, name = OPERATIONS[kind.lower()]
        operations = getattr(getattr(self.clients, service), name)
        where = group or self.environment.resource_group
        method = getattr(operations, "list_by_resource_group", operations.list)
        with refusals_about(f"{kind} in {where}"):
            return listed(lambda: method(where))

    def list_in_subscription(self, kind: str, subscription: str = "") -> list[Body]:
        """All resources of a type in a subscription, the environment's or another one."""
        service, name = OPERATIONS[kind.lower()]
        where = subscription or self.environment.subscription
        operations = getattr(self.clients.of(service, where), name)
        with refusals_about(f"{kind} in the subscription {where}"):
            return listed(getattr(operations, "list_all", operations.list))

    def instances(self, scale_set: ResourceId) -> list[Body]:
        """The instances of a scale set with their instance views; [] where it is gone."""
        operations = self.clients.compute.virtual_machine_scale_set_vms
        with refusals_about(str(scale_set)):
            return listed(lambda: operations.list(*_path(scale_set), expand="instanceView"))

    def machines_of(self, scale_set: ResourceId) -> list[Body]:
        """The virtual machines of a Flexible scale set with their instance views."""
        machines = self.clients.compute.virtual_machines
        query = f"'virtualMachineScaleSet/id' eq {scale_set}"
        with refusals_about(str(scale_set)):
            return listed(
                lambda: machines.list(scale_set.resource_group, filter=query, expand="instanceView")
            )

    def record_sets(self, zone: ResourceId, suffix: str) -> list[Body]:
        """The TXT record sets of a zone whose names end so; AzureRefused without the zone."""
        return list(record_sets(self.clients, zone, suffix))

    def begin(self, request: Request, token: str = "") -> Operation[Any]:
        """Send a request; with the token of one that was sent, go on waiting for that instead.

        The operation's result says how it ended, not what the resource is by then.
        """
        options: dict[str, Any] = {"polling": to_the_end(POLLING_INTERVAL)}
        if token:
            options["continuation_token"] = token
        if request.if_match:
            options["headers"] = {"If-Match": request.if_match}
        if request.api_version:
            options["api_version"] = request.api_version
        target = request.target
        if isinstance(target, ResourceId) and target.type.lower() == RECORD_SETS:
            return Done(ask(self.clients, request))
        if isinstance(target, ResourceGroup) and request.verb == "PUT":
            return Done(self._put_group(target, request.body))
        if isinstance(target, ResourceGroup):
            operations: Any = self.clients.resources.resource_groups
            path: tuple[str, ...] = (target.name,)
        else:
            operations, path = self._operations(target), _path(target)
        if request.action:
            name, method = ACTIONS[request.action]
            operations = getattr(self.clients.compute, name)
        else:
            method = BEGIN[request.verb]
        is_bare = request.verb == "DELETE" or (request.verb == "POST" and not request.body)
        body = () if is_bare else (request.body,)
        with refusals_about(str(target)):
            begun = getattr(operations, method)(*path, *body, **options)
        return _Reworded(begun, str(target))

    def begin_health(self, rule: ResourceId) -> Operation[Any]:
        """`POST …/loadBalancingRules/{rule}/health`: ends with the answer, changes nothing."""
        operations = self.clients.network.load_balancer_load_balancing_rules
        with refusals_about(str(rule)):
            begun: Any = operations.begin_health(*_path(rule))
        return _Reworded(begun, str(rule))

    def state(self, target: Target) -> str:
        """The provisioning state; "" where there is none, or nothing is there."""
        found = self.group(target.name) if isinstance(target, ResourceGroup) else self.get(target)
        return provisioning_state(found) if found else ""

    def group(self, name: str) -> Body | None:
        """A resource group, or None."""
        with refusals_about(f"resource group {name}"):
            return _or_none(lambda: self.clients.resources.resource_groups.get(name))

    def region_of(self, group: str) -> str:
        """Where a resource group is (`westeurope`), "" where there is none."""
        found = self.group(group)
        return region(str(found.get("location", ""))) if found else ""

    def resources_in(self, group: str) -> list[Body]:
        """All top-level resources of a group, of whatever type: id, tags, `managedBy`."""
        with refusals_about(f"resources of {group}"):
            operations = self.clients.resources.resources
            return listed(lambda: operations.list_by_resource_group(group))

    def groups(self, tag: str, value: str) -> list[Body]:
        """The resource groups with a tag."""
        query = f"tagName eq '{tag}' and tagValue eq '{value}'"
        with refusals_about(f"resource groups tagged {tag}={value}"):
            return listed(lambda: self.clients.resources.resource_groups.list(filter=query))

    def settle(
        self,
        resource: ResourceId,
        *,
        patience: Patience,
        clock: Clock,
        still_waiting: Callable[[float], None],
    ) -> Body | None:
        """The resource once nothing is under way on it; None where there is none."""

        def settled() -> tuple[Body | None] | None:
            body = self.get(resource)
            return None if body is not None and is_moving(body) else (body,)

        answer = wait_until(
            settled, str(resource), patience=patience, clock=clock, still_waiting=still_waiting
        )
        return answer[0]

    def _put_group(self, group: ResourceGroup, body: Body) -> Body:
        with refusals_about(str(group)):
            made = self.clients.resources.resource_groups.create_or_update(
                group.name, cast(Any, body)
            )
        return _plain(made)

    def _operations(self, resource: ResourceId) -> Any:
        if version := BY_ID.get(resource.type.lower()):
            return ById(self.clients, resource, version)
        service, name = OPERATIONS[resource.type.lower()]
        return getattr(self.clients.of(service, resource.subscription), name)


@dataclass(frozen=True, slots=True)
class Done:
    """An operation that ended when it was asked for."""

    value: Any = None

    def done(self) -> bool:
        return True

    def wait(self, timeout: float | None = None) -> None:
        """Nothing to wait for."""

    def result(self) -> Any:
        return self.value

    def continuation_token(self) -> str:
        return ""


class _Reworded:
    """An operation whose errors are ours."""

    def __init__(self, operation: Operation[Any], resource: str) -> None:
        self._operation = operation
        self._resource = resource

    def done(self) -> bool:
        return self._operation.done()

    def wait(self, timeout: float | None = None) -> None:
        with refusals_about(self._resource):
            self._operation.wait(timeout)

    def result(self) -> Any:
        with refusals_about(self._resource):
            return self._operation.result()

    def continuation_token(self) -> str:
        return self._operation.continuation_token()


def _path(resource: ResourceId) -> tuple[str, ...]:
    return (resource.resource_group, *(name for _, name in resource.segments))


def _plain(model: Any) -> Body:
    return cast(Body, model.as_dict())


def _or_none(ask: Callable[[], Any]) -> Body | None:
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415 - slow to import

    try:
        return _plain(ask())
    except ResourceNotFoundError:
        return None


def listed(ask: Callable[[], Iterable[Any]]) -> list[Body]:
    """All of a list's pages as plain mappings; [] where there is no such list."""
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415 - slow to import

    try:
        return [_plain(model) for model in ask()]
    except ResourceNotFoundError:
        return []
