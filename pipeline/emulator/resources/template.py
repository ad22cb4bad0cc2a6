"""A deployment template read whole: what it makes, in which order, all expressions resolved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pipeline.emulator.arm.errors import ArmError, not_served
from pipeline.emulator.arm.ids import ResourceId
from pipeline.emulator.resources.expressions import Function, TemplateError, resolve
from pipeline.emulator.resources.functions import FUNCTIONS
from pipeline.emulator.resources.parameters import Parameter, read_parameters

_NOT_IN_THE_BODY = {"apiVersion", "comments", "condition", "dependsOn", "metadata", "name", "type"}
_NOT_SERVED = ("copy", "resources", "scope", "resourceGroup", "subscriptionId")
_RESOURCES_NEED = ("type", "name", "apiVersion")


@dataclass(frozen=True, slots=True)
class PlannedResource:
    """One resource to make; `needs` are the ids of those to be made before."""

    id: ResourceId
    body: dict[str, Any]
    needs: frozenset[ResourceId]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deployment makes: resources in dependency order, and outputs still to be resolved."""

    resources: tuple[PlannedResource, ...]
    parameters: Mapping[str, Parameter]
    outputs: Mapping[str, Any]
    functions: Mapping[str, Function]


def plan(properties: dict[str, Any], group: dict[str, Any], deployment: str) -> Plan:
    """Read a deployment's `properties` for the resource group with this document.

    Raises ArmError: `InvalidTemplate` as Azure words it, or `NotServedByEmulator`.
    """
    template = properties.get("template")
    if not isinstance(template, dict):
        raise _invalid_request(
            "The content for this request should have 'properties.template' as a JSON object; "
            "the emulator follows no links."
        )
    if str(properties.get("mode", "")).lower() != "incremental":
        raise not_served(f"deployments in mode '{properties.get('mode')}'")
    try:
        return _plan(template, properties.get("parameters") or {}, group, deployment)
    except TemplateError as error:
        raise ArmError(
            400, "InvalidTemplate", f"Deployment template validation failed: '{error}'."
        ) from error


def _plan(
    template: dict[str, Any], given: dict[str, Any], group: dict[str, Any], deployment: str
) -> Plan:
    _check_shape(template, given)
    functions: dict[str, Function] = {**FUNCTIONS, **_scope(group, deployment)}
    parameters = read_parameters(template.get("parameters") or {}, given, functions)
    functions["parameters"] = _named("parameter", lambda name: parameters[name].value, parameters)
    functions["variables"] = _variables(template.get("variables") or {}, functions)
    sources = template.get("resources") or []
    drafts = [_draft(source, ResourceId.parse(group["id"]), functions) for source in sources]
    resources = _in_order(list(_connected(drafts)))
    return Plan(tuple(resources), parameters, template.get("outputs") or {}, functions)


def _check_shape(template: dict[str, Any], given: Any) -> None:
    for name in ("parameters", "variables", "outputs"):
        if not isinstance(template.get(name), dict | None):
            raise TemplateError(f"'{name}' is no object")
    declared, outputs = template.get("parameters") or {}, template.get("outputs") or {}
    if not all(isinstance(each, dict) for each in (given, *declared.values(), *outputs.values())):
        raise TemplateError("a parameter or an output is no object")
    sources = template.get("resources") or []
    if isinstance(sources, dict):  # symbolic names (languageVersion 2.0)
        raise not_served("templates with symbolic resource names")
    if not isinstance(sources, list) or not all(isinstance(each, dict) for each in sources):
        raise TemplateError("'resources' is no array of objects")
    if not all(isinstance(each.get("dependsOn"), list | None) for each in sources):
        raise TemplateError("'dependsOn' is no array")


@dataclass(frozen=True, slots=True)
class _Draft:
    id: ResourceId
    body: dict[str, Any]
    depends_on: tuple[str, ...]
    is_wanted: bool


def _draft(source: dict[str, Any], group: ResourceId, functions: Mapping[str, Function]) -> _Draft:
    for key in _NOT_SERVED:
        if source.get(key) is not None:
            raise not_served(f"'{key}' in a template's resource")
    missing = [key for key in _RESOURCES_NEED if not source.get(key)]
    if missing:
        raise TemplateError(f"The template resource has no '{missing[0]}'")
    identifier = _identify(
        str(resolve(source["type"], functions)), str(resolve(source["name"], functions)), group
    )
    condition = resolve(source.get("condition", True), functions)
    is_wanted = str(condition).lower() == "true"
    body = {key: value for key, value in source.items() if key not in _NOT_IN_THE_BODY}
    return _Draft(
        identifier,
        resolve(body, functions) if is_wanted else {},
        tuple(str(resolve(name, functions)) for name in source.get("dependsOn") or ()),
        is_wanted,
    )


