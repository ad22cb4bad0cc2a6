"""The `scale_set` block of a scale set that another hand made: every key that says what it has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.definition import shape_rules
from pipeline.definition.extensions import is_health
from pipeline.definition.rules import Range, Rule
from pipeline.definition.shape import FLEXIBLE
from pipeline.planning.adopt.estate import Answer, profile, properties
from pipeline.planning.adopt.hcl import Block, Value

_Pair = tuple[str, Value]
MANY = 2


def scale_set_block(found: Answer) -> Block:
    """What is served by such a scale set of ours has the same shape."""
    return Block("scale_set", attributes=tuple(_attributes(found)), blocks=tuple(_blocks(found)))


def _attributes(found: Answer) -> Iterator[_Pair]:
    sku, given, model = found.get("sku") or {}, properties(found), profile(found)
    yield "sku", str(sku.get("name") or "")
    yield "capacity", max(1, int(sku.get("capacity") or 0))
    if is_flexible(found):
        yield "orchestration", FLEXIBLE
    if zones := [str(zone) for zone in found.get("zones") or ()]:
        yield "zones", zones
    if given.get("zoneBalance") is not None and len(zones) > 1:
        yield "zone_balance", bool(given["zoneBalance"])
    if given.get("singlePlacementGroup") and not is_flexible(found):
        yield "single_placement_group", True
    group = (given.get("proximityPlacementGroup") or {}).get("id")
    if group and len(zones) < MANY and shape_rules.PLACEMENT_GROUP.accepts(str(group)):
        yield "proximity_placement_group", str(group)
    if _interface(model).get("enableAcceleratedNetworking"):
        yield "accelerated_networking", True
    if keys := [key for key in _keys(model) if shape_rules.SSH_KEY.accepts(key)]:
        yield "ssh_keys", keys
    if notice := _notice(model):
        yield "termination_notice", notice


def _blocks(found: Answer) -> Iterator[Block]:
    model = profile(found)
    storage = model.get("storageProfile") or {}
    yield from _identity(found.get("identity") or {}, is_flexible=is_flexible(found))
    yield from _os_disk(storage.get("osDisk") or {})
    for disk in storage.get("dataDisks") or ():
        yield from _data_disk(disk)
    if str(model.get("priority")).lower() == "spot":
        price = (model.get("billingProfile") or {}).get("maxPrice", -1)
        eviction = _accepted(model.get("evictionPolicy"), shape_rules.EVICTION)
        limit = (("max_price", price),) if price != -1 else ()
        yield Block("spot", attributes=(*_one("eviction", eviction), *limit))
    yield from _repairs(properties(found).get("automaticRepairsPolicy") or {})
    for extension in extensions(found):
        if is_nameable(extension):
            yield _extension(extension)


def _identity(identity: Answer, *, is_flexible: bool) -> Iterator[Block]:
    kind = str(identity.get("type") or "None").lower()
    users = sorted(identity.get("userAssignedIdentities") or {})
    accepted = [user for user in users if shape_rules.USER_IDENTITY.accepts(user)]
    pairs: list[_Pair] = [("system", True)] if "systemassigned" in kind and not is_flexible else []
    if accepted:
        pairs.append(("user", accepted))
    if pairs:
        yield Block("identity", attributes=tuple(pairs))


def _os_disk(disk: Answer) -> Iterator[Block]:
    placed = disk.get("diffDiskSettings") or {}
    kind = (disk.get("managedDisk") or {}).get("storageAccountType")
    where = placed.get("placement") or ("CacheDisk" if placed.get("option") else None)
    pairs = (
        *_one("size", _within(disk.get("diskSizeGB"), shape_rules.OS_DISK_SIZE)),
        *(() if placed else _one("type", _accepted(kind, shape_rules.DISK_TYPE))),
        *(() if placed else _one("caching", _accepted(disk.get("caching"), shape_rules.CACHING))),
        *_one("ephemeral", _accepted(where, shape_rules.PLACEMENT)),
    )
    if pairs:
        yield Block("os_disk", attributes=pairs)


def _data_disk(disk: Answer) -> Iterator[Block]:
    size = _within(disk.get("diskSizeGB"), shape_rules.DATA_DISK_SIZE)
    kind = (disk.get("managedDisk") or {}).get("storageAccountType")
    caching = None if kind in shape_rules.UNCACHED else disk.get("caching")
    if size is not None and str(disk.get("createOption") or "Empty").lower() == "empty":
        pairs = (
            ("size", size),
            *_one("type", _accepted(kind, shape_rules.DATA_DISK_TYPE)),
            *_one("caching", _accepted(caching, shape_rules.CACHING)),
        )
        yield Block("data_disk", str(disk.get("lun", 0)), pairs)


def _repairs(policy: Answer) -> Iterator[Block]:
    if policy.get("enabled"):
        grace = _minutes(str(policy.get("gracePeriod") or ""))
        action = _accepted(policy.get("repairAction"), shape_rules.REPAIR)
        named = grace if grace and shape_rules.GRACE.accepts(grace) else None
        pairs = (*_one("grace", named), *_one("action", action))
        yield Block("automatic_repairs", attributes=pairs)


def extensions(found: Answer) -> tuple[Answer, ...]:
    """Those that are not Application Health, which the image's `health` stands for."""
    listed = (profile(found).get("extensionProfile") or {}).get("extensions") or ()
    return tuple(one for one in listed if not is_health(*kind_of(one)))


