"""Resources of Azure by their ids: get, list, put, delete, in Azure's own spelling.

Owns what azure-mgmt-* raise: what leaves here is a mapping, an operation, or an error of ours.
Bodies are camelCase mappings as the ARM reference prints them, sent unchanged; answers are mappings
in wire format too, with everything in them that we do not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment
from pipeline.errors import AzureRefused, SignInFailed, Unreachable
from pipeline.execution.azure.clients import Clients
from pipeline.execution.azure.requests import (
    TRANSITIONAL,
    Body,
    Request,
    ResourceGroup,
    Target,
    Verb,
)
from pipeline.execution.patience import Patience
from pipeline.execution.wait import Clock, Operation, wait_until

_OPERATIONS = {
    "microsoft.network/virtualnetworks": ("network", "virtual_networks"),
    "microsoft.network/virtualnetworks/subnets": ("network", "subnets"),
    "microsoft.network/networksecuritygroups": ("network", "network_security_groups"),
    "microsoft.network/natgateways": ("network", "nat_gateways"),
    "microsoft.network/publicipaddresses": ("network", "public_ip_addresses"),
    "microsoft.network/networkinterfaces": ("network", "network_interfaces"),
    "microsoft.network/loadbalancers": ("network", "load_balancers"),
    "microsoft.compute/virtualmachines": ("compute", "virtual_machines"),
    "microsoft.compute/virtualmachinescalesets": ("compute", "virtual_machine_scale_sets"),
    "microsoft.compute/disks": ("compute", "disks"),
    "microsoft.compute/images": ("compute", "images"),
    "microsoft.compute/galleries": ("compute", "galleries"),
    "microsoft.compute/galleries/images": ("compute", "gallery_images"),
    "microsoft.compute/galleries/images/versions": ("compute", "gallery_image_versions"),
}
"""Which client and which of its operations serve a type."""

_LISTS = {
    "microsoft.compute/galleries/images/versions": "list_by_gallery_image",
}

_BEGIN: dict[Verb, str] = {
    "PUT": "begin_create_or_update",
    "PATCH": "begin_update",
    "DELETE": "begin_delete",
}
"""The SDK's method for a verb."""


@contextmanager
def refusals_about(resource: str) -> Iterator[None]:
    """Turn what the SDK raises into AzureRefused, SignInFailed or Unreachable.

    A failed operation arrives as `HttpResponseError` with status 200: only `error.code` tells.
    """
    from azure.core.exceptions import (  # noqa: PLC0415 - slow to import
        AzureError,
        ClientAuthenticationError,
        HttpResponseError,
    )

    try:
        yield
    except HttpResponseError as error:
        by_issuer = isinstance(error, ClientAuthenticationError) and error.error is None
        if by_issuer or error.status_code is None:
            raise _not_signed_in(resource, error) from error
        raise _refusal(resource, error) from error
    except AzureError as error:
        raise _no_answer(resource, error) from error


def _refusal(resource: str, error: Any) -> AzureRefused:
    code = (error.error and error.error.code) or f"HTTP {error.status_code}"
    sentence = (error.error and error.error.message) or error.message
    details = (error.error and error.error.details) or ()
    for detail in details:
        if detail.code and detail.message and detail.message not in sentence:
            sentence += f" ({detail.code}: {detail.message})"
    failed = error.status_code == HTTPStatus.OK  # an operation, asked for its end
    return AzureRefused(
        resource,
        str(code),
        str(sentence),
        status=0 if failed else error.status_code,
        retry_after=0.0 if failed else _retry_after(error.response),
    )


def _retry_after(response: Any) -> float:
    """Seconds; Azure Resource Manager sends no dates there."""
    asked = str(response.headers.get("Retry-After", ""))
    return float(asked) if asked.isdecimal() else 0.0


