"""What the machine of a check must answer, as instances will: the health page, and open ports."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.definition.balancing import Health


@dataclass(frozen=True, slots=True)
class Contract:
    """What instances promise to whom they serve, asked of the machine of a check itself."""

    health: Health
    ports: tuple[int, ...]
    """Of the image's rules, besides that of its health."""
    patience: float
    """Seconds until it answers."""

    def __str__(self) -> str:
        port = f"port {self.health.port}"
        page = f"its health page, {port}{self.health.path}" if self.health.path else f"its {port}"
        others = "".join(f" and port {number}" for number in self.ports)
        return f"{page}{others}"
