"""The steps of watching: values without behaviour, in words as printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pipeline.arm import ResourceId
from pipeline.definition.balancing import JSON, FrontendName, VersionIn
from pipeline.definition.promotion import Promotion
from pipeline.planning.watch.targets import Target

MINUTE = 60


@dataclass(frozen=True, slots=True)
class VerifyVersion:
    """Ask a frontend over fresh connections until so many consecutive responses name a version."""

    frontend: FrontendName
    url: str
    version: str
    """"" where it names none, or is not ours and may name none: then any response counts."""
    responses: int
    image: str
    pool: ResourceId
    """Where the frontend leads to by then."""
    patience: float
    """Seconds until it is given up."""
    told: VersionIn = JSON
    """Where the page tells its version."""

    def __str__(self) -> str:
        of_version = f" from {self.version}" if self.version else ""
        return (
            f"verify {self.frontend}: {self.responses} consecutive responses{of_version}"
            f" at {self.url}"
        )


@dataclass(frozen=True, slots=True)
class VerifyRules:
    """Ask targets over fresh connections until so many consecutive responses came from each."""

    targets: tuple[Target, ...]
    responses: int
    patience: float
    """Seconds until a target that does not answer as it should is given up."""

    def __str__(self) -> str:
        where = ", ".join(f"{target.rule} at {target}" for target in self.targets)
        return f"verify {self.responses} consecutive responses of {where}"


@dataclass(frozen=True, slots=True)
class AskProbes:
    """Ask what the load balancer's own probes find behind rules, where Azure offers that."""

    load_balancer: ResourceId
    rules: tuple[str, ...]
    patience: float
    """Seconds until a member that is down is no longer waited for."""

    def __str__(self) -> str:
        return (
            f"ask the probes of {self.load_balancer.name} about {', '.join(self.rules)}:"
            " every member up"
        )


@dataclass(frozen=True, slots=True)
class StartWatching:
    """Begin to ask targets steadily, `rate` requests per second each, until the run ends.

    One that has no answer after `timeout` seconds is lost. `version` is the one that is going to
    serve, "" where it may name none. Of the requests sent after the swap `lost_budget` may be lost;
    None where nothing follows from what is lost.
    """

    targets: tuple[Target, ...]
    rate: int
    version: str = ""
    lost_budget: int | None = None
    timeout: float = Promotion().timeout

    def __str__(self) -> str:
        rules = ", ".join(target.rule for target in self.targets)
        each = " each" if len(self.targets) > 1 else ""
        return f"start watching {rules}: {self.rate} requests per second{each}"


@dataclass(frozen=True, slots=True)
class Soak:
    """Go on watching for some seconds; ends badly as soon as production is not as it should be.

    That is when more requests were lost since the swap than may be, or when instances of the scale
    set that serves now (None: nobody knows them) are not healthy.
    """

    scale_set: ResourceId | None
    seconds: float
    lost_budget: int

    def __str__(self) -> str:
        lost = f"at most {self.lost_budget} lost request{'' if self.lost_budget == 1 else 's'}"
        if not self.seconds:
            return f"stop watching: {lost}"
        healthy = f", every instance of {self.scale_set.name} healthy" if self.scale_set else ""
        return f"watch for {duration(self.seconds)}: {lost}{healthy}"


@dataclass(frozen=True, slots=True)
class CheckProduction:
    """Run the checks that are marked `soak`, beside production; ends badly when one fails.

    They find `url`, the health page, as `PRODUCTION_URL`, and have so many seconds.
    """

    image: str
    version: str
    checks: str
    url: str
    seconds: float

    def __str__(self) -> str:
        return f"run the checks of {self.checks} that are marked `soak` against {self.url}"


@dataclass(frozen=True, slots=True)
class StopWatching:
    """Await what is under way, and tell the figures."""

    def __str__(self) -> str:
        return "stop watching"


WatchStep: TypeAlias = (
    VerifyVersion | VerifyRules | AskProbes | StartWatching | CheckProduction | Soak | StopWatching
)


def duration(seconds: float) -> str:
    """`90 s`, `10 min`, `2 h`: in the largest unit that leaves no rest."""
    for unit, word in ((60 * MINUTE, "h"), (MINUTE, "min")):
        if seconds and seconds % unit == 0:
            return f"{seconds // unit:.0f} {word}"
    return f"{seconds:.0f} s"
