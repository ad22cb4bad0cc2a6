"""Security fixes that a version lacks, in words."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.planning.ages import lasting

SHOWN = 3
"""How many packages fit a line."""


@dataclass(frozen=True, slots=True)
class OpenFixes:
    """The packages of a version that a security suite had a newer version of."""

    packages: tuple[str, ...]
    age: float
    """Seconds since the indexes were asked."""

    def __str__(self) -> str:
        count = len(self.packages)
        if not count:
            return f"no security fixes open, as of {lasting(self.age)} ago"
        named = ", ".join(self.packages[:SHOWN])
        more = f" and {count - SHOWN} more" if count > SHOWN else ""
        noun = "fix" if count == 1 else "fixes"
        return f"{count} security {noun} open ({named}{more}), as of {lasting(self.age)} ago"

    @property
    def document(self) -> dict[str, object]:
        """For programs."""
        return {"open": len(self.packages), "packages": list(self.packages), "age": self.age}
