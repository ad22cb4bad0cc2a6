"""What a bake and a check make, as Azure Policy is asked about it before anything is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pipeline.definition.model import Environment, Image
from pipeline.errors import Refused
from pipeline.planning.build import check_machine
from pipeline.planning.build.steps import BakeVersion, BootCheckMachine, BuildStep
from pipeline.planning.denials import Denial, nobodys
from pipeline.planning.names import gallery_id

_GROUP = "Microsoft.Resources/subscriptions/resourceGroups"
_MACHINE = "Microsoft.Compute/virtualMachines"
_ADDRESS = "Microsoft.Network/publicIPAddresses"
_VERSION = "Microsoft.Compute/galleries/images/versions"

_Step: TypeAlias = BakeVersion | BootCheckMachine


@dataclass(frozen=True, slots=True)
class Made:
    """Something that is about to be made: in words, in which scope, and what is known of it."""

    words: str
    scope: str
    content: Mapping[str, Any]


def refuse_denied(denials: Sequence[tuple[Made, tuple[Denial, ...]]]) -> None:
    """Raises Refused, with all of them, where policies would deny what is to be made."""
    told = [(one, denial) for one, found in denials for denial in found]
    if told:
        lines = [denial.of(one.words) for one, denial in told]
        shown = {denial.assignment: denial.advice for _, denial in told}
        raise Refused(
            "\n".join([*lines, "nothing was made: ask for an exemption, or give it what it asks"]),
            advice=tuple(shown.values()),
        )


def made(steps: Iterable[BuildStep], image: Image, environment: Environment) -> tuple[Made, ...]:
    """Whatever the steps make, or let Packer make."""
    found: list[Made] = []
    for step in steps:
        if isinstance(step, BakeVersion):
            found += [*_around("bake", step, environment), *_of_bake(step, image, environment)]
        elif isinstance(step, BootCheckMachine):
            body = check_machine.machine(step, image, environment, nobodys(step.system))
            machine = Made(
                "the machine of a check", _scope(step, environment), {"type": _MACHINE, **body}
            )
            found += [*_around("check", step, environment), machine]
    return tuple(found)


def _around(work: str, step: _Step, environment: Environment) -> Iterator[Made]:
    """The group and the address of a machine that has them of its own."""
    said = _said(step, environment)
    if step.has_own_group:
        group = {"type": _GROUP, "name": step.group, **said}
        yield Made(f"the resource group of a {work}", _above(environment), group)
    if step.admitted:
        address = {"type": _ADDRESS, **said, "sku": {"name": "Standard"}}
        yield Made(f"the public address of a {work}", _scope(step, environment), address)


def _of_bake(step: BakeVersion, image: Image, environment: Environment) -> Iterator[Made]:
    said, gallery = _said(step, environment), gallery_id(environment)
    size = {"hardwareProfile": {"vmSize": image.build_size}}
    machine = {"type": _MACHINE, **said, "properties": size}
    yield Made("the machine of a bake", _scope(step, environment), machine)
    kept = f"/subscriptions/{gallery.subscription}/resourceGroups/{gallery.resource_group}"
    yield Made("the image version", kept, {"type": _VERSION, "name": step.version, **said})


def _above(environment: Environment) -> str:
    return f"/subscriptions/{environment.subscription}"


def _scope(step: _Step, environment: Environment) -> str:
    """Where its machine is made: a group that is not there yet is asked about above it."""
    above = _above(environment)
    return above if step.has_own_group else f"{above}/resourceGroups/{step.group}"


def _said(step: _Step, environment: Environment) -> dict[str, Any]:
    return {"location": environment.location, "tags": dict(step.tags)}
