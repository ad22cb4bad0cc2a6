"""What is known when a build is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.definition.model import AnyBase, Environment, Image
from pipeline.planning.build.leftovers import Group
from pipeline.planning.claims.numbers import Number, taken
from pipeline.planning.names import last_version_tag
from pipeline.planning.traits import Traits
from pipeline.planning.versions import ImageVersion, next_name


@dataclass(frozen=True, slots=True)
class BuildSurvey:
    """What is known when a build is planned."""

    image: Image
    environment: Environment
    base: AnyBase
    """Pinned: `latest` is resolved."""
    definition_tags: Mapping[str, str]
    """Of the image definition in the gallery."""
    versions: tuple[ImageVersion, ...]
    groups: tuple[Group, ...]
    run: str
    commit: str
    runs_here: frozenset[str]
    """Runs started in this checkout. Those are dead, for we hold the lock."""
    young: str
    """Other runs, with an id greater than this, started so late that they may be alive."""
    has_claim: bool = False
    """Whether this run holds the claim on builds of the image in this gallery."""
    numbers: tuple[Number, ...] = ()
    """What runs took, whatever became of it."""
    definition: Traits = field(default_factory=Traits)
    """Of the image definition."""
    runner: str = ""
    """Where this machine's requests come from, "" where nobody said."""
    has_way: bool | None = None
    """Whether an address or a route of this machine leads into the network; None: unknown."""

    def is_dead(self, run: str) -> bool:
        """Whether a run surely has ended: one of this checkout, or one whose claim is ours now.

        Runs that took a number did so under the claim that we hold; a run that took none may have
        worked for another gallery, under a claim of its own.
        """
        claimed = self.has_claim and any(number.run == run for number in self.numbers)
        return claimed or run in self.runs_here or run <= self.young

    @property
    def next_version(self) -> str:
        """The number that a build takes."""
        series = self.image.version_series
        last = self.definition_tags.get(last_version_tag(series), "")
        others = taken(self.numbers, run=self.run, dead=self.runs_here, young=self.young)
        known = (*self.versions, *(ImageVersion(version) for version in others))
        return next_name(series, known, last)
