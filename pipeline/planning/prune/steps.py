"""The steps of removing what nobody needs: values without behaviour, in words as printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipeline.arm import ResourceId


@dataclass(frozen=True, slots=True)
class RetirePools:
    """Announce on the load balancer which pools are about to be removed, in one guarded write.

    From then on nothing of ours leads a rule there. Staging rules that do lead elsewhere.
    """

    load_balancer: ResourceId
    image: str
    pools: tuple[str, ...]
    by_name: bool = False
    """Whether somebody named what is to go; otherwise only what `prune` finds goes."""

    def __str__(self) -> str:
        return f"retire {', '.join(self.pools)} on {self.load_balancer.name} in one write"


@dataclass(frozen=True, slots=True)
class DeleteScaleSet:
    """Delete a scale set of ours whose pool is retired; done when there is none."""

    resource: ResourceId
    image: str
    pool: str
    because: str

    def __str__(self) -> str:
        return f"delete {self.resource.name} ({self.because})"


@dataclass(frozen=True, slots=True)
class RemovePools:
    """Remove retired pools from the load balancer, in one guarded write."""

    load_balancer: ResourceId
    image: str
    pools: tuple[str, ...]

    def __str__(self) -> str:
        kind = "pool" if len(self.pools) == 1 else "pools"
        return f"remove the {kind} {', '.join(self.pools)} from {self.load_balancer.name}"


@dataclass(frozen=True, slots=True)
class DeleteImageVersion:
    """Delete an image version that no scale set was made from."""

    resource: ResourceId
    image: str
    because: str
    evidence: str = ""
    """The digest of its envelope, where its evidence goes with it."""

    def __str__(self) -> str:
        return f"delete {self.image} {self.resource.name} from the gallery ({self.because})"


@dataclass(frozen=True, slots=True)
class DeleteEvidence:
    """Delete the evidence of a version that is gone, but what another version refers to."""

    resource: ResourceId
    image: str
    digest: str
    """Of the envelope that names the other documents."""
    store: str

    def __str__(self) -> str:
        return f"delete the evidence of {self.image} {self.resource.name} from {self.store}"


@dataclass(frozen=True, slots=True)
class DeleteAutoscale:
    """Delete an autoscale setting of ours, whose scale set is gone: Azure leaves it."""

    resource: ResourceId
    target: ResourceId

    def __str__(self) -> str:
        return f"delete the autoscale setting {self.resource.name} of {self.target.name}"


PruneStep: TypeAlias = (
    RetirePools
    | DeleteScaleSet
    | DeleteAutoscale
    | RemovePools
    | DeleteImageVersion
    | DeleteEvidence
)
