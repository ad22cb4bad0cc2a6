"""When inputs have failed for good, so that baking them every night would only fail again.

A check that fails is a verdict on the inputs: a fresh machine was asked, and a lost connection is
none. A bake that fails after it published may have failed by the network of a scanner, so it has a
second night. A bake that published nothing leaves no trace in Azure, and is tried every night: a
mirror that was down tells nothing of the inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.planning.build.fingerprint import fingerprint
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.names import Check, Tag
from pipeline.planning.versions import ImageVersion, newest

MOST_FAILED_BAKES = 2
"""Of the same inputs, that published a version and failed as a whole."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What failed, in words, and the last version that did."""

    version: str
    what: str
    is_checked: bool
    """Whether its check failed, and not its bake."""

    def __str__(self) -> str:
        return f"{self.what}; waits until an input or the base changes"


def verdict(survey: BuildSurvey) -> Verdict | None:
    """What stands against the inputs as they are; None where nothing does, or a version is good."""
    wanted = fingerprint(survey.image, survey.base)
    same = [one for one in survey.versions if one.tags.get(Tag.FINGERPRINT) == wanted]
    whole = newest(one for one in same if one.is_made and one.is_whole)
    if whole is not None:
        return _checked(whole) if whole.check == Check.FAILED else None
    failed = sorted((one for one in same if one.has_failed_bake), key=lambda one: one.number)
    return _baked(failed) if len(failed) >= MOST_FAILED_BAKES else None


def _checked(version: ImageVersion) -> Verdict:
    baked = f", baked {when}," if (when := _time(version)) else ""
    what = f"still failing: {version.name}{baked} failed its check with these inputs"
    return Verdict(version.name, what, is_checked=True)


def _baked(failed: list[ImageVersion]) -> Verdict:
    since = f" since {when}" if (when := _time(failed[0])) else ""
    names = ", ".join(one.name for one in failed)
    what = f"still failing{since}: {len(failed)} bakes with these inputs failed ({names})"
    return Verdict(failed[-1].name, what, is_checked=False)


def _time(version: ImageVersion) -> str:
    """When its bake began, by the id of its run; "" for an id of another shape."""
    date, _, time = version.tags.get(Tag.RUN, "").partition("-")[0].partition("T")
    if len(date) != len("20261123") or not (date + time[:4]).isdecimal():
        return ""
    return f"{date[:4]}-{date[4:6]}-{date[6:]} {time[:2]}:{time[2:4]} UTC"
