"""A version that serves and should not: why, and the command that leaves it."""

from __future__ import annotations

from pipeline.advice import Command, build_image, promote, rollback, stage
from pipeline.planning.swap.survey import Survey
from pipeline.planning.versions import ImageVersion, newest


def urgent(now: Survey) -> tuple[str, ...]:
    """What is told before all else: why what serves should serve no longer, with the way out."""
    found = now.version(now.serving_version)
    if found is None or not found.ended:
        return ()
    return (f"{found.name} serves, and {found.ended}; leave it: {leave(now)}",)


def foreseen(now: Survey) -> tuple[str, ...]:
    """What is going to be urgent, and what cannot be promoted although it is staged."""
    told = []
    found = now.version(now.serving_version)
    if found and found.is_ending() and not found.ended:
        told.append(f"{found.name} serves, and its end of life is {found.end_of_life}")
    for one in now.others:
        baked = now.version(one.version)
        if baked and baked.ended:
            told.append(f"{baked.name} ({now.role(one)}): {baked.ended}")
    told += [f"{one.name}: {one.flaky}" for one in _concerned(now) if one.flaky]
    return tuple(told)


def leave(now: Survey) -> Command:
    """The quickest command away from what serves that leads to a good version.

    What is staged; else a way back that is ready; else a version to stage; else one to build.
    """
    image, staged = now.image.name, now.at_staging
    if staged and now.role(staged) == "staged" and _is_good(now, staged.version):
        return promote(image)
    ways = [one for one in now.ways_back if _is_good(now, one.version)]
    if ways:
        is_first = ways[0] == now.ways_back[0]
        return rollback(image, "" if is_first else ways[0].version)
    last = newest(one for one in now.versions if one.is_eligible)
    if last and last.name != now.serving_version:
        return stage(image)
    return build_image(image)


def _concerned(now: Survey) -> list[ImageVersion]:
    """The versions that run, and the one that `stage` would take."""
    names = {now.serving_version, *(one.version for one in now.others)}
    last = newest(one for one in now.versions if one.is_eligible)
    return [one for one in now.versions if one.name in names or one == last]


def _is_good(now: Survey, version: str) -> bool:
    found = now.version(version)
    return found is not None and found.is_eligible
