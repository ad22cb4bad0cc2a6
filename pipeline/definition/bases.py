"""Reading the `base` of an image, and holding the bases of a project against each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.definition import rules
from pipeline.definition.model import LATEST, AnyBase, Base, GalleryBase, Image, Template
from pipeline.definition.reading import Report, Section, suggestion

TAKING: Final = frozenset({"base_gallery_name", "base_gallery_image_name", "base_version"})
"""Those without which no template starts from a gallery image that is pinned."""

LONGEST: Final = 256
"""What a tag holds (Azure Resource Manager's limit): it tells the base of a version."""

_OF_MARKETPLACE = {"publisher": rules.PUBLISHER, "offer": rules.OFFER, "sku": rules.SKU}
_OF_GALLERY = {"gallery": rules.GALLERY, "image": rules.GALLERY_IMAGE}
_ELSEWHERE = {"resource_group": rules.RESOURCE_GROUP, "subscription": rules.GUID}
"""Where a gallery is, in Azure's words."""


def read_base(section: Section, template: Template, learned: frozenset[str]) -> AnyBase:
    """A marketplace image, one of a gallery, or another image of this project.

    `learned` are the variables by which the template learns something.
    """
    at = f"{section.file}:{section.line}"
    if not any(map(section.has, _OF_GALLERY)):
        _refuse(section, {**_OF_GALLERY, **_ELSEWHERE}, "this base is a marketplace image")
        return Base(
            publisher=section.text("publisher", rules.PUBLISHER),
            offer=section.text("offer", rules.OFFER),
            sku=section.text("sku", rules.SKU),
            version=section.text("version", rules.MARKETPLACE_VERSION, default=LATEST),
            at=at,
        )
    _refuse(section, _OF_MARKETPLACE, "this base is a gallery image")
    if not section.has("gallery"):
        _refuse(section, _ELSEWHERE, "this base is an image of this project")
    base = GalleryBase(
        gallery=section.text("gallery", rules.GALLERY, default=""),
        image=section.text("image", rules.GALLERY_IMAGE),
        version=section.text("version", rules.MARKETPLACE_VERSION, default=LATEST),
        resource_group=section.text("resource_group", rules.RESOURCE_GROUP, default=""),
        subscription=section.text("subscription", rules.GUID, default=""),
        at=at,
    )
    for name in sorted(TAKING - learned) if template.inputs else ():
        what = f"base: template {template.name} declares no variable {name}"
        right = f'add variable "{name}" {{ ... }} and give it to shared_image_gallery {{ ... }}'
        section.mistake(section.line, what, right)
    if len(str(base)) > LONGEST - len("9999.9999.9999"):
        what = "the names of the base are too long together: a tag of each version tells them"
        section.mistake(section.line, what, f"it holds {LONGEST} characters")
    return base


def _refuse(section: Section, keys: Mapping[str, rules.Rule], why: str) -> None:
    """Report keys that are another kind of base's."""
    for key, rule in keys.items():
        section.text(key, rule, default="")
        if section.has(key):
            section.mistake(section.line_of(key), f"{key}: {why}", f"remove {key}")


def check_parents(images: Mapping[str, Image], known: set[str], report: Report) -> None:
    """Report bases that are no image of the project, and images that are made of themselves."""
    for name, image in images.items():
        if not image.parent:
            continue
        file, _, line = image.base.at.rpartition(":")
        if image.parent not in known:
            what = f'base: there is no image "{image.parent}" under images/'
            right = suggestion(image.parent, known - {name})
        elif circle := _circle(images, name):
            what = f"base: {' is made of '.join(circle)}"
            right = "let one of them start from another base"
        else:
            continue
        report.part("image", name).add(file, int(line), what, right)


def _circle(images: Mapping[str, Image], name: str) -> list[str]:
    """The images from one back to itself, each made of the next; [] where it does not come back."""
    line = [name]
    while (image := images.get(line[-1])) and image.parent:
        if image.parent == name:
            return [*line, name]
        if image.parent in line:
            return []
        line.append(image.parent)
    return []


def parents_first(images: Mapping[str, Image], names: list[str]) -> list[str]:
    """The names in their order, but each after those of them that it is made of."""
    ordered: list[str] = []

    def add(name: str) -> None:
        image = images.get(name)
        if image and image.parent in names and image.parent not in ordered:
            add(image.parent)
        if name not in ordered:
            ordered.append(name)

    for name in names:
        add(name)
    return ordered
