"""What is running in an environment, and what is on hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.planning.claims.claim import Claim, Hold


@dataclass(frozen=True, slots=True)
class Underway:
    """Claims and holds by image; `problem` is why they are not known, "" where they are."""

    claims: Mapping[str, Claim] = field(default_factory=dict)
    holds: Mapping[str, Hold] = field(default_factory=dict)
    problem: str = ""

    def lines(self, images: Iterable[str]) -> tuple[str, ...]:
        """One line for each fact about these images."""
        return tuple(self._lines(images))

    def document(self, image: str) -> dict[str, object]:
        """For programs: `claim` and `hold`, None where there is none."""
        claim, held = self.claims.get(image), self.holds.get(image)
        return {
            "claim": claim.document if claim else None,
            "hold": held.document if held else None,
        }

    def _lines(self, images: Iterable[str]) -> Iterator[str]:
        if self.problem:
            yield f"could not ask what is running: {self.problem}"
        for image in images:
            if image in self.claims:
                yield f"{image} {self.claims[image].words}"
            if image in self.holds:
                yield f"{image} {self.holds[image]}"
