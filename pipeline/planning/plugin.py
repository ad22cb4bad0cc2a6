"""Which Packer and which version of its Azure plugin an environment needs."""

from __future__ import annotations

from typing import TypeAlias

from pipeline.advice import PACKAGE, Caller
from pipeline.definition.model import Environment

Version: TypeAlias = tuple[int, ...]

OLDEST_PACKER: Version = (1, 10, 0)
"""As the shipped template requires it."""
OLDEST_FOR_AZURE: Version = (2, 2, 0)
"""The first that takes any federated token (its release notes).

1.4.5 and 2.0 take only one with an `x5t` header, and 1.4.5 gives machines public addresses of the
Basic SKU, which Azure has retired since 2025-09-30.
"""


_INSTALL = "packer plugins install github.com/hashicorp/azure"


def install() -> str:
    """The command that installs a newer plugin: where set-up put it, else where Packer looks."""
    if Caller.program == PACKAGE:
        return _INSTALL
    return f"PACKER_PLUGIN_PATH=.venv/share/packer/plugins .venv/bin/{_INSTALL}"


def bring() -> str:
    """The command that brings what is missing: set-up where there is one.

    An installed package brings no Packer: that comes from its vendor, and then brings its plugin.
    """
    return "make setup" if has_set_up() else _INSTALL


def has_set_up() -> bool:
    """Whether this is a checkout, whose set-up brings programs."""
    return Caller.program != PACKAGE


def too_old(plugin: Version, environment: Environment) -> str:
    """Why this plugin bakes nothing in public Azure; "" where it does, and in other clouds."""
    if not environment.cloud.is_public or plugin >= OLDEST_FOR_AZURE:
        return ""
    return (
        f"its Azure plugin {dotted(plugin)} is too old for public Azure, which has retired the"
        f" Basic SKU of its public addresses; {dotted(OLDEST_FOR_AZURE)} or newer is needed"
    )


def dotted(version: Version) -> str:
    """`2.2.0`."""
    return ".".join(str(number) for number in version)
