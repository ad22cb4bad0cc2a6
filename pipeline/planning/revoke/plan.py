"""Planning to revoke a version: it is out of `latest`, and neither staged nor promoted any more.

Nothing that runs is changed: production is led elsewhere by the commands that are named.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.advice import Advice, build_image, revoke, status
from pipeline.errors import Refused, UsageError
from pipeline.planning.claims.claim import reason
from pipeline.planning.plan import Plan
from pipeline.planning.revoke.steps import RestoreVersion, RevokeStep, RevokeVersion
from pipeline.planning.swap.leaving import leave
from pipeline.planning.swap.survey import Survey
from pipeline.planning.versions import ImageVersion


@dataclass(frozen=True, slots=True)
class Child:
    """A version of another image of the project that is made of the one that is revoked."""

    image: str
    version: str

    def __str__(self) -> str:
        return f"{self.image} {self.version}"


@dataclass(frozen=True, slots=True)
class RevokeSurvey:
    """What is known when a version is to be revoked."""

    image: str
    gallery: str
    versions: tuple[ImageVersion, ...]
    children: tuple[Child, ...] = ()
    running: tuple[Survey, ...] = ()
    """Of the image, in the environment that serves it; none where none does."""


def plan_revoke(now: RevokeSurvey, version: str, *, by: str, why: str) -> Plan[RevokeStep]:
    """Take a version back. Nothing to do when that was done; UsageError without a reason."""
    found, name = _found(now, version), f"{now.image} {version}"
    if not why.strip():
        raise UsageError(f"why is {name} revoked? --why tells whoever finds it")
    notes = (*_where(now, version), *_children(now))
    onward = (*_leaving(now, version), *_successors(now), Advice("show the state", status()))
    if found.is_revoked and found.exclude_from_latest:
        return Plan(f"revoke {name}", (), because=found.revocation, advice=onward, notes=notes)
    return Plan(
        f"revoke {name}",
        (RevokeVersion(now.image, version, by, reason(why)),),
        truth=f"{name} is revoked: it is out of `latest`, and neither staged nor promoted again",
        advice=onward,
        inverse=revoke(now.image, version, undo=True),
        notes=notes,
    )


def plan_restore(now: RevokeSurvey, version: str) -> Plan[RevokeStep]:
    """Let a version be used again; nothing to do when it was not revoked."""
    found, name = _found(now, version), f"{now.image} {version}"
    if not found.is_revoked:
        return Plan(f"restore {name}", (), because="it is not revoked")
    can_be = found.has_passed and not found.is_past
    truth = "can be staged again" if can_be else "is revoked no more, and cannot be staged"
    return Plan(
        f"restore {name}",
        (RestoreVersion(now.image, version, found.has_passed),),
        truth=f"{name} {truth}",
        inverse=revoke(now.image, version, why=found.revocation),
        advice=(Advice("show the state", status()),),
        notes=(found.revocation,),
    )


def _found(now: RevokeSurvey, version: str) -> ImageVersion:
    found = next((one for one in now.versions if one.name == version), None)
    if found is None:
        there = ", ".join(one.name for one in sorted(now.versions, key=lambda v: v.number))
        raise UsageError(
            f"the gallery {now.gallery} has no {now.image} {version} (it has: {there or 'none'})"
        )
    if not found.is_made:
        raise Refused(f"{now.image} {version}: {found.why_not_eligible()}; nobody can use it")
    return found


def _where(now: RevokeSurvey, version: str) -> list[str]:
    """Where the version runs: that stays until somebody leaves it."""
    return [
        f"{now.image} {version} is in {survey.environment.name} ({survey.role(one)}); revoking it"
        " changes nothing there"
        for survey in now.running
        for one in (survey.serving, *survey.others)
        if one.version == version
    ]


def _leaving(now: RevokeSurvey, version: str) -> list[Advice]:
    return [
        Advice("leave it", leave(survey))
        for survey in now.running
        if survey.serving_version == version
    ]


def _children(now: RevokeSurvey) -> list[str]:
    return [f"{child} is made of it" for child in now.children]


def _successors(now: RevokeSurvey) -> list[Advice]:
    images = dict.fromkeys(child.image for child in now.children)
    return [Advice(f"build {image} on another", build_image(image)) for image in images]