def _not_signed_in(resource: str, error: Any) -> SignInFailed | Unreachable:
    """azure-identity found no credential, the issuer turned it down, or did not answer."""
    if _nothing_listens(error):
        return _no_answer(resource, error)
    reason = " ".join(str(error.message or error).split())
    return SignInFailed(f"{resource}: not signed in to Azure: {reason}")


def _no_answer(resource: str, error: Any) -> Unreachable:
    reason = str(error.message or error).splitlines()[0]
    return Unreachable(
        f"{resource}: Azure did not answer: {reason}", nothing_listens=_nothing_listens(error)
    )


def _nothing_listens(error: Any) -> bool:
    return "Connection refused" in str(error.message or error)


def provisioning_state(body: Mapping[str, Any]) -> str:
    """`Succeeded`, `Creating`, …; "" where the resource has none."""
    return str((body.get("properties") or {}).get("provisioningState") or "")


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
        method = getattr(self._operations(child), _LISTS.get(_type(child), "list"))
        with refusals_about(str(parent)):
            return _listed(lambda: method(*_path(parent)))

    def list_in_group(self, kind: str, group: str = "") -> list[Body]:
        """All resources of a group of a type, such as `Microsoft.Compute/images`."""
        client, name = _OPERATIONS[kind.lower()]
        operations = getattr(getattr(self.clients, client), name)
        where = group or self.environment.resource_group
        method = getattr(operations, "list_by_resource_group", operations.list)
        with refusals_about(f"{kind} in {where}"):
            return _listed(lambda: method(where))

    def instances(self, scale_set: ResourceId) -> list[Body]:
        """The instances of a scale set with their instance views; [] where it is gone."""
        operations = self.clients.compute.virtual_machine_scale_set_vms
        with refusals_about(str(scale_set)):
            return _listed(lambda: operations.list(*_path(scale_set), expand="instanceView"))

    def begin(self, request: Request, token: str = "") -> Operation[Any]:
        """Send a request; with the token of one that was sent, go on waiting for that instead."""
        options: dict[str, Any] = {"continuation_token": token} if token else {}
        if request.if_match:
            options["headers"] = {"If-Match": request.if_match}
        target = request.target
        if isinstance(target, ResourceGroup) and request.verb == "PUT":
            return Done(self._put_group(target, request.body))
        if isinstance(target, ResourceGroup):
            operations: Any = self.clients.resources.resource_groups
            path: tuple[str, ...] = (target.name,)
        else:
            operations, path = self._operations(target), _path(target)
        body = () if request.verb == "DELETE" else (request.body,)
        with refusals_about(str(target)):
            begun = getattr(operations, _BEGIN[request.verb])(*path, *body, **options)
        return _Reworded(begun, str(target))

    def state(self, target: Target) -> str:
        """The provisioning state; "" where there is none, or nothing is there."""
        found = self.group(target.name) if isinstance(target, ResourceGroup) else self.get(target)
        return provisioning_state(found) if found else ""

    def group(self, name: str) -> Body | None:
        """A resource group, or None."""
        with refusals_about(f"resource group {name}"):
            return _or_none(lambda: self.clients.resources.resource_groups.get(name))

    def groups(self, tag: str, value: str) -> list[Body]:
        """The resource groups with a tag."""
        query = f"tagName eq '{tag}' and tagValue eq '{value}'"
        with refusals_about(f"resource groups tagged {tag}={value}"):
            return _listed(lambda: self.clients.resources.resource_groups.list(filter=query))

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
            moving = body is not None and provisioning_state(body).lower() in TRANSITIONAL
            return None if moving else (body,)

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
        client, name = _OPERATIONS[_type(resource)]
        return getattr(getattr(self.clients, client), name)


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


def _type(resource: ResourceId) -> str:
    return "/".join((resource.namespace, *(kind for kind, _ in resource.segments))).lower()


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


def _listed(ask: Callable[[], Iterable[Any]]) -> list[Body]:
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415 - slow to import

    try:
        return [_plain(model) for model in ask()]
    except ResourceNotFoundError:
        return []
