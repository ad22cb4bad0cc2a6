"""Resource ids as values: parsed once, printed as written, compared without regard to case."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.emulator.arm.errors import ArmError


@dataclass(frozen=True, slots=True, eq=False)
class ResourceId:
    """`/subscriptions/S/resourceGroups/RG/providers/NAMESPACE/type/name[/type/name…]`.

    A resource group itself has the namespace `Microsoft.Resources` and the single segment
    `("resourceGroups", name)`, with `resource_group` set to its own name.
    """

    subscription: str
    resource_group: str
    namespace: str
    segments: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> ResourceId:
        """Read an id.

        Raises ArmError `LinkedInvalidPropertyId` (Azure's code for a malformed id in a property).
        """
        parts = [part for part in text.split("/") if part]
        lowered = [part.lower() for part in parts]
        match lowered:
            case ["subscriptions", _, "resourcegroups", _]:
                return cls.group(parts[1], parts[3])
            case ["subscriptions", _, "resourcegroups", _, "providers", _, *tail] if (
                tail and len(tail) % 2 == 0
            ):
                pairs = tuple(zip(parts[6::2], parts[7::2], strict=True))
                return cls(parts[1], parts[3], parts[5], pairs)
        raise ArmError(
            400,
            "LinkedInvalidPropertyId",
            f"Property id '{text}' is invalid. Expect fully qualified resource Id that start with "
            "'/subscriptions/{subscriptionId}' or '/providers/{resourceProviderNamespace}/'.",
        )

    @classmethod
    def group(cls, subscription: str, name: str) -> ResourceId:
        """The id of a resource group."""
        return cls(subscription, name, "Microsoft.Resources", (("resourceGroups", name),))

    @property
    def is_group(self) -> bool:
        """Whether this is a resource group itself."""
        return self.type.lower() == "microsoft.resources/resourcegroups"

    @property
    def type(self) -> str:
        """`Microsoft.Compute/galleries/images`, as written."""
        return "/".join((self.namespace, *(kind for kind, _ in self.segments)))

    @property
    def name(self) -> str:
        """The last name."""
        return self.segments[-1][1]

    @property
    def parent(self) -> ResourceId | None:
        """The resource this one is a child of, if any; a resource group is no parent here."""
        if len(self.segments) == 1:
            return None
        return ResourceId(
            self.subscription, self.resource_group, self.namespace, self.segments[:-1]
        )

    def child(self, kind: str, name: str) -> ResourceId:
        """The id of a child resource."""
        pairs = (*self.segments, (kind, name))
        return ResourceId(self.subscription, self.resource_group, self.namespace, pairs)

    @property
    def key(self) -> str:
        """What is compared: the id in lower case."""
        return str(self).lower()

    def __str__(self) -> str:
        group = f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
        if self.is_group:
            return group
        tail = "/".join(f"{kind}/{name}" for kind, name in self.segments)
        return f"{group}/providers/{self.namespace}/{tail}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def key(text: str) -> str:
    """An id as text, for comparing: ids are the same whatever their case."""
    return "/" + text.strip("/").lower()


def same(one: str, other: str) -> bool:
    """Whether two ids, as text, name the same resource."""
    return key(one) == key(other)
