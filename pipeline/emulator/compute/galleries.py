"""Galleries and their image definitions."""

from __future__ import annotations

import re
from typing import Any

from pipeline.emulator.arm.errors import ArmError, invalid_parameter
from pipeline.emulator.arm.ids import ResourceId, same
from pipeline.emulator.arm.kinds import Kind
from pipeline.emulator.arm.store import Record
from pipeline.emulator.compute import traits
from pipeline.emulator.compute.wording import (
    at,
    change_not_allowed,
    conflict,
    has_children,
    invalid_name,
    missing,
)

_GALLERY_NAME = re.compile(r"^[^_\W][\w.]{0,79}(?<!\.)$")
_DEFINITION_NAME = re.compile(r"^[^_\W][\w\-.]{0,79}(?<![-.])$")
_IDENTIFIER = ("publisher", "offer", "sku")
_STATES = ("Generalized", "Specialized")
_FIXED = ("osType", "osState", "hyperVGeneration", "architecture")


class Galleries(Kind):
    """`Microsoft.Compute/galleries`."""

    type = "Microsoft.Compute/galleries"
    operation_path = "capsOperations"

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A gallery, private; sharing and soft deletion are kept as given and have no effect."""
        if not _GALLERY_NAME.match(identifier.name):
            raise invalid_name("galleryName", _GALLERY_NAME.pattern)
        if existing is None:
            self._refuse_second(identifier)
        record = super().accept(identifier, body, existing)
        unique = f"{identifier.subscription}-{identifier.name.upper()}"
        record.properties["identifier"] = {"uniqueName": unique}
        return record

    def _refuse_second(self, identifier: ResourceId) -> None:
        """The sentence: Azure's page troubleshooting-shared-images, azure-cli#11967."""
        for other in self.registry.store.of_type(self.type):
            is_mine = same(other.id.subscription, identifier.subscription)
            if is_mine and same(other.id.name, identifier.name):
                raise ArmError(
                    409,
                    "Conflict",
                    f"The gallery name '{identifier.name}' is not unique within the subscription "
                    f"'{identifier.subscription}'. Please pick another gallery name.",
                )

    def refuse_delete(self, identifier: ResourceId) -> None:
        """Refuse to delete a gallery with image definitions."""
        definitions = [str(one.id) for one in self.registry.store.children(identifier, "images")]
        if definitions:
            raise has_children(definitions)

    def busy(self, identifier: ResourceId) -> Exception:
        """Azure's conflict."""
        return conflict(identifier)


class Definitions(Kind):
    """`Microsoft.Compute/galleries/images`: what an image is, without its versions."""

    type = "Microsoft.Compute/galleries/images"
    operation_path = "capsOperations"

    def filled(self, body: dict[str, Any], api_version: str) -> dict[str, Any]:
        """Another generation and security type since 2025-03-03."""
        return {**body, "properties": traits.filled(body.get("properties") or {}, api_version)}

    def accept(
        self, identifier: ResourceId, body: dict[str, Any], existing: Record | None
    ) -> Record:
        """A definition. Its identifier, operating system and generation are fixed."""
        if not _DEFINITION_NAME.match(identifier.name):
            raise invalid_name("galleryImageName", _DEFINITION_NAME.pattern)
        record = super().accept(identifier, body, existing)
        properties = record.properties
        _check(properties)
        properties.setdefault("hyperVGeneration", "V2")
        traits.of_definition(properties)
        properties.setdefault("architecture", "x64")
        if existing is None:
            self._refuse_duplicate(identifier, properties["identifier"])
        else:
            _refuse_changes(existing.properties, properties)
        return record

    def refuse_delete(self, identifier: ResourceId) -> None:
        """Refuse to delete a definition with versions."""
        versions = [str(one.id) for one in self.registry.store.children(identifier, "versions")]
        if versions:
            raise has_children(versions)

    def busy(self, identifier: ResourceId) -> Exception:
        """Azure's conflict."""
        return conflict(identifier)

    def _refuse_duplicate(self, identifier: ResourceId, wanted: dict[str, Any]) -> None:
        gallery = identifier.parent or identifier
        for other in self.registry.store.children(gallery, "images"):
            if _key(other.properties["identifier"]) == _key(wanted):
                raise ArmError(
                    409,
                    "Conflict",
                    "The gallery image identifier (publisher, offer, sku) "
                    f"{', '.join(_key(wanted))} is already used by '{other.id}'.",
                )


def _key(identifier: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(identifier[part]).lower() for part in _IDENTIFIER)


def _check(properties: dict[str, Any]) -> None:
    for part in _IDENTIFIER:
        if not at(properties, "identifier", part):
            raise missing(f"galleryImage.properties.identifier.{part}")
    for part in ("osType", "osState"):
        if not properties.get(part):
            raise missing(f"galleryImage.properties.{part}")
    if properties["osType"] != "Linux":
        raise invalid_parameter("osType", "The emulator serves Linux images only.")
    if properties["osState"] not in _STATES:
        raise invalid_parameter("osState", f"osState must be one of {', '.join(_STATES)}.")


def _refuse_changes(before: dict[str, Any], after: dict[str, Any]) -> None:
    if _key(before["identifier"]) != _key(after["identifier"]):
        raise change_not_allowed("galleryImage.properties.identifier")
    for name in _FIXED:
        if before.get(name) != after.get(name):
            raise change_not_allowed(f"galleryImage.properties.{name}")
