"""The least rights: a table, the page that shows it, and what a role lacks of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipeline.planning.rights import (
    PUBLIC_ONLY,
    PURPOSES,
    WINDOWS,
    Permission,
    Purpose,
    missing,
    operations,
)

PAGE = (Path(__file__).parents[2] / "docs" / "permissions.md").read_text()
OWNER = Permission(("*",))


def test_the_role_on_the_page_has_all_operations_and_no_other() -> None:
    (role,) = re.findall(r"(?s)```json\n(.*?)```", PAGE)

    assert json.loads(role)["Actions"] == list(operations())


@pytest.mark.parametrize("purpose", [*PURPOSES, WINDOWS], ids=lambda purpose: purpose.what)
def test_the_page_says_what_each_operation_is_for(purpose: object) -> None:
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| {purpose.what} |"))  # type: ignore[attr-defined]

    assert tuple(re.findall(r"`(Microsoft[^`]+)`", row)) == purpose.operations  # type: ignore[attr-defined]


def test_an_operation_is_called_as_azure_calls_operations() -> None:
    shape = re.compile(r"Microsoft\.\w+(/\w+)+/(read|write|delete|action)")

    assert [one for one in operations() if not shape.fullmatch(one)] == []


def test_the_owner_lacks_nothing_and_nobody_everything() -> None:
    assert list(missing([OWNER], with_public=True)) == []
    assert [purpose for purpose, _ in missing([], with_public=True)] == list(PURPOSES)


def test_windows_needs_more_and_only_where_it_is() -> None:
    asked = {purpose.what: lacking for purpose, lacking in _windows([Permission(("*/read",))])}

    assert "Microsoft.Compute/virtualMachines/extensions/write" in asked[WINDOWS.what]
    assert not set(WINDOWS.operations) & set(operations())
    assert _windows([OWNER]) == []


def _windows(roles: list[Permission]) -> list[tuple[Purpose, tuple[str, ...]]]:
    found = missing(roles, with_public=True, with_windows=True)
    return [(purpose, lacking) for purpose, lacking in found if purpose == WINDOWS]


def test_roles_add_up_and_one_leaves_out_what_another_gives() -> None:
    contributor = Permission(("*",), ("Microsoft.Authorization/*/Write", "Microsoft.Network/*"))
    network = Permission(("microsoft.network/*",))

    assert list(missing([contributor, network], with_public=True)) == []
    lacking = {purpose.what for purpose, _ in missing([contributor], with_public=False)}
    assert PUBLIC_ONLY not in lacking
    assert "create-environment" in lacking


def test_a_reader_is_told_each_operation_it_lacks() -> None:
    found = {
        purpose.what: lacking
        for purpose, lacking in missing([Permission(("*/read",))], with_public=True)
    }

    assert "read" not in found
    assert found["stage, promote, rollback, roll, unstage, prune"][:2] == (
        "Microsoft.Compute/virtualMachineScaleSets/write",
        "Microsoft.Compute/virtualMachineScaleSets/delete",
    )
