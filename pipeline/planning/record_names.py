"""Names of the record sets of claims, holds, numbers and moves, and the zones that they are in."""

from __future__ import annotations

from typing import Final

from pipeline.arm import ResourceId
from pipeline.definition.model import Environment
from pipeline.planning.names import SYSTEM, dashed, gallery_id, network_id

CLAIMS_ZONE: Final = f"claims.{SYSTEM}.internal"
"""The private DNS zone of an environment's resource group that holds claims, holds and moves."""


def claims_zone_id(environment: Environment) -> ResourceId:
    """The zone of claims; environments that share a resource group share it."""
    return network_id(environment, "privateDnsZones", CLAIMS_ZONE)


def builds_zone_id(environment: Environment) -> ResourceId:
    """The zone of claims on builds: that beside the gallery, for all who build into it."""
    own, zone = gallery_id(environment), claims_zone_id(environment)
    return ResourceId(own.subscription, own.resource_group, zone.namespace, zone.segments)


def zone_of(environment: Environment, name: str) -> ResourceId:
    """The zone of a record set, or of all whose names end so."""
    is_of_builds = name.rpartition(".")[2] in {_BUILD, _NUMBER}
    return builds_zone_id(environment) if is_of_builds else claims_zone_id(environment)


def record_id(environment: Environment, name: str) -> ResourceId:
    """A TXT record set in its zone of claims."""
    return zone_of(environment, name).child("TXT", name)


# Names of record sets: the last label tells what for, so that no two kinds meet.
_BUILD = "build"
_NUMBER = "number"


def swap_claim(environment: Environment, image: str) -> str:
    """Who changes an image in an environment: `web.production.swap`."""
    return f"{image}.{claims(environment)}"


def claims(environment: Environment) -> str:
    """What the names of all claims on images in an environment end with."""
    return f"{environment.name}.swap"


def build_claim(image: str) -> str:
    """Who bakes or checks versions of an image in the gallery: `web.build`."""
    return f"{image}.{_BUILD}"


def hold(environment: Environment, image: str) -> str:
    """Why an image is not promoted in an environment: `web.production.hold`."""
    return f"{image}.{holds(environment)}"


def holds(environment: Environment) -> str:
    """What the names of all holds in an environment end with."""
    return f"{environment.name}.hold"


def number(image: str, version: str) -> str:
    """Who took the number of a version: `1-0-5.web.number`."""
    return f"{dashed(version)}.{numbers(image)}"


def numbers(image: str) -> str:
    """What the names of all numbers of an image end with."""
    return f"{image}.{_NUMBER}"


def version_of_number(name: str) -> str:
    """The version whose number a record set's name means: `1-0-5.web.number` → `1.0.5`."""
    return name.partition(".")[0].replace("-", ".")


def move(environment: Environment, image: str, run: str, direction: str) -> str:
    """One entry of the log: `promote.20261123t181500z-host-1a2b.web.production.move`."""
    return f"{direction}.{run}.{moves(environment, image)}".lower()


def moves(environment: Environment, image: str) -> str:
    """What the names of all moves of an image in an environment end with."""
    return f"{image}.{all_moves(environment)}"


def all_moves(environment: Environment) -> str:
    """What the names of all moves in an environment end with."""
    return f"{environment.name}.move"


def image_of_move(environment: Environment, name: str) -> str:
    """The image that a move's record set is about: `….web.production.move` → `web`."""
    return name.removesuffix(f".{all_moves(environment)}").rpartition(".")[2]
