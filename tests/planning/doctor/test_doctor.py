"""Everything that may be missing before the first bake is named, with how to get it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.definition.model import Cloud
from pipeline.errors import Refused
from pipeline.planning.doctor.doctor import findings, healthy, table
from pipeline.planning.doctor.facts import Azure, Examination, Programs
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


MISSING = [
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


def test_rights_are_told_by_the_commands_that_need_them() -> None:
    reader = in_azure(permissions=(Permission(("*/read",)),))

    told = [one for one in findings(reader) if one.check == "rights"]

    assert [one.result for one in told] == ["FAILED"] * 3
    assert "for stage, promote, rollback, unstage, prune" in told[1].what
    assert "and 4 more" in told[1].what
    assert told[0].fix == "give the identity the role of docs/permissions.md"


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