def _identify(type_name: str, name: str, group: ResourceId) -> ResourceId:
    namespace, *types = type_name.strip("/").split("/")
    names = name.strip("/").split("/")
    if not types or len(types) != len(names):
        raise TemplateError(
            f"The template resource '{name}' for type '{type_name}' has incorrect segment lengths. "
            "A nested resource type must have identical number of segments as its resource name. "
            "A root resource type must have segment length one greater than its resource name. "
            "Please see https://aka.ms/arm-syntax-resources for usage details"
        )
    if type_name.lower() == "microsoft.resources/deployments":
        raise not_served("nested deployments")
    pairs = tuple(zip(types, names, strict=True))
    return ResourceId(group.subscription, group.resource_group, namespace, pairs)


def _connected(drafts: list[_Draft]) -> Iterator[PlannedResource]:
    """The wanted resources with their dependencies; those on unwanted ones fall away."""
    wanted = {draft.id for draft in drafts if draft.is_wanted}
    for draft in drafts:
        if draft.is_wanted:
            needs = {_dependency(name, drafts) for name in draft.depends_on}
            yield PlannedResource(draft.id, draft.body, frozenset(needs & wanted))


def _dependency(name: str, drafts: list[_Draft]) -> ResourceId:
    """What `dependsOn` means: a full id, `Type/name`, or a name."""
    wanted = name.strip("/").lower()
    for draft in drafts:
        namespaced = f"{draft.id.namespace}/" + "/".join(
            f"{kind}/{part}" for kind, part in draft.id.segments
        )
        short = f"{draft.id.type}/" + "/".join(part for _, part in draft.id.segments)
        plain = "/".join(part for _, part in draft.id.segments)
        full = str(draft.id).strip("/")
        if wanted in {full.lower(), namespaced.lower(), short.lower(), plain.lower()}:
            return draft.id
    raise TemplateError(
        f"The resource '{name}' is not defined in the template. "
        "Please see https://aka.ms/arm-syntax for usage details."
    )


def _in_order(resources: list[PlannedResource]) -> list[PlannedResource]:
    known = {resource.id: resource for resource in resources}
    if len(known) != len(resources):
        raise TemplateError("The template defines a resource twice")
    sorter = TopologicalSorter({resource.id: resource.needs for resource in resources})
    try:
        return [known[identifier] for identifier in sorter.static_order()]
    except CycleError as error:
        circle = " -> ".join(str(identifier) for identifier in error.args[1])
        raise TemplateError(f"Circular dependency detected on resource: '{circle}'") from error


def _variables(sources: dict[str, Any], functions: Mapping[str, Function]) -> Function:
    """`variables('x')`: resolved on first use, as variables refer to each other in any order."""
    known: dict[str, Any] = {}
    under_way: set[str] = set()
    lowered = {name.lower(): source for name, source in sources.items()}

    def value(name: str) -> Any:
        if name in under_way:
            raise TemplateError(f"The template variable '{name}' refers to itself")
        if name not in known:
            under_way.add(name)
            known[name] = resolve(lowered[name], functions)
            under_way.discard(name)
        return known[name]

    return _named("variable", value, lowered)


def _named(what: str, value: Callable[[str], Any], known: Mapping[str, Any]) -> Function:
    def function(name: str) -> Any:
        if name.lower() not in known:
            raise TemplateError(
                f"The template {what} '{name}' is not found. "
                "Please see https://aka.ms/arm-syntax for usage details."
            )
        return value(name.lower())

    return function


def _scope(group: dict[str, Any], deployment: str) -> dict[str, Function]:
    """The functions that know where the deployment goes."""
    owner = ResourceId.parse(group["id"])
    subscription = {
        "id": f"/subscriptions/{owner.subscription}",
        "subscriptionId": owner.subscription,
    }

    def resource_id(*parts: str) -> str:
        at = next(index for index, part in enumerate(parts) if "/" in part)
        where = [owner.subscription, owner.resource_group]
        where[2 - at :] = parts[:at]
        made = _identify(parts[at], "/".join(parts[at + 1 :]), ResourceId.group(*where))
        return str(made)

    def misplaced(*_: Any) -> Any:
        raise TemplateError("The template function 'reference' is not expected at this location")

    return {
        "resourcegroup": lambda: group,
        "subscription": lambda: subscription,
        "deployment": lambda: {"name": deployment},
        "resourceid": resource_id,
        "reference": misplaced,
        "providers": lambda *_: {"apiVersions": ["2024-11-01"], "locations": []},
    }


def _invalid_request(message: str) -> ArmError:
    return ArmError(400, "InvalidRequestContent", message)
