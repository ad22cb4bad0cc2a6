"""Which image a scale set's model, or one of its instances, names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipeline.definition.model import LATEST


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image, by its id or by its marketplace names; all "" where nothing is named."""

    id: str = ""
    """A version of a gallery, an image in it, or a managed image."""
    publisher: str = ""
    offer: str = ""
    sku: str = ""
    version: str = ""
    """As the reference names it, `latest` too."""
    exact: str = ""
    """Of an instance: the version that it was made from, where the reference names none."""

    @classmethod
    def read(cls, properties: Mapping[str, Any]) -> ImageReference:
        """From the properties of a machine, or from a `virtualMachineProfile`."""
        found = (properties.get("storageProfile") or {}).get("imageReference") or {}
        names = ("id", "publisher", "offer", "sku", "version", "exactVersion")
        return cls(*(str(found.get(name) or "") for name in names))

    @property
    def is_marketplace(self) -> bool:
        """Whether it is an image of the marketplace."""
        return bool(self.publisher)

    @property
    def follows(self) -> bool:
        """Whether it means the newest version, whatever that is by then."""
        return self.version.lower() == LATEST

    @property
    def number(self) -> str:
        """The version that a machine of it has, or has to have; "" where nobody can tell."""
        if self.id:
            return self.id.rpartition("/")[2]
        return self.exact or ("" if self.follows else self.version)

    @property
    def body(self) -> dict[str, str]:
        """As a model names it."""
        if self.id:
            return {"id": self.id}
        names = {"publisher": self.publisher, "offer": self.offer, "sku": self.sku}
        return {**names, "version": self.version}

    def is_same(self, other: ImageReference) -> bool:
        """Whether a machine of the one is a machine of the other: ids have no case."""
        if self.id or other.id:
            return self.id.lower() == other.id.lower()
        mine, others = (
            (one.publisher.lower(), one.offer.lower(), one.sku.lower(), one.number)
            for one in (self, other)
        )
        return mine == others

    def __str__(self) -> str:
        if self.id:
            return self.number
        return ":".join((self.publisher, self.offer, self.sku, self.exact or self.version))


NO_IMAGE: Final = ImageReference()
