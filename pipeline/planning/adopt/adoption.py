"""What an estate is called in definitions: the text, and what it leaves out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pipeline.arm import ResourceId
from pipeline.definition import rules
from pipeline.definition.balancing import BINARY, NOWHERE, RICH, TCP
from pipeline.definition.extensions import is_health
from pipeline.definition.model import Environment
from pipeline.errors import Refused, UsageError
from pipeline.planning.adopt import left_out
from pipeline.planning.adopt.balancing import Balancing, balancing, owner_of
from pipeline.planning.adopt.estate import (
    Answer,
    Estate,
    Service,
    children,
    profile,
    properties,
    reference,
    services,
)
from pipeline.planning.adopt.hcl import Block, Value, remarks
from pipeline.planning.adopt.shape import kind_of, scale_set_block
from pipeline.planning.referring import by_name


@dataclass(frozen=True, slots=True)
class Adopted:
    """One service: an image to be, its blocks, and what they leave out.

    `scale_set` and `health` belong into the image's image.hcl, the other into the environment.
    """

    image: str
    load_balancer: Block | None
    scale_set: Block | None
    health: Block | None
    left_out: tuple[str, ...]

    @property
    def document(self) -> dict[str, object]:
        """For programs; "" for a block that there is not."""
        blocks = {"load_balancer": self.load_balancer, "scale_set": self.scale_set}
        texts = {name: str(block or "") for name, block in blocks.items()}
        return {
            "image": self.image,
            **texts,
            "health": str(self.health or ""),
            "left_out": list(self.left_out),
        }


@dataclass(frozen=True, slots=True)
class Adoption:
    """All services of a load balancer."""

    environment: str
    name: str
    adopted: tuple[Adopted, ...]

    def __str__(self) -> str:
        """HCL with comments that say where each block belongs."""
        parts: list[str] = []
        for one in self.adopted:
            if one.load_balancer:
                parts += [f'# environments.hcl, in environment "{self.environment}":']
                parts += [str(one.load_balancer), ""]
            parts += [f'# images/{one.image}/image.hcl, in image "{one.image}":']
            for block in (one.scale_set, one.health):
                parts += [str(block), ""] if block else []
            parts += [remarks(f"Left out of {one.image}:", one.left_out), ""]
        return "\n".join(parts).rstrip()

    @property
    def document(self) -> dict[str, object]:
        """For programs."""
        return {
            "environment": self.environment,
            "load_balancer": self.name,
            "images": [one.document for one in self.adopted],
        }


def adopt(
    estate: Estate, environment: Environment, images: Collection[str], image: str = ""
) -> Adoption:
    """What to write for an estate; `images` are those that the project has.

    `image` names the one that it serves. Refused where nothing serves; UsageError where several
    things do and one image is named.
    """
    found = services(estate)
    if not found:
        raise Refused(f"{estate.resource}: no rule leads to a pool that something is in")
    if image and len(found) > 1:
        pools = ", ".join(one.pool.name for one in found)
        raise UsageError(
            f"{estate.resource.name} serves from {len(found)} pools ({pools}), and one image is"
            " named; leave --image out, and name each image in the text"
        )
    names = _names(found, images, image)
    return Adoption(
        environment.name,
        estate.resource.name,
        tuple(
            _adopted(estate, one, environment, name) for one, name in zip(found, names, strict=True)
        ),
    )


def _names(found: tuple[Service, ...], images: Collection[str], image: str) -> list[str]:
    """An image for each service: the one that is named, the only one, or one called like it."""
    if len(found) == 1 and (image or len(images) == 1):
        return [image or next(iter(images))]
    names: list[str] = []
    for one in found:
        ids = [ResourceId.parse(str(each["id"])) for each in one.scale_sets]
        wish = owner_of(ids[0] if ids else one.pool)
        taken = sum(name == wish or name.startswith(f"{wish}-") for name in names)
        names.append(f"{wish}-{taken + 1}" if taken else wish)
    return names


def _adopted(estate: Estate, service: Service, environment: Environment, image: str) -> Adopted:
    balanced = balancing(estate, service, environment, image)
    first = service.scale_sets[0] if service.scale_sets else None
    return Adopted(
        image=image,
        load_balancer=balanced.block,
        scale_set=scale_set_block(first) if first else None,
        health=_health(estate, service, first),
        left_out=tuple(_left_out(estate, service, environment, balanced)),
    )


def _left_out(
    estate: Estate, service: Service, environment: Environment, balanced: Balancing
) -> list[str]:
    """Of rules, members and scale sets; the first scale set is the one that the text is about."""
    lines = list(balanced.left_out)
    lines += [
        f"{one} is a member, and no scale set that could be read" for one in service.strangers
    ]
    lines += [f"{one['name']} is in the pool as well" for one in service.scale_sets[1:]]
    for one in service.scale_sets[:1]:
        lines += left_out.of_scale_set(estate, one, environment)
    lines.append(
        "health.version: whether a page tells it cannot be seen; say json or text if one does"
    )
    return lines


def _health(estate: Estate, service: Service, found: Answer | None) -> Block | None:
    """As Application Health asks the instances, else as the load balancer does."""
    extension = next(
        (
            one
            for one in (profile(found or {}).get("extensionProfile") or {}).get("extensions") or ()
            if is_health(*kind_of(one))
        ),
        None,
    )
    if extension is not None:
        given = properties(extension)
        is_rich = str(given.get("typeHandlerVersion")).startswith("2")
        return _asked(given.get("settings") or {}, is_rich=is_rich)
    probes = by_name(children(estate.load_balancer, "probes"))
    named = (reference(rule, "probe").lower() for rule in service.rules)
    probe = next((probes[name] for name in named if name in probes), None)
    return _asked(probe, is_rich=False) if probe else None


def _asked(settings: Answer, *, is_rich: bool) -> Block:
    protocol = str(settings.get("protocol") or TCP).lower()
    path = f"/{str(settings.get('requestPath') or '').lstrip('/')}"
    page: tuple[tuple[str, Value], ...] = (
        ("path", path if rules.URL_PATH.accepts(path) else "/"),
        ("states", RICH if is_rich else BINARY),
        ("version", NOWHERE),
    )
    return Block(
        "health",
        attributes=(
            ("protocol", protocol),
            ("port", int(settings.get("port") or 0)),
            *(() if protocol == TCP else page),
        ),
    )
