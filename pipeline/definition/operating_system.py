"""The operating system of an image: the one that the source of its template says it bakes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

OsType: TypeAlias = Literal["Linux", "Windows"]
"""Azure's words, and those of Packer's `os_type`."""
LINUX: Final = "Linux"
WINDOWS: Final = "Windows"


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    """What a template bakes; the base of an image has to be the same."""

    name: OsType = LINUX
    at: str = field(default="", compare=False)
    """Where its source says so: `packer/windows/windows.pkr.hcl:40`; "" where it does not."""

    @property
    def is_windows(self) -> bool:
        """Whether machines of it are reached by WinRM, and have no SSH server."""
        return self.name == WINDOWS


UNSAID: Final = OperatingSystem()
"""Of what says nothing of it."""
