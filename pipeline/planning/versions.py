"""Image versions in a gallery: which can be staged, which comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pipeline.planning.flaky import flaky
from pipeline.planning.names import Check, Tag, version_key

WARNED = 7 * 86400.0
"""Seconds before the end of a version's life from which on it is told, and a successor built."""


class Bake:
    """Values of the tag `bake`; without the tag no run saw how the bake ended."""

    SUCCEEDED: Final = "succeeded"
    FAILED: Final = "failed"


@dataclass(frozen=True, slots=True)
class ImageVersion:
    """One image version as the gallery has it now."""

    name: str
    """`major.minor.patch`."""
    provisioning_state: str = "Succeeded"
    exclude_from_latest: bool = True
    tags: Mapping[str, str] = field(default_factory=dict)
    end_of_life: str = ""
    """`publishingProfile.endOfLifeDate` (ISO 8601); "" for a version without an end."""
    seconds_left: float | None = None
    """Until then, at the look; None without an end."""
    published: str = field(compare=False, default="")
    """When it was published (ISO 8601), as Azure tells; "" where it does not."""

    @property
    def number(self) -> tuple[int, int, int]:
        """The name as numbers: what `latest` is decided by."""
        return version_key(self.name)

    @property
    def series(self) -> str:
        """The `major.minor` it belongs to."""
        return self.name.rpartition(".")[0]

    @property
    def is_made(self) -> bool:
        """Whether Azure finished making it; an update (another region, say) does not undo that."""
        return self.provisioning_state in {"Succeeded", "Updating"}

    @property
    def check(self) -> str:
        """`passed`, `failed`, or "" when nobody booted it yet."""
        return self.tags.get(Tag.CHECK, "")

    @property
    def has_failed_bake(self) -> bool:
        """Whether Packer published it, and failed as a whole."""
        return self.tags.get(Tag.BAKE) == Bake.FAILED

    @property
    def is_whole(self) -> bool:
        """Whether a run saw that all of its bake succeeded.

        Versions of bakeswap's first days have no such tag; those were checked after that only.
        """
        return self.tags.get(Tag.BAKE, Bake.SUCCEEDED if self.check else "") == Bake.SUCCEEDED

    @property
    def flaky(self) -> str:
        """That its check is flaky, with its history; "" where it is not."""
        return flaky(self.tags.get(Tag.CHECK_HISTORY, ""))

    @property
    def has_passed(self) -> bool:
        """Whether its bake and its check did."""
        return self.is_made and self.check == Check.PASSED and not self.has_failed_bake

    @property
    def is_revoked(self) -> bool:
        """Whether somebody took it back."""
        return Tag.REVOKED in self.tags

    @property
    def revocation(self) -> str:
        """When that was, who did it and why; "" where nobody did."""
        if not self.is_revoked:
            return ""
        tags = self.tags
        by = f" by {tags[Tag.REVOKED_BY]}" if tags.get(Tag.REVOKED_BY) else ""
        return f"it was revoked on {tags[Tag.REVOKED]}{by}: {tags.get(Tag.REVOKED_WHY) or '?'}"

    @property
    def is_past(self) -> bool:
        """Whether its end of life is over."""
        return self.seconds_left is not None and self.seconds_left <= 0

    def is_ending(self, within: float = WARNED) -> bool:
        """Whether its end of life is over in so many seconds."""
        return self.seconds_left is not None and self.seconds_left <= within

    @property
    def ended(self) -> str:
        """Why nobody should use it any more, in words; "" where nothing speaks against it."""
        if self.is_revoked:
            return self.revocation
        return f"its end of life was {self.end_of_life}" if self.is_past else ""

    @property
    def is_eligible(self) -> bool:
        """Whether it may be staged: made whole, its check passed, `latest` can resolve to it.

        And nobody revoked it, and its end of life is to come.
        """
        return self.has_passed and not self.exclude_from_latest and not self.ended

    def why_not_eligible(self) -> str:
        """What keeps it from being staged; "" when nothing does."""
        if not self.is_made:
            return f"its provisioning state is {self.provisioning_state}"
        if self.ended:
            return self.ended
        if self.has_failed_bake:
            return "its bake failed, although a version was published"
        if self.check == Check.FAILED:
            return "its check failed"
        if self.check != Check.PASSED:
            return "it was not checked"
        return "it is excluded from latest" if self.exclude_from_latest else ""


def newest(versions: Iterable[ImageVersion]) -> ImageVersion | None:
    """The one with the highest number, whatever its publishing date, as Azure decides `latest`."""
    return max(versions, key=lambda version: version.number, default=None)


def next_name(series: str, versions: Iterable[ImageVersion], last: str = "") -> str:
    """The next number of a series that was never used; `last` is the highest one ever used.

    Failed, ineligible, unfinished and deleted versions keep theirs: a number means one thing for
    ever.
    """
    known = (*versions, ImageVersion(last)) if last else tuple(versions)
    taken = [version.number[-1] for version in known if version.series == series]
    return f"{series}.{max(taken, default=-1) + 1}"
