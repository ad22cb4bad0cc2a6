"""Plans of build-image and check-image."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.advice import Advice, stage
from pipeline.definition.given import KNOWN
from pipeline.definition.replication import Replication
from pipeline.errors import AzureRefused, BuildFailed, CheckFailed, Refused, Unreachable, UsageError
from pipeline.planning.build.aftermath import plan_after_failure
from pipeline.planning.build.build import plan_build, plan_check
from pipeline.planning.build.leftovers import bare_disks, is_part
from pipeline.planning.build.packer_variables import IN_A_GROUP_THAT_IS_THERE, marking_hours
from pipeline.planning.build.steps import (
    BakeVersion,
    BootCheckMachine,
    BuildStep,
    ClearGroup,
    DeleteGroup,
    DeleteVersion,
    MarkVersion,
)
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.claims.numbers import Number
from pipeline.planning.names import Tag, network_id
from pipeline.planning.plan import Failure, Plan
from pipeline.planning.versions import ImageVersion
from tests.planning.build.examples import (
    LOCAL,
    NEWER_BASE,
    RUN,
    TEMPLATE,
    WEB,
    baked,
    group,
    ours,
    survey,
    with_input,
)

OLD_RUN = "20261122T030000Z-elsewhere-0001"
LATE_RUN = "20261123T113000Z-elsewhere-0001"
PAGE = "images/web/files/index.html"


def bake_of(plan: Plan[BuildStep]) -> BakeVersion:
    """The one step of a plan that runs Packer."""
    (step,) = (step for step in plan.steps if isinstance(step, BakeVersion))
    return step


def plan_of_build(survey: BuildSurvey, *, rebuild: bool = False) -> Plan[BuildStep]:
    return plan_build(survey, rebuild=rebuild).plan


def plan_of_check(survey: BuildSurvey, version: str = "") -> Plan[BuildStep]:
    return plan_check(survey, version).plan


def groups_of(plan: Plan[BuildStep]) -> set[str]:
    made = (BakeVersion, BootCheckMachine)
    return {step.group for step in plan.steps if isinstance(step, made)}


def bakes(plan: Plan[BuildStep]) -> bool:
    return any(isinstance(step, BakeVersion) for step in plan.steps)


def test_the_plan_of_a_first_build() -> None:
    assert str(plan_of_build(survey())) == (
        "Plan: build web 1.0.0 (no version has these inputs yet)\n"
        "   1  bake web 1.0.0 from Debian:debian-12:12-gen2:0.20260101.1 with Packer"
        " in bakeswap-build-web-1-0-0-2026112312000000aa\n"
        "   2  boot a fresh machine from web 1.0.0 in bakeswap-check-web-1-0-0-2026112312000000aa\n"
        "   3  run the checks in images/web/checks and those of hygiene on it,"
        " and ask its health page, port 8080/healthz\n"
        "   4  record the evidence of web 1.0.0 in .pipeline/evidence\n"
        "   5  mark web 1.0.0 eligible: its check passed, `latest` can resolve to it\n"
        "   6  delete the resource group bakeswap-check-web-1-0-0-2026112312000000aa"
    )


def test_nothing_is_to_do_when_a_checked_version_has_these_inputs() -> None:
    plan = plan_of_build(survey(versions=(baked("1.0.0", check="passed"),)))

    assert str(plan) == (
        "Plan: build web: nothing to do, web 1.0.0 has these inputs and passed its check"
    )
    assert plan.advice == (Advice("stage it", stage("web")),)


def test_an_older_version_with_these_inputs_is_staged_by_its_name() -> None:
    changed = with_input(WEB, PAGE, "f" * 64)
    versions = (baked("1.0.0", check="passed"), baked("1.0.1", changed, check="passed"))

    plan = plan_of_build(survey(versions=versions))

    assert plan.is_empty
    assert plan.advice == (Advice("stage it", stage("web", "1.0.0")),)


def test_the_version_in_question_is_told_even_when_nothing_is_to_do() -> None:
    versions = (baked("1.0.0", check="passed"),)

    assert plan_build(survey(versions=versions)).version == "1.0.0"
    assert plan_build(survey(versions=versions), rebuild=True).version == "1.0.1"


def test_a_changed_input_builds_the_next_version_and_is_named() -> None:
    versions = (baked("1.0.0", check="passed"),)

    plan = plan_of_build(survey(with_input(WEB, PAGE, "f" * 64), versions=versions))

    assert plan.title == f"build web 1.0.1 (since 1.0.0: {PAGE} changed)"
    assert bake_of(plan).version == "1.0.1"


def test_a_newer_base_builds_the_next_version_and_is_named() -> None:
    plan = plan_of_build(survey(base=NEWER_BASE, versions=(baked("1.0.0", check="passed"),)))

    assert "0.20260101.1 -> Debian:debian-12:12-gen2:0.20260201.1" in plan.title
    assert bake_of(plan).base == NEWER_BASE


def test_a_long_list_of_changes_is_cut() -> None:
    image = WEB
    for number in range(5):
        image = with_input(image, f"images/web/files/{number}", "f" * 64)

    plan = plan_of_build(survey(image, versions=(baked("1.0.0", check="passed"),)))

    assert plan.title.endswith("images/web/files/2 is new and 2 more)")


def test_a_version_that_was_never_checked_is_checked_and_not_baked_again() -> None:
    plan = plan_of_build(survey(versions=(baked("1.0.0"),)))

    assert plan.title == "check web 1.0.0 (not checked yet)"
    assert not bakes(plan)
    assert len(plan.steps) == 5


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        ("failed", "the bake of 1.0.0 failed, with these inputs"),
        ("", "the newest version with these inputs is unfinished"),
    ],
)
def test_what_a_failed_bake_published_is_never_checked_but_baked_again(
    verdict: str, why: str
) -> None:
    published = baked("1.0.0", bake=verdict)

    plan = plan_of_build(survey(versions=(published,)))

    assert bake_of(plan).version == "1.0.1"
    assert why in plan.title
    assert not published.is_eligible
    with pytest.raises(Refused):
        plan_of_check(survey(versions=(published,)))


def test_a_failed_bake_is_not_made_good_by_a_check() -> None:
    passed = replace(baked("1.0.0", bake="failed", check="passed"), exclude_from_latest=False)

    assert not passed.is_eligible
    assert passed.why_not_eligible() == "its bake failed, although a version was published"
    assert bakes(plan_of_build(survey(versions=(passed,))))


def test_versions_that_were_checked_before_bakes_had_verdicts_are_whole() -> None:
    older = baked("1.0.0", check="passed")
    tags = {name: value for name, value in older.tags.items() if name != "bake"}

    assert not bakes(plan_of_build(survey(versions=(replace(older, tags=tags),))))


def test_a_version_whose_check_failed_is_checked_again_and_not_baked_again() -> None:
    plan = plan_of_build(survey(versions=(baked("1.0.0", check="failed"),)))

    assert plan.title == "check web 1.0.0 (its last check failed)"
    assert not bakes(plan)


def test_a_version_that_somebody_withdrew_stays_withdrawn() -> None:
    withdrawn = replace(baked("1.0.0", check="passed"), exclude_from_latest=True)

    plan = plan_of_build(survey(versions=(withdrawn,)))

    assert plan.is_empty
    assert "excluded from latest, by someone else" in plan.because
    assert plan.advice == ()


def test_a_rebuild_bakes_although_a_version_has_these_inputs() -> None:
    plan = plan_of_build(survey(versions=(baked("1.0.0", check="passed"),)), rebuild=True)

    assert plan.title == "build web 1.0.1 (rebuild requested)"


def test_what_is_baked_says_by_tags_what_it_is() -> None:
    tags = dict(bake_of(plan_of_build(survey())).tags)

    assert len(tags["fingerprint"]) == 64
    assert tags["base"] == "Debian:debian-12:12-gen2:0.20260101.1"
    assert (tags["image"], tags["version"], tags["run"]) == ("web", "1.0.0", RUN)
    assert (tags["environment"], tags["commit"]) == ("local", "uncommitted")


def test_what_is_made_has_the_tags_of_the_environment_and_ours_count() -> None:
    tags = (("team", "shop"), ("run", "theirs"))
    plain = survey()
    plan = plan_of_build(replace(plain, environment=replace(plain.environment, tags=tags)))

    made = [step for step in plan.steps if isinstance(step, BakeVersion | BootCheckMachine)]
    assert [dict(step.tags)["team"] for step in made] == ["shop", "shop"]
    assert {dict(step.tags)["run"] for step in made} == {RUN}
    same, other = (dict(step.tags) for step in (bake_of(plan), bake_of(plan_of_build(plain))))
    assert same["fingerprint"] == other["fingerprint"]


def test_regions_get_their_copies_with_the_verdict_and_all_is_the_same_image() -> None:
    plain = survey()
    copied = Replication(2, (("northeurope", 3), ("westeurope", 5)))
    environment = replace(plain.environment, replication=copied)
    template = replace(TEMPLATE, variables=TEMPLATE.variables | {"replica_count"})
    plan = plan_of_build(survey(replace(WEB, template=template), environment=environment))

    (mark,) = (step for step in plan.steps if isinstance(step, MarkVersion))
    assert str(mark).endswith("can resolve to it; replicas: northeurope 3, westeurope 5")
    same, other = (dict(bake_of(one).tags) for one in (plan, plan_of_build(plain)))
    assert same["fingerprint"] == other["fingerprint"]
    assert (marking_hours(environment), marking_hours(plain.environment)) == (2, 0)


def test_even_the_most_inputs_leave_no_more_tags_than_the_older_plugin_takes() -> None:
    image = WEB
    for number in range(220):
        image = with_input(image, f"images/web/files/{number}", f"{number:064x}")

    assert len(bake_of(plan_of_build(survey(image))).tags) <= 15


def test_what_a_dead_run_left_is_deleted_first() -> None:
    left = group("bakeswap-build-web-1-0-0", OLD_RUN)

    plan = plan_of_build(survey(groups=(left,)))

    assert plan.steps[0] == DeleteGroup("bakeswap-build-web-1-0-0", OLD_RUN, is_left_over=True)
    assert str(plan.steps[0]).endswith(f"bakeswap-build-web-1-0-0, left by run {OLD_RUN}")
    assert bake_of(plan).version == "1.0.0"


def test_a_young_run_of_this_checkout_is_dead_because_we_hold_its_lock() -> None:
    left = group("bakeswap-build-web-1-0-0", LATE_RUN)

    plan = plan_of_build(survey(groups=(left,), runs_here=frozenset({LATE_RUN})))

    assert plan.steps[0] == DeleteGroup(left.name, LATE_RUN, is_left_over=True)


def test_a_young_run_of_another_machine_is_not_disturbed() -> None:
    left = group("bakeswap-build-web-1-0-0", LATE_RUN)

    with pytest.raises(Refused, match=LATE_RUN):
        plan_of_build(survey(groups=(left,)))


def test_leftovers_are_deleted_even_when_nothing_is_to_build() -> None:
    left = group("bakeswap-check-web-1-0-0", OLD_RUN)

    plan = plan_of_build(survey(groups=(left,), versions=(baked("1.0.0", check="passed"),)))

    assert plan.steps == (DeleteGroup(left.name, OLD_RUN, is_left_over=True),)


@pytest.mark.parametrize(
    "tags", [{"image": "web-2"}, {"environment": "production"}, {"system": "somebody's"}]
)
def test_what_is_not_ours_is_never_deleted(tags: dict[str, str]) -> None:
    plan = plan_of_build(survey(groups=(group("bakeswap-build-web-9-9-9", OLD_RUN, **tags),)))

    assert not any(isinstance(step, DeleteGroup) and step.is_left_over for step in plan.steps)


def test_a_run_that_took_no_number_under_our_claim_may_be_one_of_another_gallery() -> None:
    left = group("bakeswap-build-web-1-0-0", LATE_RUN)

    with pytest.raises(Refused, match="may still be running"):
        plan_of_build(survey(groups=(left,), has_claim=True))


def test_the_groups_of_two_runs_have_two_names() -> None:
    other = survey(run="20261123T120000Z-builder-00ab")

    assert not groups_of(plan_of_build(survey())) & groups_of(plan_of_build(other))


SHARED = replace(LOCAL, build_resource_group="shop-builds")
NAMED = {KNOWN[reference] for reference in IN_A_GROUP_THAT_IS_THERE}
TOLD = replace(WEB, template=replace(TEMPLATE, variables=TEMPLATE.variables | NAMED))


def test_in_a_group_that_is_there_nothing_but_the_run_s_own_is_deleted() -> None:
    plan = plan_of_build(survey(TOLD, environment=SHARED))
    assert str(plan) == (
        "Plan: build web 1.0.0 (no version has these inputs yet)\n"
        "   1  bake web 1.0.0 from Debian:debian-12:12-gen2:0.20260101.1 with Packer"
        " in shop-builds\n"
        "   2  boot a fresh machine from web 1.0.0 in shop-builds\n"
        "   3  run the checks in images/web/checks and those of hygiene on it,"
        " and ask its health page, port 8080/healthz\n"
        "   4  record the evidence of web 1.0.0 in .pipeline/evidence\n"
        "   5  mark web 1.0.0 eligible: its check passed, `latest` can resolve to it\n"
        f"   6  delete what run {RUN} made in the resource group shop-builds"
    )
    (boot,) = (step for step in plan.steps if isinstance(step, BootCheckMachine))
    assert (bake_of(plan).machine, boot.machine) == (
        "bakeswap-bake-2026112312000000aa",
        "bakeswap-check-2026112312000000aa",
    )
    assert not boot.has_own_group


def test_a_group_that_is_there_stays_whatever_it_is_called() -> None:
    named = replace(LOCAL, build_resource_group="bakeswap-build-machines")
    plan = plan_of_build(survey(TOLD, environment=named))
    assert plan.steps[-1] == ClearGroup("bakeswap-build-machines", RUN)
    left = replace(group("bakeswap-build-machines", OLD_RUN), is_shared=True)
    first = plan_of_build(survey(TOLD, environment=named, groups=(left,))).steps[0]
    assert first == ClearGroup("bakeswap-build-machines", OLD_RUN, is_left_over=True)


def test_what_dead_runs_left_in_a_group_that_is_there_goes_first_and_the_living_are_named() -> None:
    left = replace(group("shop-builds", OLD_RUN), is_shared=True)
    first = plan_of_build(survey(TOLD, environment=SHARED, groups=(left,))).steps[0]
    assert first == ClearGroup("shop-builds", OLD_RUN, is_left_over=True)
    assert str(first) == f"delete what run {OLD_RUN} left in the resource group shop-builds"
    alive = replace(group("shop-builds", LATE_RUN), is_shared=True)
    with pytest.raises(Refused, match=f"a machine in shop-builds belongs to run {LATE_RUN}"):
        plan_of_build(survey(TOLD, environment=SHARED, groups=(alive,)))


@pytest.mark.parametrize(
    ("kind", "name", "may_be"),
    [
        ("virtualMachines", "bakeswap-check-2026112312000000aa", True),
        ("disks", "Bakeswap-Bake-2026112312000000aa-os", True),
        ("virtualMachines", "web-1-0-0_0a1b", False),
        ("networkInterfaces", "primary", False),
        ("publicIPAddresses", "pkripabc", True),
        ("virtualMachineScaleSets", "bakeswap-check-1", False),
        ("loadBalancers", "shop", False),
    ],
)
def test_only_parts_of_a_machine_are_ever_deleted_in_a_group_that_is_there(
    kind: str, name: str, may_be: bool
) -> None:
    assert is_part(network_id(SHARED, kind, name, "shop-builds")) == may_be


def test_after_a_failure_in_a_group_that_is_there_the_run_s_own_goes() -> None:
    plan = plan_of_build(survey(TOLD, environment=SHARED))
    bake = bake_of(plan)
    after = plan_after_failure(Failure(BuildFailed("no"), (bake,), ()))
    assert after is not None
    assert after.steps[-1] == ClearGroup("shop-builds", RUN)


def test_a_foreign_group_with_a_name_like_ours_is_left_alone() -> None:
    foreign = replace(group("bakeswap-build-web-1-0-0", OLD_RUN), tags={"owner": "ann"})

    assert plan_of_build(survey(groups=(foreign,))) == plan_of_build(survey())


def test_under_the_claim_what_another_run_left_is_deleted_however_young_it_is() -> None:
    left = group("bakeswap-build-web-1-0-0", LATE_RUN)
    half = ImageVersion("1.0.0", provisioning_state="Creating", tags=ours("1.0.0", LATE_RUN))

    numbers = (Number("1.0.0", LATE_RUN),)
    now = survey(groups=(left,), versions=(half,), has_claim=True, numbers=numbers)
    plan = plan_of_build(now)

    assert plan.steps[:2] == (
        DeleteGroup(left.name, LATE_RUN, is_left_over=True),
        DeleteVersion("web", "1.0.0", "Creating"),
    )


@pytest.mark.parametrize(
    ("number", "version"),
    [
        (Number("1.0.0", OLD_RUN, is_used=True), "1.0.1"),
        (Number("1.0.0", LATE_RUN), "1.0.1"),
        (Number("1.0.7", LATE_RUN), "1.0.8"),
        (Number("2.0.7", LATE_RUN), "1.0.0"),
        (Number("1.0.0", OLD_RUN), "1.0.0"),
        (Number("1.0.0", RUN), "1.0.0"),
    ],
)
def test_a_number_that_another_run_took_is_not_taken(number: Number, version: str) -> None:
    assert bake_of(plan_of_build(survey(numbers=(number,)))).version == version


def test_a_number_that_a_dead_run_of_this_checkout_took_is_free() -> None:
    now = survey(numbers=(Number("1.0.0", LATE_RUN),), runs_here=frozenset({LATE_RUN}))

    assert bake_of(plan_of_build(now)).version == "1.0.0"


@pytest.mark.parametrize("state", ["Creating", "Failed", "Canceled"])
def test_a_half_made_version_is_deleted_and_keeps_its_number(state: str) -> None:
    half = ImageVersion("1.0.0", provisioning_state=state, tags=ours("1.0.0", OLD_RUN))

    plan = plan_of_build(survey(versions=(half,)))

    assert plan.steps[0] == DeleteVersion("web", "1.0.0", state)
    assert str(plan.steps[0]) == f"delete the unfinished image version web 1.0.0 ({state})"
    assert bake_of(plan).version == "1.0.1"


def test_a_half_made_version_of_a_living_run_is_not_disturbed() -> None:
    half = ImageVersion("1.0.0", provisioning_state="Creating", tags=ours("1.0.0", LATE_RUN))

    with pytest.raises(Refused, match="may still be running"):
        plan_of_build(survey(versions=(half,)))


@pytest.mark.parametrize(
    "version",
    [
        replace(baked("1.0.0", check="passed"), provisioning_state="Failed"),
        ImageVersion("1.0.0", provisioning_state="Failed", tags={"made-by": "somebody else"}),
        ImageVersion("1.0.0", tags=ours("1.0.0", OLD_RUN)),
    ],
    ids=["an update of a checked one failed", "not ours", "it is whole"],
)
def test_no_other_version_is_ever_deleted(version: ImageVersion) -> None:
    plan = plan_of_build(survey(versions=(version,)))

    assert not any(isinstance(step, DeleteVersion) for step in plan.steps)


def test_check_image_takes_the_newest_version() -> None:
    plan = plan_of_check(survey(versions=(baked("1.0.0"), baked("1.0.1", check="passed"))))

    assert plan.title == "check web 1.0.1 (again)"


def test_check_image_takes_the_version_it_is_given() -> None:
    plan = plan_of_check(survey(versions=(baked("1.0.0"), baked("1.0.1"))), "1.0.0")

    assert plan.title == "check web 1.0.0 (not checked yet)"


def test_check_image_of_a_version_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"no web 9\.9\.9 \(it has: 1\.0\.0, 1\.0\.10\)"):
        plan_of_check(survey(versions=(baked("1.0.10"), baked("1.0.0"))), "9.9.9")


def test_check_image_refuses_when_there_is_nothing_to_check() -> None:
    with pytest.raises(UsageError, match="none"):
        plan_of_check(survey())


def test_check_image_refuses_a_half_made_version() -> None:
    with pytest.raises(Refused, match="Creating"):
        plan_of_check(survey(versions=(ImageVersion("1.0.0", provisioning_state="Creating"),)))


def failed_at(position: int, error: BaseException, *, keep: bool = False) -> list[str]:
    """What follows, in words, when the step at this position of a first build failed."""
    steps = plan_of_build(survey()).steps
    failure = Failure(error, steps[: position + 1], steps[:position])
    after = plan_after_failure(failure, keep=keep)
    return [str(step) for step in after.steps] if after else []


DELETE_CHECK_GROUP = "delete the resource group bakeswap-check-web-1-0-0-2026112312000000aa"


def test_after_a_failed_check_the_version_is_marked_and_the_machine_goes() -> None:
    assert failed_at(2, CheckFailed("no nginx")) == [
        "mark web 1.0.0 failed: `latest` never resolves to it",
        DELETE_CHECK_GROUP,
    ]


def test_a_machine_that_is_to_be_kept_stays_after_a_failed_check_and_after_nothing_else() -> None:
    assert failed_at(2, CheckFailed("no nginx"), keep=True) == [
        "mark web 1.0.0 failed: `latest` never resolves to it"
    ]
    assert failed_at(1, Unreachable("SSH: no answer"), keep=True) == []
    for error in (AzureRefused("nic", "NotFound", "gone"), KeyboardInterrupt()):
        assert failed_at(2, error, keep=True) == [DELETE_CHECK_GROUP]
    assert len(failed_at(0, Unreachable("Packer: no answer"), keep=True)) == 1


def test_a_check_that_could_not_run_is_no_verdict() -> None:
    assert failed_at(2, AzureRefused("nic", "NotFound", "gone")) == [DELETE_CHECK_GROUP]


def test_a_machine_that_did_not_boot_goes_and_the_version_stays_unmarked() -> None:
    assert failed_at(1, AzureRefused("vm", "SkuNotAvailable", "none left")) == [DELETE_CHECK_GROUP]


def test_after_a_failed_bake_its_group_goes() -> None:
    assert failed_at(0, AzureRefused("version", "Conflict", "busy")) == [
        "delete the resource group bakeswap-build-web-1-0-0-2026112312000000aa"
    ]


def test_after_packer_failed_what_it_published_is_marked_and_its_group_goes() -> None:
    assert failed_at(0, BuildFailed("the scanner found something")) == [
        "mark web 1.0.0 failed if it was published: it is never checked",
        "delete the resource group bakeswap-build-web-1-0-0-2026112312000000aa",
    ]


def test_a_group_whose_deletion_failed_is_tried_once_more() -> None:
    assert failed_at(4, AzureRefused("group", "ScopeLocked", "locked")) == [DELETE_CHECK_GROUP]


def test_when_all_groups_are_gone_nothing_follows() -> None:
    steps = plan_of_build(survey()).steps

    assert plan_after_failure(Failure(KeyboardInterrupt(), steps, steps)) is None
    assert plan_after_failure(Failure(KeyboardInterrupt(), (), ())) is None


def test_a_build_takes_no_number_of_a_version_that_was_deleted() -> None:
    build = plan_build(survey(definition_tags={"last-1.0": "1.0.5"}))
    assert build.version == "1.0.6"


def revoked(name: str) -> ImageVersion:
    """A version of these inputs that passed its check and was revoked."""
    marks = {"revoked": "2026-11-23T18:15:00Z", "revoked-by": "ann@x", "revoked-why": "CVE-1"}
    return replace(
        baked(name, check="passed"),
        exclude_from_latest=True,
        tags={**baked(name, check="passed").tags, **marks},
    )


def test_inputs_whose_only_version_was_revoked_are_not_baked_again_by_themselves() -> None:
    now = survey(versions=(revoked("1.0.0"),))
    with pytest.raises(Refused) as caught:
        plan_build(now)
    assert str(caught.value).startswith(
        "web 1.0.0 has these inputs, and it was revoked on 2026-11-23T18:15:00Z by ann@x: CVE-1"
    )
    assert str(caught.value.advice[0].command) == "invoke build-image web --rebuild"
    assert plan_build(now, rebuild=True).version == "1.0.1"


def test_another_version_of_the_inputs_of_a_revoked_one_settles_them() -> None:
    now = survey(versions=(revoked("1.0.1"), baked("1.0.0", check="passed")))
    assert plan_build(now).plan.is_empty


def test_a_revoked_version_is_not_checked_again() -> None:
    with pytest.raises(Refused, match="it was revoked on"):
        plan_check(survey(versions=(revoked("1.0.0"),)), "1.0.0")


@pytest.mark.parametrize(
    ("days", "left", "is_built"),
    [
        (0, 6.0, True),
        (0, 8.0, False),
        (90, 6.0, True),
        (4, 2.0, False),
        (4, 0.9, True),
        (4, -1, True),
    ],
)
def test_a_version_whose_end_is_near_gets_a_successor(
    days: int, left: float, is_built: bool
) -> None:
    image = replace(WEB, end_of_life=days * 86400.0)
    ending = replace(
        baked("1.0.0", image, check="passed"), seconds_left=left * 86400, end_of_life="2026-12-01"
    )
    build = plan_build(survey(image, versions=(ending,)))
    assert build.plan.is_empty != is_built
    if is_built:
        assert build.why == "1.0.0 reaches its end of life on 2026-12-01"


def test_the_verdict_says_when_the_life_of_the_version_ends() -> None:
    plan = plan_of_build(survey(replace(WEB, end_of_life=90 * 86400.0)))
    assert "; its life ends 90 days after its publishing" in str(plan)


def test_a_disk_without_tags_is_a_runs_by_the_name_that_it_planned() -> None:
    label = "202611200315000b0b"
    names = (f"bakeswap-bake-{label}-os", "bakeswap-bake-2026112003150000cc-os", "theirs")
    runs = ("20261120T031500Z-elsewhere-0b0b", OLD_RUN)

    (left,) = bare_disks("shop-builds", [*names, names[0].upper()], runs, SHARED, "web")

    assert (left.name, left.is_shared, left.tags[Tag.RUN]) == ("shop-builds", True, runs[0])
    now = survey(TOLD, environment=SHARED, groups=(left,), numbers=(Number("1.0.0", runs[0]),))
    plan = plan_build(replace(now, has_claim=True)).plan
    assert plan.steps[0] == ClearGroup("shop-builds", runs[0], is_left_over=True)
