"""Reading the `scale_set` block of an image, and what environments add to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipeline.definition import rules, shape_rules
from pipeline.definition.attached import attached
from pipeline.definition.extensions import read_extensions
from pipeline.definition.properties import read_autoscale, read_properties
from pipeline.definition.reading import Section
from pipeline.definition.shape import (
    FLEXIBLE,
    UNIFORM,
    DataDisk,
    Identity,
    Instances,
    OsDisk,
    Repairs,
    ScaleSetShape,
    Spot,
)

_MOST_IN_ONE_PLACEMENT_GROUP = 100


def read_scale_set(folder: Path, root: Path, section: Section, build_size: str) -> ScaleSetShape:
    """The `scale_set` block of the image in a folder.

    Without it there are no instances, and a machine of a check is as large as that of the bake.
    """
    if section.is_absent:
        return ScaleSetShape(build_size, 0)
    shown = f"images/{folder.name}"
    largest = shape_rules.LARGEST_DATA
    is_flexible = section.text("orchestration", shape_rules.ORCHESTRATION, UNIFORM) == FLEXIBLE
    shape = ScaleSetShape(
        sku=section.text("sku", rules.VM_SIZE),
        capacity=section.number("capacity", rules.CAPACITY),
        orchestration=FLEXIBLE if is_flexible else UNIFORM,
        zones=_zones(section),
        zone_balance=section.maybe("zone_balance"),
        fault_domains=section.number("fault_domains", shape_rules.FAULT_DOMAINS, default=0),
        single_placement_group=section.maybe("single_placement_group"),
        proximity_placement_group=section.text(
            "proximity_placement_group", shape_rules.PLACEMENT_GROUP, default=""
        ),
        tags=read_tags(section),
        identity=_identity(section.block("identity", is_required=False)),
        ssh_keys=_listed(section, "ssh_keys", shape_rules.SSH_KEY),
        user_data=attached(folder, shown, section, "user_data", largest),
        custom_data=attached(folder, shown, section, "custom_data", largest),
        os_disk=_os_disk(section.block("os_disk", is_required=False)),
        data_disks=tuple(map(_data_disk, section.labelled("data_disk", shape_rules.LUN))),
        spot=_spot(section.block("spot", is_required=False)),
        accelerated_networking=section.maybe("accelerated_networking"),
        termination_notice=_seconds(section, "termination_notice", shape_rules.NOTICE),
        automatic_repairs=_repairs(section.block("automatic_repairs", is_required=False)),
        extensions=read_extensions(root, section),
        autoscale=read_autoscale(folder, shown, section),
        properties=read_properties(folder, shown, section),
        like=section.text("like", shape_rules.LIKE, default=""),
        without_protected_settings=_listed(
            section, "without_protected_settings", shape_rules.EXTENSION
        ),
    )
    if shape.without_protected_settings and not shape.like:
        what = "without_protected_settings without like"
        line = section.line_of("without_protected_settings")
        section.mistake(line, what, 'add like = "serving", or remove it')
    _check_placement(section, shape)
    _check_disks(section, shape)
    return shape


def read_instances(root: Path, section: Section) -> Instances:
    """The `instances` block of an environment's load balancer."""
    return Instances(
        tags=read_tags(section),
        user_data=attached(root, "", section, "user_data", shape_rules.LARGEST_DATA),
    )


def read_tags(
    section: Section,
    is_ours: Callable[[str], bool] = shape_rules.RESERVED_TAGS.__contains__,
    most: int = shape_rules.MOST_TAGS,
) -> tuple[tuple[str, str], ...]:
    """The `tags` of a section, none of them one that bakeswap writes itself.

    `is_ours` is asked for names in lower case: by default for those on scale sets.
    """
    found: dict[str, str] = {}
    pairs = section.pairs("tags")
    for name, value in pairs:
        if not shape_rules.TAG_NAME.accepts(name):
            right = f"it must be {shape_rules.TAG_NAME.right}"
            section.mistake(value.line, f'tags: "{name}" is not the name of a tag', right)
        elif is_ours(name.lower()):
            right = "call it otherwise: bakeswap writes that tag itself"
            section.mistake(value.line, f"tags: {name} cannot be set here", right)
        elif name.lower() in {other.lower() for other in found}:
            right = "Azure knows no case in names of tags"
            section.mistake(value.line, f"tags: {name} is there already", right)
        else:
            found[name] = section.judged(name, value, shape_rules.TAG_VALUE)
    if len(pairs) > most:
        what = f"tags: {len(pairs)} are too many"
        section.mistake(section.line_of("tags"), what, f"at most {most}")
    return tuple(found.items())


def _zones(section: Section) -> tuple[str, ...]:
    found: list[str] = []
    for zone, line in section.texts("zones", shape_rules.ZONE):
        if zone and zone in found:
            section.mistake(line, f'zones: "{zone}" is listed twice', "keep one")
        elif zone:
            found.append(zone)
    return tuple(found)


def _listed(section: Section, key: str, rule: rules.Rule) -> tuple[str, ...]:
    return tuple(text for text, _ in section.texts(key, rule) if text)


def _seconds(section: Section, key: str, rule: rules.Rule, default: str = "") -> float:
    return rules.seconds(section.text(key, rule, default=default))


