"""What a bake and a check make, as Azure Policy is asked about it before anything is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.definition.model import Environment, Image
from pipeline.errors import Refused
from pipeline.planning.build import check_machine
from pipeline.planning.build.steps import BakeVersion, BootCheckMachine, BuildStep
from pipeline.planning.denials import NOBODYS_KEY, Denial
from pipeline.planning.names import gallery_id

_GROUP = "Microsoft.Resources/subscriptions/resourceGroups"
_MACHINE = "Microsoft.Compute/virtualMachines"
_ADDRESS = "Microsoft.Network/publicIPAddresses"
_VERSION = "Microsoft.Compute/galleries/images/versions"


@dataclass(frozen=True, slots=True)
class Made:
    """Something that is about to be made: in words, in which scope, and what is known of it."""

    words: str
    scope: str
    content: Mapping[str, Any]


def made(steps: Iterable[BuildStep], image: Image, environment: Environment) -> tuple[Made, ...]:
    """Whatever the steps make, or let Packer make, each kind once."""
    found = {(one.words, one.scope): one for one in _made(steps, image, environment)}
    return tuple(found.values())


def refuse_denied(denials: Sequence[tuple[Made, tuple[Denial, ...]]]) -> None:
    """Raises Refused, with all of them, where policies would deny what is to be made."""
    told = [(one, denial) for one, found in denials for denial in found]
    if told:
        lines = [denial.of(one.words) for one, denial in told]
        shown = {denial.assignment: denial.advice for _, denial in told}
        raise Refused(
            "\n".join([*lines, "nothing was baked: ask for an exemption, or give it what it asks"]),
            advice=tuple(shown.values()),
        )


def _made(steps: Iterable[BuildStep], image: Image, environment: Environment) -> Iterator[Made]:
    place = {"location": environment.location}
    for step in steps:
        if not isinstance(step, BakeVersion | BootCheckMachine):
            continue
        above = f"/subscriptions/{environment.subscription}"
        scope = above if step.has_own_group else f"{above}/resourceGroups/{step.group}"
        tagged = {**place, "tags": dict(step.tags)}
        if step.has_own_group:
            group = {"type": _GROUP, "name": step.group, **tagged}
            yield Made(f"the resource group of a {_work(step)}", above, group)
        if step.admitted:
            address = {"type": _ADDRESS, **tagged, "sku": {"name": "Standard"}}
            yield Made(f"the public address of a {_work(step)}", scope, address)
        if isinstance(step, BootCheckMachine):
            body = check_machine.machine(step, image, environment, NOBODYS_KEY)
            yield Made("the machine of a check", scope, {"type": _MACHINE, **body})
            continue
        machine = {"hardwareProfile": {"vmSize": image.build_size}}
        yield Made(
            "the machine of a bake", scope, {"type": _MACHINE, **tagged, "properties": machine}
        )
        gallery = gallery_id(environment)
        kept = f"/subscriptions/{gallery.subscription}/resourceGroups/{gallery.resource_group}"
        version = {"type": _VERSION, "name": step.version, **tagged}
        yield Made("the image version", kept, version)


def _work(step: BakeVersion | BootCheckMachine) -> str:
    return "bake" if isinstance(step, BakeVersion) else "check"
