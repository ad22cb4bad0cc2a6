"""All steps there are: what the runner can carry out."""

from __future__ import annotations

from typing import TypeAlias

from pipeline.planning.build.steps import BuildStep
from pipeline.planning.landing_zone.steps import LandingZoneStep
from pipeline.planning.prune.steps import PruneStep
from pipeline.planning.rehearse.steps import RehearseOwnStep
from pipeline.planning.roll.steps import RollOwnStep
from pipeline.planning.swap.steps import DeploymentStep
from pipeline.planning.watch.steps import WatchStep

AnyStep: TypeAlias = (
    LandingZoneStep
    | BuildStep
    | DeploymentStep
    | PruneStep
    | RehearseOwnStep
    | RollOwnStep
    | WatchStep
)
