"""Why an image is baked again, and when it is not although something changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipeline.definition.model import AnyBase, Image
from pipeline.definition.rebuilding import Reason
from pipeline.planning.build.fingerprint import changes, fingerprint, fingerprint_upon
from pipeline.planning.names import Check, Tag
from pipeline.planning.packages.changes import in_words
from pipeline.planning.packages.prediction import Prediction
from pipeline.planning.versions import ImageVersion, newest

SHOWN_CHANGES = 3
"""How many changed inputs fit the title of a plan."""


@dataclass(frozen=True, slots=True)
class Forced:
    """A version that is baked again, and why."""

    version: str
    """"" for none."""
    why: str


NOTHING_FORCES: Final = Forced("", "")


@dataclass(frozen=True, slots=True)
class Stands:
    """A version that is left as it is, although something changed since."""

    version: ImageVersion
    why: str


def tolerated(image: Image, base: AnyBase, versions: Iterable[ImageVersion]) -> Stands | None:
    """The newest checked version, where nothing changed since that `rebuild_on` names."""
    last = newest(version for version in versions if version.is_made and version.is_whole)
    if last is None or last.check != Check.PASSED or Tag.FINGERPRINT not in last.tags:
        return None
    if last.is_revoked or last.is_ending():
        return None
    differs = _differences(image, base, last)
    if not differs or differs & image.rebuild_on:
        return None
    named = ", ".join(changes(image, base, last.tags))
    return Stands(last, f"rebuild_on does not name {' and '.join(sorted(differs))} ({named})")


def forced(
    image: Image,
    version: str,
    foretold: Prediction | None,
    *,
    is_too_old: bool = False,
    verify: bool = False,
) -> Forced | None:
    """What makes a version that has the image's inputs be baked again; None when nothing does."""
    if foretold and foretold.changes:
        is_named = "packages" in image.rebuild_on
        if is_named or ("security" in image.rebuild_on and foretold.security):
            return Forced(version, f"since {version}: {in_words(foretold.changes)}")
    if is_too_old:
        return Forced(version, f"{version} is older than max_age, {_days(image.max_age)}")
    return Forced(version, f"since {version}: to verify what is foretold") if verify else None


def told_of(image: Image, foretold: Prediction | None, why_not: str) -> str:
    """What is told of packages behind why there is nothing to do; "" for an image without them."""
    if foretold is None:
        return f"; {why_not}" if image.rebuild_on & {"security", "packages"} else ""
    count, fixes = len(foretold.changes), len(foretold.security)
    if not count:
        return "; no newer packages"
    noun = "package differs" if count == 1 else "packages differ"
    return f"; {count} {noun} today ({fixes} for security), which rebuild_on does not name"


def reason(
    image: Image,
    base: AnyBase,
    versions: Iterable[ImageVersion],
    because: Forced = NOTHING_FORCES,
    *,
    is_requested: bool = False,
) -> str:
    """Why a version is baked, in words for the title of a plan."""
    last = newest(version for version in versions if Tag.FINGERPRINT in version.tags)
    if last is None:
        return "no version has these inputs yet"
    if last.name == because.version:
        return because.why
    if last.tags[Tag.FINGERPRINT] == fingerprint(image, base):
        if is_requested:
            return "rebuild requested"
        failed = f"the bake of {last.name} failed, with these inputs"
        unfinished = "the newest version with these inputs is unfinished"
        return failed if last.has_failed_bake else unfinished
    named = changes(image, base, last.tags)
    hidden = len(named) - SHOWN_CHANGES
    more = f" and {hidden} more" if hidden > 0 else ""
    return f"since {last.name}: {', '.join(named[:SHOWN_CHANGES])}{more}"


def _differences(image: Image, base: AnyBase, version: ImageVersion) -> set[Reason]:
    """What of an image is another than when the version was baked."""
    found: set[Reason] = set()
    baked_upon = version.tags.get(Tag.BASE, str(base))
    if version.tags[Tag.FINGERPRINT] != fingerprint_upon(image, baked_upon):
        found.add("inputs")
    if baked_upon != str(base):
        found.add("parent" if image.parent else "base")
    return found


def _days(seconds: float) -> str:
    """As an image says it: `30d`, `36h`."""
    for unit, length in (("d", 86400.0), ("h", 3600.0)):
        if seconds % length == 0:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds / 60:.0f}m"