def kind_of(extension: Answer) -> tuple[str, str]:
    """Publisher and type."""
    given = properties(extension)
    return str(given.get("publisher") or ""), str(given.get("type") or "")


def is_nameable(extension: Answer) -> bool:
    """Whether an extension's name, publisher, type and version are ones that a definition takes."""
    publisher, kind = kind_of(extension)
    return (
        shape_rules.EXTENSION.accepts(str(extension["name"]))
        and shape_rules.EXTENSION_PUBLISHER.accepts(publisher)
        and shape_rules.EXTENSION_TYPE.accepts(kind)
        and shape_rules.EXTENSION_VERSION.accepts(
            str(properties(extension).get("typeHandlerVersion"))
        )
    )


def _extension(extension: Answer) -> Block:
    given, (publisher, kind) = properties(extension), kind_of(extension)
    settings: Any = given.get("settings")
    return Block(
        "extension",
        str(extension["name"]),
        (
            ("publisher", publisher),
            ("type", kind),
            ("version", str(given["typeHandlerVersion"])),
            *((("settings", settings),) if settings else ()),
            *_one("after", [str(name) for name in given.get("provisionAfterExtensions") or ()]),
            *_one("force_update_tag", given.get("forceUpdateTag")),
        ),
    )


def _interface(model: Answer) -> Answer:
    listed = (model.get("networkProfile") or {}).get("networkInterfaceConfigurations") or ()
    return properties(listed[0]) if listed else {}


def _keys(model: Answer) -> Iterator[str]:
    linux = (model.get("osProfile") or {}).get("linuxConfiguration") or {}
    for key in (linux.get("ssh") or {}).get("publicKeys") or ():
        yield str(key.get("keyData") or "").strip()


def _notice(model: Answer) -> str:
    events = (model.get("scheduledEventsProfile") or {}).get("terminateNotificationProfile") or {}
    found = _minutes(str(events.get("notBeforeTimeout") or "")) if events.get("enable") else ""
    return found if found and shape_rules.NOTICE.accepts(found) else ""


def _minutes(period: str) -> str:
    """`PT30M` → `30m`; "" for what is not whole minutes."""
    inside = period.removeprefix("PT").removesuffix("M")
    return f"{inside}m" if period.startswith("PT") and inside.isdecimal() else ""


def _accepted(value: object, rule: Rule) -> str | None:
    return str(value) if value and rule.accepts(str(value)) else None


def _within(value: object, accepted: Range) -> int | None:
    return value if isinstance(value, int) and accepted.accepts(value) else None


def _one(name: str, value: Value | None) -> tuple[_Pair, ...]:
    return ((name, value),) if value else ()


def is_flexible(found: Answer) -> bool:
    """Whether its instances are virtual machines of their own."""
    return str(properties(found).get("orchestrationMode")).lower() == FLEXIBLE.lower()
