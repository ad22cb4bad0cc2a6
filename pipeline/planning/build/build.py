"""Plans of `build-image` and `check-image`: bake unless a version has these inputs, boot, check.

A version, once made, is never built twice; a machine is never continued. What a killed attempt
left is deleted first, unless its run may still be alive.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.advice import Advice, AdviceList, build_image, check_image, stage
from pipeline.definition.model import Image
from pipeline.errors import Refused, UsageError
from pipeline.planning.build.access import admitted, doubts
from pipeline.planning.build.cleaning import cleaning
from pipeline.planning.build.fingerprint import fingerprint, input_tags
from pipeline.planning.build.proving import proven_by, recorded_by
from pipeline.planning.build.publishable import refuse_unpublishable
from pipeline.planning.build.rebuilding import NOTHING_FORCES, Forced, reason, tolerated
from pipeline.planning.build.steps import (
    BakeVersion,
    BootCheckMachine,
    BuildStep,
    MarkVersion,
    clearing,
)
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.build.vault import secret_references
from pipeline.planning.build.verdicts import Verdict, verdict
from pipeline.planning.machine_names import bake_name, machine_name
from pipeline.planning.names import CHECK_MACHINE, Check, Tag, build_group, check_group, tags_of
from pipeline.planning.plan import Plan
from pipeline.planning.versions import WARNED, ImageVersion, newest


@dataclass(frozen=True, slots=True)
class Build:
    """A plan, the version that is checked when it has been carried out, and why just that."""

    version: str
    why: str
    plan: Plan[BuildStep]
    is_failing: bool = False
    """Whether these inputs failed before, and nothing is done about it."""


def plan_build(
    survey: BuildSurvey, *, rebuild: bool = False, because: Forced = NOTHING_FORCES
) -> Build:
    """From the inputs to a checked version of them.

    `rebuild` bakes although a version has these inputs, and so does `because` while that is the
    version it tells of. Raises Refused when another machine may be at it, and where Azure would not
    publish the version.
    """
    image = survey.image
    cleaned = cleaning(survey)
    wanted = fingerprint(image, survey.base)
    whole = (version for version in survey.versions if version.is_made and version.is_whole)
    alike = [version for version in whole if version.tags.get(Tag.FINGERPRINT) == wanted]
    same = newest(version for version in alike if not version.is_revoked)
    is_ending = same is not None and same.is_ending(_warned(image))
    is_forced = same is not None and same.name == because.version
    if same and not rebuild and not is_ending and not is_forced:
        return _plan_for_existing(survey, same, cleaned)
    if alike and not same and not rebuild:
        raise _all_revoked(survey, alike)
    refuse_unpublishable(image, survey.environment, survey.definition)
    version = survey.next_version
    own = survey.environment.build_resource_group
    group = own or build_group(image.name, version, survey.run)
    machine = bake_name(survey.run, is_windows=image.system.is_windows) if own else ""
    tags = {**_common_tags(survey, version), **_evidence_tags(survey, wanted)}
    who = admitted(survey.environment, image, survey.runner)
    bought = survey.definition.plan
    bake = BakeVersion(
        image.name,
        version,
        survey.base,
        group,
        tuple(tags.items()),
        who,
        bought,
        machine,
        secret_references(image, survey.environment),
    )
    why = f"{same.name} reaches its end of life on {same.end_of_life}" if same and is_ending else ""
    told = reason(image, survey.base, survey.versions, because, is_requested=rebuild)
    why = why if why and not rebuild else told
    plan = Plan(
        title=f"build {image.name} {version} ({why})",
        steps=(*cleaned, bake, *_checking(survey, version)),
        truth=f"{image.name} {version} is in the gallery and passed its checks on a fresh machine",
        advice=_after(image.name, version, survey.versions),
        notes=doubts(survey.environment, survey.has_way),
    )
    return Build(version, why, plan)


def plan_nightly(survey: BuildSurvey, *, because: Forced = NOTHING_FORCES) -> Build:
    """The same, for what the image's `rebuild_on` names alone: the rest is told, and waits.

    And so do inputs that failed for good, until one of them changes, or somebody builds or checks
    them by hand.
    """
    if found := verdict(survey):
        return _plan_for_failing(survey, found)
    stands = tolerated(survey.image, survey.base, survey.versions)
    if stands is None or because.version == stands.version.name:
        return plan_build(survey, because=because)
    return _plan_for_existing(survey, stands.version, cleaning(survey), stands.why)


def _plan_for_failing(survey: BuildSurvey, found: Verdict) -> Build:
    cleaned, image = cleaning(survey), survey.image.name
    again = "check it again" if found.is_checked else "bake it once more"
    command = check_image(image, found.version) if found.is_checked else build_image(image)
    plan: Plan[BuildStep] = Plan(
        title=f"build {image}",
        steps=cleaned,
        because=f"{image}: {found}",
        truth=f"{image}: {found}" if cleaned else "",
        advice=(
            Advice(again, command),
            Advice("bake the same inputs anyway", build_image(image, rebuild=True)),
        ),
    )
    return Build(found.version, str(found), plan, is_failing=True)


def plan_check(survey: BuildSurvey, version: str = "") -> Build:
    """Check an existing version again, the newest by default; Refused when there is none."""
    image = survey.image
    if not version:
        last = newest(survey.versions)
        version = last.name if last else ""
    found = next((v for v in survey.versions if v.name == version), None)
    if found is None:
        there = ", ".join(v.name for v in sorted(survey.versions, key=lambda v: v.number)) or "none"
        raise UsageError(
            f"the gallery {survey.environment.gallery.name} has no {image.name} {version}".rstrip()
            + f" (it has: {there})",
            advice=(Advice("build one", build_image(image.name)),),
        )
    if not found.is_made or found.has_failed_bake or found.is_revoked:
        raise Refused(f"{image.name} {version}: {found.why_not_eligible()}")
    if Tag.FINGERPRINT in found.tags and not found.is_whole:
        raise Refused(
            f"{image.name} {version}: no run saw its bake succeed as a whole, so it is not checked",
            advice=(Advice("build it again", build_image(image.name)),),
        )
    return _plan_for_unchecked(survey, found, cleaning(survey))


def _plan_for_existing(
    survey: BuildSurvey,
    same: ImageVersion,
    cleaned: tuple[BuildStep, ...],
    although: str = "",
) -> Build:
    if same.check != Check.PASSED:
        return _plan_for_unchecked(survey, same, cleaned)
    name = f"{survey.image.name} {same.name}"
    withdrawn = (
        "; but it is excluded from latest, by someone else" if same.exclude_from_latest else ""
    )
    held = f"{name} passed its check; {although}" if although else ""
    has = held or f"{name} has these inputs and passed its check{withdrawn}"
    onward = _after(survey.image.name, same.name, survey.versions)
    plan: Plan[BuildStep] = Plan(
        title=f"build {survey.image.name}",
        steps=cleaned,
        because=has,
        truth=has if cleaned else "",
        advice=onward if same.is_eligible else (),
    )
    return Build(same.name, has, plan)


def _plan_for_unchecked(
    survey: BuildSurvey, version: ImageVersion, cleaned: tuple[BuildStep, ...]
) -> Build:
    name = f"{survey.image.name} {version.name}"
    state = {"": "not checked yet", Check.FAILED: "its last check failed"}.get(
        version.check, "again"
    )
    plan = Plan(
        title=f"check {name} ({state})",
        steps=(*cleaned, *_checking(survey, version.name)),
        truth=f"{name} passed its checks on a fresh machine",
        advice=_after(survey.image.name, version.name, survey.versions),
        notes=doubts(survey.environment, survey.has_way),
    )
    return Build(version.name, state, plan)


def _checking(survey: BuildSurvey, version: str) -> tuple[BuildStep, ...]:
    image = survey.image
    own = survey.environment.build_resource_group
    group = own or check_group(image.name, version, survey.run)
    machine = machine_name("check", survey.run) if own else CHECK_MACHINE
    tags = tuple(_common_tags(survey, version).items())
    who = admitted(survey.environment, image, survey.runner)
    copies = survey.environment.replication.of_regions
    plan, system = survey.definition.plan, image.system
    boot = BootCheckMachine(image.name, version, group, tags, who, plan, machine, system)
    return (
        boot,
        proven_by(image, survey.environment, version, group, machine),
        recorded_by(survey.environment, image.name, version),
        MarkVersion(
            image.name, version, passed=True, replicas=copies, end_of_life=image.end_of_life
        ),
        clearing(boot),
    )


def _warned(image: Image) -> float:
    """Seconds before the end of a version from which on its successor is built."""
    return min(WARNED, image.end_of_life / 4) if image.end_of_life else WARNED


def _all_revoked(survey: BuildSurvey, alike: list[ImageVersion]) -> Refused:
    """The same inputs would make the same image again: somebody has to say that it is wanted."""
    last = max(alike, key=lambda version: version.number)
    image = survey.image.name
    return Refused(
        f"{image} {last.name} has these inputs, and {last.revocation}; change the inputs, and build"
        " again",
        advice=(Advice("or bake the same inputs anew", build_image(image, rebuild=True)),),
    )


def _common_tags(survey: BuildSurvey, version: str) -> dict[str, str]:
    """On everything we make, so that Azure itself can be asked what is ours."""
    return {
        **dict(survey.environment.tags),
        **tags_of(survey.image.name, version),
        Tag.RUN: survey.run,
        Tag.ENVIRONMENT: survey.environment.name,
    }


def _evidence_tags(survey: BuildSurvey, wanted: str) -> dict[str, str]:
    return {
        Tag.FINGERPRINT: wanted,
        Tag.COMMIT: survey.commit,
        Tag.BASE: str(survey.base),
        **input_tags(survey.image),
    }


def _after(image: str, version: str, versions: tuple[ImageVersion, ...]) -> AdviceList:
    """How to go on; the version is named when `stage` by itself would take another one."""
    others = [v for v in versions if v.is_eligible and v.name != version]
    mine = ImageVersion(version)
    is_default = all(other.number < mine.number for other in others)
    return (Advice("stage it", stage(image, "" if is_default else version)),)
