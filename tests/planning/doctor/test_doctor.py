"""Everything that may be missing before the first bake is named, with how to get it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.advice import PACKAGE, Advice, Caller, Shell
from pipeline.definition.model import Cloud, Environment
from pipeline.errors import Refused
from pipeline.planning.doctor.doctor import findings, healthy, table
from pipeline.planning.doctor.facts import Azure, Elsewhere, Examination, Programs
from pipeline.planning.doctor.looked import Looked
from pipeline.planning.names import gallery_id
from pipeline.planning.preflight.facts import Unknown
from pipeline.planning.preflight.finding import Finding
from pipeline.planning.rights import Permission
from tests.planning.preflight.examples import GOOD, USAGES
from tests.planning.swap.examples import ENVIRONMENT

HERE = replace(ENVIRONMENT, cloud=Cloud(resource_manager="https://127.0.0.1:9443"))
PUBLIC = replace(ENVIRONMENT, cloud=Cloud())
OPEN = replace(PUBLIC, access="public")
IMAGE = replace(GOOD, version=None, wanted=replace(GOOD.wanted, version=""))
SMALL = replace(GOOD.wanted.image, scale_set=replace(GOOD.wanted.image.scale_set, capacity=2))
AZURE = Azure((IMAGE,), (Permission(("*",)),), has_group=True, has_gallery=True)
WELL = Examination(HERE, AZURE, Programs((1, 14, 2), (2, 6, 3)))
MAKING = Advice("make one", Shell("openssl genpkey"))
NAMESAKE = replace(gallery_id(ENVIRONMENT), resource_group="elsewhere")


def of(check: str, seen: Examination) -> Finding:
    """The one finding of a check."""
    (found,) = (one for one in findings(seen) if one.check == check)
    return found


def in_azure(**changes: Any) -> Examination:
    """An environment of which Azure says something else."""
    return replace(WELL, azure=replace(AZURE, **changes))


def test_where_nothing_is_missing_nothing_is_refused() -> None:
    found = findings(WELL)

    assert {one.result for one in found} == {"ok"}
    healthy(HERE, found)
    assert len(table(found).rows) == len(found)


LOOKED = Looked("signing key", "keys/release.pem", "there is no such file", advice=(MAKING,))
MISSING = [
    ("signing key", replace(WELL, looked=(LOOKED,)), "no such file", "openssl genpkey"),
    ("signing key", in_azure(looked=(LOOKED,)), "keys/release.pem: there is no", "openssl genpkey"),
    ("packer", replace(WELL, programs=Unknown("packer: not on PATH")), "not on PATH", "make setup"),
    (
        "packer",
        replace(WELL, programs=Programs((1, 9, 5), (2, 6, 3))),
        "Packer 1.9.5 is too old",
        "make setup",
    ),
    (
        "packer",
        replace(WELL, environment=PUBLIC, programs=Programs((1, 14, 2), (1, 4, 5))),
        "plugin 1.4.5 is too old for public Azure",
        "packer plugins install github.com/hashicorp/azure",
    ),
    ("access", replace(WELL, environment=OPEN), "none is known", ""),
    ("sign-in", replace(WELL, azure=Unknown("no credential")), "no credential", "az login"),
    ("resource group", in_azure(has_group=False), "does not exist", "invoke create-environment"),
    ("gallery", in_azure(has_gallery=False), "does not exist", "invoke create-environment"),
    (
        "gallery",
        in_azure(has_gallery=False, namesakes=(NAMESAKE,)),
        "is taken in the subscription, by /subscriptions/",
        "",
    ),
    (
        "image",
        in_azure(images=(replace(IMAGE, definition=None),)),
        "does not exist",
        "invoke create-environment",
    ),
    (
        "addresses",
        in_azure(images=(replace(IMAGE, space=None),)),
        "no subnet",
        "invoke create-environment",
    ),
]


@pytest.mark.parametrize(
    ("check", "seen", "what", "command"), MISSING, ids=[f"{m[0]} {m[2][:20]}" for m in MISSING]
)
def test_what_is_missing_is_named_with_its_fix(
    check: str, seen: Examination, what: str, command: str
) -> None:
    found = of(check, seen)

    assert found.result == "FAILED"
    assert what in found.what
    assert found.fix
    assert any(command in str(advice.command) for advice in found.advice) or not command
    with pytest.raises(Refused, match="is not ready") as refused:
        healthy(seen.environment, findings(seen))
    assert str(found) in str(refused.value)


SERVERS = replace(WELL, windows=("shop", "tills"), has_winrm=True)


def test_checks_of_windows_need_pywinrm_and_more_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    assert of("winrm", SERVERS).what == "pywinrm is here, for the checks of shop, tills"
    assert "winrm" not in {one.check for one in findings(WELL)}

    lacking = of("winrm", replace(SERVERS, has_winrm=False))
    assert lacking.result == "FAILED"
    assert str(lacking.advice[0].command) == "make setup"
    monkeypatch.setattr(Caller, "program", PACKAGE)
    lacking = of("winrm", replace(SERVERS, has_winrm=False))
    assert str(lacking.advice[0].command) == "pip install 'bakeswap[windows]'"

    reader = replace(SERVERS, azure=replace(AZURE, permissions=(Permission(("*/read",)),)))
    told = [one.what for one in findings(reader) if one.check == "rights"]
    assert any(what.endswith("for bakes and checks of Windows") for what in told)


def test_rights_are_told_by_the_commands_that_need_them() -> None:
    reader = in_azure(permissions=(Permission(("*/read",)),))

    told = [one for one in findings(reader) if one.check == "rights"]

    assert [one.result for one in told] == ["FAILED"] * 3
    assert "for stage, promote, rollback, roll, unstage, prune" in told[1].what
    assert "and 10 more" in told[1].what
    assert told[0].fix == "give the identity the role of docs/permissions.md"


def test_rights_are_needed_in_the_group_of_a_load_balancer_of_somebody_else() -> None:
    scope = f"/subscriptions/{HERE.subscription}/resourceGroups/platform"
    may, may_not = (
        in_azure(elsewhere=(Elsewhere(scope, "load balancer", (Permission(actions),)),))
        for actions in (("Microsoft.Network/loadBalancers/*",), ("*/read",))
    )
    told = [str(one) for one in findings(may) if one.check == "rights"]
    assert told[1] == f"rights: all that its load balancer needs is allowed in {scope}"
    refused = next(one for one in findings(may_not) if one.result == "FAILED")
    assert "no role allows Microsoft.Network/loadBalancers/backendAddressPools/join" in refused.what
    assert str(refused.advice[0].command).endswith(f"--scope {scope}")


def test_a_gallery_elsewhere_needs_rights_there_and_less_where_nothing_is_baked() -> None:
    scope = "/subscriptions/other/resourceGroups/images"

    def told(*actions: str) -> Finding:
        found = Elsewhere(scope, "gallery", (Permission(actions),))
        rights = [one for one in findings(in_azure(elsewhere=(found,))) if one.check == "rights"]
        return rights[-1]

    everything = ("Microsoft.Compute/galleries/*", "Microsoft.Network/privateDnsZones/*")
    assert told(*everything).result == "ok"
    reading = told("*/read")
    assert reading.result == "warning"
    assert "versions can be staged from it, and neither baked nor marked" in reading.what
    assert told("Microsoft.Network/*").result == "FAILED"


def test_builds_in_a_group_that_is_there_need_rights_there_and_none_on_groups() -> None:
    scope = f"/subscriptions/{HERE.subscription}/resourceGroups/builds"
    without_groups = Permission(("*",), ("Microsoft.Resources/subscriptions/resourceGroups/write",))
    place = replace(HERE, build_resource_group="builds")

    def told(environment: Environment, *actions: str) -> list[Finding]:
        elsewhere = (Elsewhere(scope, "builds", (Permission(actions),)),)
        seen = in_azure(permissions=(without_groups,), elsewhere=elsewhere)
        there = replace(seen, environment=environment)
        return [one for one in findings(there) if one.check == "rights"]

    assert [one.result for one in told(place, "*")] == ["ok", "ok"]
    assert [one.result for one in told(HERE, "*")] == ["FAILED", "ok"]
    lacking = told(place, "*/read")[-1]
    assert lacking.result == "FAILED"
    assert f"in {scope}, for its builds" in lacking.what
    assert "galleries" not in lacking.what


@pytest.mark.parametrize(
    ("location", "told", "command"),
    [
        ("", "the resource group builds does not exist", "az group create --name builds"),
        ("northeurope", "builds is in northeurope, and Packer bakes where its group is", ""),
    ],
)
def test_a_build_group_that_packer_cannot_bake_in_is_told(
    location: str, told: str, command: str
) -> None:
    place = replace(HERE, build_resource_group="builds")
    found = of("build group", replace(in_azure(build_group=location), environment=place))
    assert found.result == "FAILED"
    assert told in found.what
    assert [str(one.command).startswith(command) for one in found.advice] == [True] * bool(command)
    there = replace(in_azure(build_group=HERE.location), environment=place)
    assert of("build group", there).result == "ok"


def test_a_gallery_of_another_hand_that_is_missing_is_its_owners_to_create() -> None:
    gallery = replace(HERE.gallery, managed=False, resource_group="images")
    seen = replace(in_azure(has_gallery=False), environment=replace(HERE, gallery=gallery))
    assert of("gallery", seen).fix == "have its owner create it"


def test_a_public_machine_needs_more_rights_and_an_address() -> None:
    private = Permission(("*",), ("Microsoft.Network/publicIPAddresses/delete",))
    seen = replace(in_azure(permissions=(private,)), environment=OPEN, runner="203.0.113.7")

    assert of("access", seen).what == "machines of bakes and checks admit 203.0.113.7 alone"
    assert 'for the same with access = "public"' in of("rights", seen).what
    assert of("rights", replace(seen, environment=HERE)).result == "ok"


def test_a_network_that_nothing_leads_to_is_a_warning() -> None:
    assert of("access", replace(WELL, environment=PUBLIC, has_way=False)).result == "warning"


@pytest.mark.parametrize(
    ("scale_sets", "required"), [(IMAGE.scale_sets, 3), ((), 4), (Unknown("x"), 4)]
)
def test_the_quota_is_for_a_second_set_as_large_as_the_first(
    scale_sets: Any, required: int
) -> None:
    image = replace(IMAGE, scale_sets=scale_sets, usages=USAGES[1:])
    image = replace(image, wanted=replace(image.wanted, image=SMALL))

    (quota,) = (one for one in findings(in_azure(images=(image,))) if one.check == "quota")

    assert f"required for {required} x Standard_D2s_v5" in quota.what


def test_what_is_not_needed_is_no_failure_and_what_can_be_used_is_fine() -> None:
    idle = replace(LOOKED, is_needed=False, advice=())
    fine = replace(LOOKED, problem="")

    assert of("signing key", replace(WELL, looked=(idle,))).result == "warning"
    assert of("signing key", replace(WELL, looked=(idle,))).fix == ""
    found = of("signing key", replace(WELL, looked=(fine,)))
    assert (found.result, found.what, found.advice) == ("ok", "keys/release.pem", ())
