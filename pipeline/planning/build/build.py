"""Plans of `build-image` and `check-image`: bake unless a version has these inputs, boot, check.

A version, once made, is never built twice; a machine is never continued. What a killed attempt
left is deleted first, unless its run may still be alive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipeline.advice import Advice, AdviceList, build_image, stage
from pipeline.definition.model import AnyBase, Environment, Image
from pipeline.errors import Refused, UsageError
from pipeline.planning.build.access import admitted, doubts
from pipeline.planning.build.fingerprint import changes, fingerprint, input_tags
from pipeline.planning.build.leftovers import Group, deletion, is_of_a_run
from pipeline.planning.build.proving import proven_by
from pipeline.planning.build.publishable import refuse_unpublishable
from pipeline.planning.build.steps import (
    BakeVersion,
    BootCheckMachine,
    BuildStep,
    DeleteVersion,
    MarkVersion,
    clearing,
)
from pipeline.planning.claims.numbers import Number, taken
from pipeline.planning.names import (
    CHECK_MACHINE,
    Check,
    Tag,
    bake_name,
    build_group,
    check_group,
    last_version_tag,
    machine_name,
    tags_of,
)
from pipeline.planning.plan import Plan
from pipeline.planning.traits import Traits
from pipeline.planning.versions import ImageVersion, newest, next_name

HALF_MADE = frozenset({"Creating", "Failed", "Canceled"})
"""Provisioning states of a version that nobody finished, as long as it carries no `check` tag."""

SHOWN_CHANGES = 3
"""How many changed inputs fit the title of a plan."""


@dataclass(frozen=True, slots=True)
class BuildSurvey:
    """What is known when a build is planned."""

    image: Image
    environment: Environment
    base: AnyBase
    """Pinned: `latest` is resolved."""
    definition_tags: Mapping[str, str]
    """Of the image definition in the gallery."""
    versions: tuple[ImageVersion, ...]
    groups: tuple[Group, ...]
    run: str
    commit: str
    runs_here: frozenset[str]
    """Runs started in this checkout. Those are dead, for we hold the lock."""
    young: str
    """Other runs, with an id greater than this, started so late that they may be alive."""
    has_claim: bool = False
    """Whether this run holds the claim on builds of the image in this gallery."""
    numbers: tuple[Number, ...] = ()
    """What runs took, whatever became of it."""
    definition: Traits = field(default_factory=Traits)
    """Of the image definition."""
    runner: str = ""
    """Where this machine's requests come from, "" where nobody said."""
    has_way: bool | None = None
    """Whether an address or a route of this machine leads into the network; None: unknown."""

    def is_dead(self, run: str) -> bool:
        """Whether a run surely has ended: one of this checkout, or one whose claim is ours now.

        Runs that took a number did so under the claim that we hold; a run that took none may have
        worked for another gallery, under a claim of its own.
        """
        claimed = self.has_claim and any(number.run == run for number in self.numbers)
        return claimed or run in self.runs_here or run <= self.young

    @property
    def next_version(self) -> str:
        """The number that a build takes."""
        series = self.image.version_series
        last = self.definition_tags.get(last_version_tag(series), "")
        others = taken(self.numbers, run=self.run, dead=self.runs_here, young=self.young)
        known = (*self.versions, *(ImageVersion(version) for version in others))
        return next_name(series, known, last)


@dataclass(frozen=True, slots=True)
class Build:
    """A plan, the version that is checked when it has been carried out, and why just that."""

    version: str
    why: str
    plan: Plan[BuildStep]


def plan_build(survey: BuildSurvey, *, rebuild: bool = False) -> Build:
    """From the inputs to a checked version of them.

    `rebuild` bakes although a version has these inputs. Raises Refused when another machine may be
    at it, and where Azure would not publish the version.
    """
    image = survey.image
    cleaning = _cleaning(survey)
    wanted = fingerprint(image, survey.base)
    whole = (version for version in survey.versions if version.is_made and version.is_whole)
    same = newest(version for version in whole if version.tags.get(Tag.FINGERPRINT) == wanted)
    if same and not rebuild:
        return _plan_for_existing(survey, same, cleaning)
    refuse_unpublishable(image, survey.environment, survey.definition)
    version = survey.next_version
    own = survey.environment.build_resource_group
    group = own or build_group(image.name, version, survey.run)
    machine = bake_name(survey.run, is_windows=image.system.is_windows) if own else ""
    tags = {**_common_tags(survey, version), **_evidence_tags(survey, wanted)}
    who = admitted(survey.environment, image, survey.runner)
    bought = survey.definition.plan
    bake = BakeVersion(
        image.name, version, survey.base, group, tuple(tags.items()), who, bought, machine
    )
    why = _reason(survey, rebuild=rebuild)
    plan = Plan(
        title=f"build {image.name} {version} ({why})",
        steps=(*cleaning, bake, *_checking(survey, version)),
        truth=f"{image.name} {version} is in the gallery and passed its checks on a fresh machine",
        advice=_after(image.name, version, survey.versions),
        notes=doubts(survey.environment, survey.has_way),
    )
    return Build(version, why, plan)


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
    if not found.is_made or found.has_failed_bake:
        raise Refused(f"{image.name} {version}: {found.why_not_eligible()}")
    if Tag.FINGERPRINT in found.tags and not found.is_whole:
        raise Refused(
            f"{image.name} {version}: no run saw its bake succeed as a whole, so it is not checked",
            advice=(Advice("build it again", build_image(image.name)),),
        )
    return _plan_for_unchecked(survey, found, _cleaning(survey))


