"""What the packaged checks of hygiene are told of an image: where it may listen, what may stay."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.definition.balancing import ALL
from pipeline.definition.hygiene import KINDS
from pipeline.definition.model import Environment, Image

SSH_PORT = 22
_LISTENING = "listening"


@dataclass(frozen=True, slots=True)
class Declared:
    """What of an image's machine is no leftover."""

    ports: tuple[int, ...]
    skip: tuple[str, ...] = ()
    """Kinds that are not looked for."""
    allow: tuple[str, ...] = ()


def declared(image: Image, environment: Environment) -> Declared | None:
    """Of an image in an environment; None where no kind is looked for, and of Windows.

    Where a rule leads to every port, each is declared.
    """
    balancer = environment.load_balancer_of(image.name)
    pairs = balancer.pairs if balancer else ()
    skip = set(image.hygiene.skipped)
    if any(pair.protocol == ALL for pair in pairs):
        skip.add(_LISTENING)
    if skip.issuperset(KINDS) or image.system.is_windows:
        return None
    served = {pair.backend_port for pair in pairs}
    ports = {SSH_PORT, environment.ssh_port, image.health.port, *served} - {0}
    return Declared(tuple(sorted(ports)), tuple(sorted(skip)), image.hygiene.allow)
