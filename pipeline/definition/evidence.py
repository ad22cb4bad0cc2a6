"""What an environment says of evidence: where it is kept, who signs it, what is required of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

Requirement: TypeAlias = Literal["provenance", "checks", "sbom", "inventory"]
REQUIREMENTS: Final[tuple[Requirement, ...]] = get_args(Requirement)
"""What can be required of a version's evidence."""

Keep: TypeAlias = Literal["always", "with_versions"]
KEPT: Final[tuple[Keep, ...]] = get_args(Keep)
"""How long evidence stays in its store."""

DEFAULT_STORE: Final = ".pipeline/evidence"
"""A folder in the project, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class EvidencePolicy:
    """What is kept of each version, and what `stage`, `promote` and `roll` require of it."""

    store: str = DEFAULT_STORE
    """A folder, relative to the project, or the address of an Azure blob container."""
    sign_with: str = ""
    """A private key: a PEM file, or the address of a key in Key Vault; "" for no signature."""
    required: tuple[Requirement, ...] = ()
    signed_by: tuple[str, ...] = ()
    """PEM files of public keys, relative to the project: one of them must have signed."""

    keep: Keep = "always"
    """`with_versions`: `prune` deletes a version's evidence with the version."""

    @property
    def goes_with_versions(self) -> bool:
        """Whether evidence of a version that is gone is deleted."""
        return self.keep == "with_versions"

    @property
    def is_required(self) -> bool:
        """Whether a version without evidence is refused."""
        return bool(self.required or self.signed_by)

    @property
    def is_container(self) -> bool:
        """Whether the store is a blob container, and no folder."""
        return is_address(self.store)

    @property
    def signs_in_vault(self) -> bool:
        """Whether the private key stays in Key Vault."""
        return is_address(self.sign_with)


NOTHING_REQUIRED: Final = EvidencePolicy()


def is_address(text: str) -> bool:
    """Whether it means something on another machine."""
    return text.startswith("https://")
