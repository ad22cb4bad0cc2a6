"""Which version of its parent an image is made of, and whether a newer one passed its check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.advice import build_image
from pipeline.planning.versions import ImageVersion, newest


@dataclass(frozen=True, slots=True)
class Lineage:
    """The newest checked version of an image that is made of another one of the project."""

    image: str
    version: str
    """"" without one."""
    parent: str
    made_of: str
    """The parent's version; "" where no tag says it."""
    newest: str
    """The parent's newest version that passed its check; "" without one."""

    revocation: str = ""
    """Why the parent's version was revoked; "" where it was not."""

    @property
    def is_behind(self) -> bool:
        """Whether a newer parent waits to be built on."""
        return bool(self.newest) and self.newest != self.made_of

    @property
    def document(self) -> dict[str, str]:
        """For programs."""
        return {
            "image": self.parent,
            "version": self.made_of,
            "newest": self.newest,
            "revoked": self.revocation,
        }

    def __str__(self) -> str:
        made = f"{self.image} {self.version} is made of {self.parent} {self.made_of}"
        if not self.made_of:
            made = f"{self.image} is to be made of {self.parent}"
        if self.revocation:
            made = f"{made}: {self.revocation}"
        if not self.is_behind:
            return made
        return (
            f"{made}, and {self.parent} {self.newest} passed its check: {build_image(self.image)}"
        )


def lineage(
    image: str, version: str, base: str, parent: str, versions: Iterable[ImageVersion]
) -> Lineage:
    """Of an image's newest checked version, made of `base` (`GALLERY/IMAGE/VERSION`).

    `versions` are those of the parent. A base that is not the parent's, from before it was one,
    counts as none.
    """
    versions = tuple(versions)
    last = newest(one for one in versions if one.is_eligible)
    made_of = version_of(base, parent)
    below = next((one for one in versions if one.name == made_of), None)
    revocation = below.revocation if below else ""
    return Lineage(image, version, parent, made_of, last.name if last else "", revocation)


def version_of(base: str, parent: str) -> str:
    """The parent's version that a tag names (`GALLERY/IMAGE/VERSION`); "" for another image's."""
    *_, named, number = ("", "", *base.split("/"))
    return number if named == parent else ""