def _identity(section: Section) -> Identity | None:
    identity = Identity(
        system=section.truth("system", default=False),
        user=_listed(section, "user", shape_rules.USER_IDENTITY),
    )
    if not section.is_absent and identity == Identity() and not section.has("user"):
        right = "add system = true or user = [...]"
        section.mistake(section.line, "identity names no identity", right)
    return None if section.is_absent else identity


def _os_disk(section: Section) -> OsDisk:
    disk = OsDisk(
        size=section.number("size", shape_rules.OS_DISK_SIZE, default=0),
        type=section.text("type", shape_rules.DISK_TYPE, default=""),
        caching=section.text("caching", shape_rules.CACHING, default=""),
        ephemeral=section.text("ephemeral", shape_rules.PLACEMENT, default=""),
    )
    if disk.ephemeral and disk.type:
        right = "remove it: an ephemeral disk lies on the host"
        section.mistake(section.line_of("type"), "type: an ephemeral disk has no type", right)
    if disk.ephemeral and disk.caching not in ("", "ReadOnly"):
        what = f'caching: an ephemeral disk is not cached "{disk.caching}"'
        section.mistake(section.line_of("caching"), what, 'it must be "ReadOnly"')
    return disk


def _data_disk(section: Section) -> DataDisk:
    disk = DataDisk(
        lun=int(section.label) if shape_rules.LUN.accepts(section.label) else 0,
        size=section.number("size", shape_rules.DATA_DISK_SIZE),
        type=section.text("type", shape_rules.DATA_DISK_TYPE, default=""),
        caching=section.text("caching", shape_rules.CACHING, default=""),
    )
    if disk.type in shape_rules.UNCACHED and disk.caching not in ("", "None"):
        what = f'caching: disks of the type "{disk.type}" are not cached'
        section.mistake(section.line_of("caching"), what, "remove it")
    return disk


def _spot(section: Section) -> Spot | None:
    spot = Spot(
        eviction=section.text("eviction", shape_rules.EVICTION, default="Delete"),
        max_price=section.amount("max_price", shape_rules.PRICE, default=-1),
    )
    if spot.max_price <= 0 and spot.max_price != -1:
        what = f"max_price = {spot.max_price:g} is not a price"
        right = "it must be more than 0, or -1 for any price"
        section.mistake(section.line_of("max_price"), what, right)
    return None if section.is_absent else spot


def _repairs(section: Section) -> Repairs | None:
    repairs = Repairs(
        grace=_seconds(section, "grace", shape_rules.GRACE, "30m"),
        action=section.text("action", shape_rules.REPAIR, default="Replace"),
    )
    return None if section.is_absent else repairs


def _check_placement(section: Section, shape: ScaleSetShape) -> None:
    """Report what Azure refuses of zones, fault domains and placement groups together."""
    is_flexible, domains = shape.orchestration == FLEXIBLE, shape.fault_domains
    most = 1 if is_flexible else 5
    if shape.zones and domains not in (0, 1, most):
        what = f"fault_domains = {domains} in zones"
        right = "it must be 1" if is_flexible else "it must be 1 or 5"
        section.mistake(section.line_of("fault_domains"), what, right)
    if is_flexible and domains > 3:  # noqa: PLR2004 - Azure's most, in regions
        what = f"fault_domains = {domains} of a Flexible scale set"
        section.mistake(section.line_of("fault_domains"), what, "it must be from 1 to 3")
    if shape.zone_balance is not None and len(shape.zones) < 2:  # noqa: PLR2004 - between two
        what = "zone_balance without a second zone"
        section.mistake(section.line_of("zone_balance"), what, "name the zones, or remove it")
    if shape.proximity_placement_group and len(shape.zones) > 1:
        what = f"proximity_placement_group: in {len(shape.zones)} zones"
        right = "such a group is in one zone"
        section.mistake(section.line_of("proximity_placement_group"), what, right)
    if is_flexible and shape.identity and shape.identity.system:
        what = "identity.system: a Flexible scale set has user-assigned identities only"
        section.mistake(section.line_of("orchestration"), what, "name one in identity.user")
    _check_one_group(section, shape, is_flexible=is_flexible)


def _check_one_group(section: Section, shape: ScaleSetShape, *, is_flexible: bool) -> None:
    if not shape.single_placement_group:
        return
    line = section.line_of("single_placement_group")
    if is_flexible:
        what = "single_placement_group of a Flexible scale set"
        section.mistake(line, what, "remove it: Azure places its machines by itself")
    if shape.capacity > _MOST_IN_ONE_PLACEMENT_GROUP:
        what = f"single_placement_group with {shape.capacity} instances"
        right = f"a placement group holds {_MOST_IN_ONE_PLACEMENT_GROUP}"
        section.mistake(line, what, right)
    if shape.fault_domains == 1:
        what = "single_placement_group with one fault domain"
        section.mistake(line, what, "remove one of both: Azure spreads it over several groups")


def _check_disks(section: Section, shape: ScaleSetShape) -> None:
    if shape.os_disk.ephemeral and shape.spot and shape.spot.eviction == "Deallocate":
        what = 'spot.eviction: "Deallocate" with an ephemeral OS disk'
        right = 'it must be "Delete": what is on the host is gone with it'
        section.mistake(section.line_of("sku"), what, right)
