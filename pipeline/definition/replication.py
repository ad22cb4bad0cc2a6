"""How many copies of an image version Azure keeps, and how, as frozen values.

What nobody wrote is empty (0, "", ()): Azure's own counts then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.definition.given import Plain
from pipeline.project_root import ENVIRONMENTS

REPLICAS: Final = "gallery.replicas"
STORAGE: Final = "gallery.storage"
SHALLOW: Final = "gallery.shallow"


@dataclass(frozen=True, slots=True)
class Replication:
    """What an environment says of the copies of a version in its gallery."""

    replicas: int = 0
    """In each region."""
    of_regions: tuple[tuple[str, int], ...] = ()
    """Of single regions, by their names, once the version has passed its check."""
    storage: str = ""
    """The storage account type, for all of a version's life."""
    is_shallow: bool = False
    """No copies but the first: for tests, as Azure says."""
    at: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Where each is written, by what a build knows of it: `environments.hcl:14`."""

    def place(self, reference: str) -> str:
        """Where that is written."""
        return self.at.get(reference, ENVIRONMENTS)

    @property
    def known(self) -> Mapping[str, Plain]:
        """What a build knows of it, which only a template can say to Azure."""
        said: Mapping[str, Plain] = {
            REPLICAS: self.replicas,
            STORAGE: self.storage,
            SHALLOW: self.is_shallow,
        }
        return {name: value for name, value in said.items() if value}


AZURES: Final = Replication()
"""As Azure does by itself: one copy in each region, on `Standard_LRS`."""
