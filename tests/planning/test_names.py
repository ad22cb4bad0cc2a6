"""Names and ids: each is a function of what the thing is for, and says so again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import get_args

import pytest

from pipeline.arm import ResourceId
from pipeline.definition.shape_rules import (
    RESERVED_BEGINNINGS,
    RESERVED_ELSEWHERE,
    RESERVED_OF_IMAGES,
    RESERVED_TAGS,
)
from pipeline.planning import machine_names, names, record_names
from tests.planning.swap.examples import ENVIRONMENT

RUN = "20261123T181500Z-some-host-1a2b"


@pytest.mark.parametrize("make", [names.build_group, names.check_group])
def test_a_run_s_resource_group_is_recognised_by_its_name(
    make: Callable[[str, str, str], str],
) -> None:
    assert names.is_group_name_of_ours(make("web", "1.0.0", RUN))
    assert names.is_group_name_of_ours(make("web", "1.0.0", RUN).upper())


def test_what_belongs_to_a_machine_of_a_run_is_recognised_in_a_group_of_others() -> None:
    made = machine_names.names_of_machines(RUN)

    assert made == (
        "bakeswap-bake-202611231815001a2b",
        "bakeswap-check-202611231815001a2b",
        "bsw112318151a2b",
    )
    assert all(machine_names.is_machine_name(f"{name}-nic") for name in made)
    assert not any(
        map(machine_names.is_machine_name, ("bsw-1-0-0_1a2b3c4d", "web-1-0-0", "bakeswap"))
    )


@pytest.mark.parametrize("name", ["shop", "bakeswap", "my-bakeswap-build-web-1-0-0"])
def test_another_resource_group_is_not_ours_by_name(name: str) -> None:
    assert not names.is_group_name_of_ours(name)


def test_versions_are_ordered_as_azure_orders_them_and_strange_names_come_first() -> None:
    found = sorted(["1.0.10", "latest", "1.0.9", "1.0.9-rc"], key=names.version_key)

    assert found == ["latest", "1.0.9-rc", "1.0.9", "1.0.10"]


def test_the_parts_of_a_check_are_in_its_own_resource_group() -> None:
    group = names.check_group("web", "1.0.0", RUN)

    for made in (
        names.check_machine_id(ENVIRONMENT, group),
        names.check_network_id(ENVIRONMENT, group, "networkInterfaces"),
    ):
        assert ResourceId.parse(str(made)) == made
        assert (made.resource_group, made.name) == (
            "bakeswap-check-web-1-0-0-202611231815001a2b",
            "check",
        )


def test_only_both_tags_make_a_thing_ours() -> None:
    tags = names.tags_of("web", "1.0.0")

    assert names.is_ours(tags, "web")
    assert not names.is_ours(tags, "shop")
    assert not names.is_ours({**tags, "system": "terraform"}, "web")
    assert not names.is_ours({}, "web")


@pytest.mark.parametrize("make", [names.build_group, names.check_group])
def test_a_resource_group_s_name_is_not_too_long_for_azure(
    make: Callable[[str, str, str], str],
) -> None:
    longest = 90

    assert len(make("x" * 40, "1000.1000.1000", RUN)) <= longest


def test_the_names_of_record_sets_never_meet_and_fit_into_dns() -> None:
    image, version = "x" * 40, "1.0.0"
    environment = replace(ENVIRONMENT, name="y" * 40)
    run = f"20261123T181500Z-{'h' * 40}-1a2b"
    made = [
        record_names.swap_claim(environment, image),
        record_names.build_claim(image),
        record_names.number(image, version),
        record_names.hold(environment, image),
        record_names.move(environment, image, run, "rollback"),
        record_names.move(environment, image, run, "promote"),
    ]

    assert len(set(made)) == len(made)
    assert all(len(f"{name}.{record_names.CLAIMS_ZONE}") <= 253 for name in made)
    assert all(len(label) <= 63 for name in made for label in name.split("."))
    assert record_names.version_of_number(record_names.number("web", "1.0.5")) == "1.0.5"


def test_definitions_may_say_no_tag_that_we_write_on_scale_sets() -> None:
    tag = names.Tag
    of_versions = (tag.CHECK, tag.BAKE, tag.FINGERPRINT, tag.COMMIT, tag.BASE, tag.INPUTS)
    revoked = (tag.REVOKED, tag.REVOKED_BY, tag.REVOKED_WHY)
    recorded = (tag.EVIDENCE, tag.BAKED_BY, tag.BAKED_WITH, tag.BAKE_SECONDS, tag.CHECK_HISTORY)
    elsewhere = {*of_versions, *recorded, *revoked, tag.PINNED}
    ours = {value for name, value in vars(tag).items() if name.isupper()}

    assert ours - elsewhere == RESERVED_TAGS
    assert elsewhere == RESERVED_ELSEWHERE


def test_environments_may_say_no_tag_that_we_write_on_anything() -> None:
    of_series, of_pool = names.last_version_tag("1.0"), names.removing_tag("web-1-0-0")

    assert set(get_args(names.SwapTagName)) == RESERVED_OF_IMAGES
    assert all(name.startswith(RESERVED_BEGINNINGS) for name in (of_series, of_pool, "inputs-2"))
