"""Azure resource ids as values: parsed once, compared without regard to case."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class ResourceId:
    """`/subscriptions/S/resourceGroups/RG/providers/NAMESPACE/type/name[/type/name…]`."""

    subscription: str
    resource_group: str
    namespace: str
    segments: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> ResourceId:
        """Read an id; raises ValueError when it is not that of a resource in a resource group."""
        parts = [part for part in text.split("/") if part]
        lowered = [part.lower() for part in parts]
        fixed = lowered[0:1] + lowered[2:3] + lowered[4:5]
        tail = parts[6:]
        if fixed != ["subscriptions", "resourcegroups", "providers"] or not tail or len(tail) % 2:
            raise ValueError(f"not the id of a resource: {text!r}")
        pairs = tuple(zip(tail[::2], tail[1::2], strict=True))
        return cls(parts[1], parts[3], parts[5], pairs)

    @property
    def type(self) -> str:
        """`Microsoft.Compute/galleries/images`, as written."""
        return "/".join((self.namespace, *(kind for kind, _ in self.segments)))

    @property
    def name(self) -> str:
        """The last name."""
        return self.segments[-1][1]

    def child(self, kind: str, name: str) -> ResourceId:
        """The id of a child resource."""
        pairs = (*self.segments, (kind, name))
        return ResourceId(self.subscription, self.resource_group, self.namespace, pairs)

    def __str__(self) -> str:
        tail = "/".join(f"{kind}/{name}" for kind, name in self.segments)
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/{self.namespace}/{tail}"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceId) and str(self).lower() == str(other).lower()

    def __hash__(self) -> int:
        return hash(str(self).lower())
