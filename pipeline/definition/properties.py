"""A JSON file of ARM properties that is merged over a scale set's body, and what it may not say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pipeline.definition.attached import attached
from pipeline.definition.extensions import HEALTH_NAME, is_health
from pipeline.definition.reading import Section
from pipeline.definition.shape import Attached
from pipeline.definition.shape_rules import RESERVED_TAGS

_PROFILE = "properties.virtualMachineProfile"
_INTERFACE = f"{_PROFILE}.networkProfile.networkInterfaceConfigurations.properties"
_ADDRESS = f"{_INTERFACE}.ipConfigurations.properties"
_EXTENSION = f"{_PROFILE}.extensionProfile.extensions"
_AZURE = "remove it: only Azure writes that"
_POOL = "remove it: each scale set has a pool of its own, and serves nowhere else"
_SECRET = "remove it: this file is no place for a secret"  # noqa: S105 - words, not a secret
_PROTECTED = {
    "id": _AZURE,
    "name": _AZURE,
    "type": _AZURE,
    "etag": _AZURE,
    "systemData": _AZURE,
    "location": "remove it: a scale set is in its environment's location",
    "sku.name": "say it as sku",
    "sku.capacity": "say it as capacity: a later scale set has as many instances as production",
    "identity.principalId": _AZURE,
    "identity.tenantId": _AZURE,
    "properties.provisioningState": _AZURE,
    "properties.uniqueId": _AZURE,
    "properties.timeCreated": _AZURE,
    "properties.orchestrationMode": "say it as orchestration",
    f"{_PROFILE}.timeCreated": _AZURE,
    f"{_PROFILE}.storageProfile.imageReference": "remove it: it is made from its version",
    f"{_PROFILE}.osProfile.computerNamePrefix": "remove it: instances are named after their set",
    f"{_PROFILE}.osProfile.adminUsername": "say it as ssh_username in environments.hcl",
    f"{_PROFILE}.osProfile.adminPassword": _SECRET,
    f"{_PROFILE}.securityProfile.securityType": "say it as security_type of the image",
    f"{_PROFILE}.networkProfile.healthProbe": "remove it: the block health says what is asked",
    f"{_ADDRESS}.loadBalancerBackendAddressPools": _POOL,
    f"{_ADDRESS}.loadBalancerInboundNatPools": _POOL,
    f"{_ADDRESS}.applicationGatewayBackendAddressPools": _POOL,
    f"{_EXTENSION}.properties.protectedSettings": _SECRET,
    f"{_EXTENSION}.properties.provisioningState": _AZURE,
}
"""What makes a scale set the one of its version, or is Azure's alone, and what to do instead."""
_LOWER = {path.lower(): right for path, right in _PROTECTED.items()}


_OF_SETTINGS = frozenset({"name", "enabled", "targetresourceuri", "targetresourcelocation"})
_MOST_PROFILES = 20


class _Twice(Exception):
    """A key that stands twice in one object: JSON readers take the last without a word."""


def read_properties(folder: Path, shown: str, section: Section) -> Attached | None:
    """The file that the key `properties` names; what is wrong with it is told by file and line."""
    return _read(folder, shown, section, "properties", _wrong)


def read_autoscale(folder: Path, shown: str, section: Section) -> Attached | None:
    """The file that the key `autoscale` names: properties of an autoscale setting."""
    return _read(folder, shown, section, "autoscale", _wrong_setting)


def _read(
    folder: Path,
    shown: str,
    section: Section,
    key: str,
    wrong: Callable[[Any], Iterator[tuple[str, str, str]]],
) -> Attached | None:
    found = attached(folder, shown, section, key)
    if found is None:
        return None
    try:
        text = found.content.decode()
        body = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        what = f"not JSON: {error.msg}"
        section.mistake(error.lineno, what, "close or quote it", found.name)
    except UnicodeDecodeError:
        section.mistake(1, "not UTF-8 text", "save it as UTF-8", found.name)
    except _Twice as error:
        section.mistake(_line(text, str(error)), f"a second {error}", "keep one", found.name)
    else:
        for path, name, right in wrong(body):
            what = f"{path} cannot be set here" if name else path
            section.mistake(_line(text, name), what, right, found.name)
    return found


def _wrong_setting(body: Any) -> Iterator[tuple[str, str, str]]:
    """Path, key and what to do instead; limits are those of Azure Monitor."""
    profiles = body.get("profiles") if isinstance(body, dict) else None
    if not isinstance(profiles, list) or not 0 < len(profiles) <= _MOST_PROFILES:
        right = f'write {{"profiles": [...]}} with 1 to {_MOST_PROFILES} profiles'
        yield "no profiles of an autoscale setting", "", right
        return
    for key in body:
        if key.lower() in _OF_SETTINGS:
            yield key, key, "remove it: bakeswap says it, for the scale set that serves"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found


def _wrong(body: Any) -> Iterator[tuple[str, str, str]]:
    """Path, key and what to do instead."""
    if not isinstance(body, dict):
        yield "not an object", "", "write an object with properties, as the ARM reference has it"
        return
    yield from _protected(body, "")
    for name in body.get("tags") or ():
        if name.lower() in RESERVED_TAGS:
            yield f"tags.{name}", name, "call it otherwise: bakeswap writes that tag itself"


def _protected(value: Any, path: str) -> Iterator[tuple[str, str, str]]:
    """Names of lists' items are left out of a path; Azure knows no case in it."""
    if isinstance(value, list):
        for one in value:
            if path.lower() == _EXTENSION.lower() and _is_ours(one):
                yield path, "extensions", "remove Application Health: the block health says it"
            yield from _protected(one, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else key
            if right := _LOWER.get(here.lower()):
                yield here, key, right
            else:
                yield from _protected(inner, here)


def _is_ours(extension: Any) -> bool:
    given = extension.get("properties") or {} if isinstance(extension, dict) else {}
    name = extension.get("name", "") if isinstance(extension, dict) else ""
    kind = str(given.get("publisher", "")), str(given.get("type", ""))
    return str(name).lower() == HEALTH_NAME.lower() or is_health(*kind)


def _line(text: str, key: str) -> int:
    """The first line with a key, which JSON quotes."""
    lines = enumerate(text.splitlines(), start=1)
    return next((number for number, line in lines if f'"{key}"' in line), 1)
