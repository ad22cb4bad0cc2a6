"""Template deployments."""

from __future__ import annotations

from typing import ClassVar

from pipeline.emulator.arm.kinds import Kind


class Deployments(Kind):
    """`Microsoft.Resources/deployments`."""

    type: ClassVar[str] = "Microsoft.Resources/deployments"
    tracked: ClassVar[bool] = False