def _plan_for_existing(
    survey: BuildSurvey, same: ImageVersion, cleaning: tuple[BuildStep, ...]
) -> Build:
    if same.check != Check.PASSED:
        return _plan_for_unchecked(survey, same, cleaning)
    name = f"{survey.image.name} {same.name}"
    withdrawn = (
        "; but it is excluded from latest, by someone else" if same.exclude_from_latest else ""
    )
    has = f"{name} has these inputs and passed its check{withdrawn}"
    onward = _after(survey.image.name, same.name, survey.versions)
    plan: Plan[BuildStep] = Plan(
        title=f"build {survey.image.name}",
        steps=cleaning,
        because=has,
        truth=has if cleaning else "",
        advice=onward if same.is_eligible else (),
    )
    return Build(same.name, has, plan)


def _plan_for_unchecked(
    survey: BuildSurvey, version: ImageVersion, cleaning: tuple[BuildStep, ...]
) -> Build:
    name = f"{survey.image.name} {version.name}"
    state = {"": "not checked yet", Check.FAILED: "its last check failed"}.get(
        version.check, "again"
    )
    plan = Plan(
        title=f"check {name} ({state})",
        steps=(*cleaning, *_checking(survey, version.name)),
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
        MarkVersion(image.name, version, passed=True, replicas=copies),
        clearing(boot),
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


def _reason(survey: BuildSurvey, *, rebuild: bool) -> str:
    last = newest(v for v in survey.versions if Tag.FINGERPRINT in v.tags)
    if last is None:
        return "no version has these inputs yet"
    if last.tags[Tag.FINGERPRINT] == fingerprint(survey.image, survey.base):
        if rebuild:
            return "rebuild requested"
        failed = f"the bake of {last.name} failed, with these inputs"
        unfinished = "the newest version with these inputs is unfinished"
        return failed if last.has_failed_bake else unfinished
    named = changes(survey.image, survey.base, last.tags)
    hidden = len(named) - SHOWN_CHANGES
    more = f" and {hidden} more" if hidden > 0 else ""
    return f"since {last.name}: {', '.join(named[:SHOWN_CHANGES])}{more}"


def _cleaning(survey: BuildSurvey) -> tuple[BuildStep, ...]:
    """Steps that remove what dead runs left; Refused when one of those runs may be alive."""
    image = survey.image.name
    groups = [group for group in survey.groups if _is_ours(survey, group.tags)]
    halves = [version for version in survey.versions if _is_half_made(survey, version)]
    for group in groups:
        _refuse_living(survey, str(group), group.tags[Tag.RUN])
    for version in halves:
        _refuse_living(survey, f"the image version {image} {version.name}", version.tags[Tag.RUN])
    return (
        *map(deletion, groups),
        *(DeleteVersion(image, v.name, v.provisioning_state) for v in halves),
    )


def _is_half_made(survey: BuildSurvey, version: ImageVersion) -> bool:
    """A version with a `check` was whole once: a later update of it failed. That one stays."""
    return (
        version.provisioning_state in HALF_MADE
        and not version.check
        and _is_ours(survey, version.tags)
    )


def _is_ours(survey: BuildSurvey, tags: Mapping[str, str]) -> bool:
    return is_of_a_run(tags, survey.environment, survey.image.name)


def _refuse_living(survey: BuildSurvey, thing: str, run: str) -> None:
    if not survey.is_dead(run):
        raise Refused(
            f"{thing} belongs to run {run}, which another machine or checkout started so short a"
            " time ago that it may still be running",
            advice=(Advice("when that run has ended", build_image(survey.image.name)),),
        )


def _after(image: str, version: str, versions: tuple[ImageVersion, ...]) -> AdviceList:
    """How to go on; the version is named when `stage` by itself would take another one."""
    others = [v for v in versions if v.is_eligible and v.name != version]
    mine = ImageVersion(version)
    is_default = all(other.number < mine.number for other in others)
    return (Advice("stage it", stage(image, "" if is_default else version)),)
