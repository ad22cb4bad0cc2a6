"""What the observer calls wrong: load balancers that nearly are as they should be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.torture.observer import Look

RULES = {"web": {"production": ("http",), "staging": ("http-staging",)}}
SCALE_SET = "/x/virtualMachineScaleSets/{}/virtualMachines/0/networkInterfaces/n/ipConfigurations/c"


def pool(name: str, *owners: str) -> dict[str, Any]:
    """A pool with one member of each scale set."""
    members = [{"id": SCALE_SET.format(owner)} for owner in owners]
    return {"name": name, "properties": {"backendIPConfigurations": members}}


def look(
    pools: list[dict[str, Any]],
    *,
    production: str = "web-1-0-1",
    staging: str = "web-1-0-0",
    deleting: str = "",
) -> Look:
    """A load balancer of which `web-1-0-1` serves and `web-1-0-0` served before."""
    rules = [
        {"name": name, "properties": {"backendAddressPool": {"id": f"/x/{where}"}}}
        for name, where in (("http", production), ("http-staging", staging))
    ]
    balancer = {
        "properties": {
            "provisioningState": "Succeeded",
            "backendAddressPools": pools,
            "loadBalancingRules": rules,
        },
        "tags": {"web-serves": "web-1-0-1", "web-previous": "web-1-0-0"},
    }
    sets = {
        name: {"properties": {"provisioningState": "Deleting" if name == deleting else "Succeeded"}}
        for name in ("web-1-0-0", "web-1-0-1")
    }
    return Look(0.0, sets, balancer, RULES)


OLD, NEW = pool("web-1-0-0", "web-1-0-0"), pool("web-1-0-1", "web-1-0-1")


def test_nothing_is_wrong_with_two_pools_of_their_own_scale_sets() -> None:
    assert not list(look([OLD, NEW]).wrongs("web"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (look([OLD, pool("web-1-0-1")]), "production leads to web-1-0-1, which is empty"),
        (look([OLD, pool("web-1-0-1", "web-1-0-1", "web-1-0-0")]), "web-1-0-1 has members of"),
        (look([OLD, NEW], staging="web-1-0-1"), "production and staging lead to ['web-1-0-1']"),
        (look([OLD, NEW], deleting="web-1-0-1"), "web-1-0-1 serves and is being deleted"),
        (look([pool("web-1-0-0"), NEW]), "web-1-0-0 is the way back and is empty"),
    ],
)
def test_what_must_never_be_is_told(wrong: Look, words: str) -> None:
    assert [found for found in wrong.wrongs("web") if words in found]
