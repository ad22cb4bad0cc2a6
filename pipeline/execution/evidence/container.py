"""The store in an Azure blob container: one blob for each document, never written twice."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.execution.azure.blobs import Container
from pipeline.execution.evidence.store import genuine, path_of
from pipeline.planning.evidence.canonical import digest_of


@dataclass(frozen=True, slots=True)
class ContainerStore:
    """Every method raises AzureRefused, SignInFailed or Unreachable."""

    container: Container = field(repr=False)

    def __str__(self) -> str:
        return self.container.address

    def put(self, content: bytes) -> str:
        """Keep it under its digest; a blob that is there is the same."""
        digest = digest_of(content)
        name = path_of(digest)
        if not self.container.put(name, content) and not self.container.touch(name):
            self.container.put(name, content)  # it was deleted in between
        return digest

    def write(self, name: str, content: bytes) -> None:
        """Keep a note."""
        self.container.put(name, content)

    def read(self, name: str) -> bytes | None:
        """A note."""
        return self.container.get(name)

    def names(self, folder: str) -> tuple[str, ...]:
        """The names of blobs."""
        return self.container.names(f"{folder}/")

    def delete(self, name: str, age: float) -> bool:
        """A blob that was written again meanwhile stays, too."""
        return self.container.delete(name, age)

    def fetch(self, digest: str) -> bytes | None:
        """What is in the blob of this digest."""
        return self.container.get(path_of(digest))

    def get(self, digest: str) -> bytes | None:
        """What has this digest; Refused when the blob holds anything else."""
        return genuine(self.fetch(digest), digest, f"{self}/{path_of(digest)}")
