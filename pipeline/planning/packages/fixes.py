"""Security fixes that a version lacks, in words."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN = 3
"""How many packages fit a line."""

_UNITS = (("d", 86400.0), ("h", 3600.0), ("min", 60.0))


@dataclass(frozen=True, slots=True)
class OpenFixes:
    """The packages of a version that a security suite had a newer version of."""

    packages: tuple[str, ...]
    age: float
    """Seconds since the indexes were asked."""

    def __str__(self) -> str:
        count = len(self.packages)
        if not count:
            return f"no security fixes open, as of {_ago(self.age)}"
        named = ", ".join(self.packages[:SHOWN])
        more = f" and {count - SHOWN} more" if count > SHOWN else ""
        noun = "fix" if count == 1 else "fixes"
        return f"{count} security {noun} open ({named}{more}), as of {_ago(self.age)}"

    @property
    def document(self) -> dict[str, object]:
        """For programs."""
        return {"open": len(self.packages), "packages": list(self.packages), "age": self.age}


def _ago(seconds: float) -> str:
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{seconds / length:.0f} {unit} ago"
    return "now"
