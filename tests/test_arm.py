"""Resource ids as values."""

from __future__ import annotations

import pytest

from pipeline.arm import ResourceId

TEXT = "/subscriptions/S/resourceGroups/g/providers/Microsoft.Network/loadBalancers/web/probes/p"


def test_an_id_is_the_same_text_again() -> None:
    assert str(ResourceId.parse(TEXT)) == TEXT


def test_ids_are_equal_without_regard_to_case() -> None:
    upper = ResourceId.parse(TEXT.upper())
    assert upper == ResourceId.parse(TEXT)
    assert hash(upper) == hash(ResourceId.parse(TEXT))
    assert upper != TEXT


def test_a_child_is_named_after_its_parent() -> None:
    parent = ResourceId.parse(TEXT.removesuffix("/probes/p"))
    assert parent.child("probes", "p") == ResourceId.parse(TEXT)
    assert parent.child("probes", "p").name == "p"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/subscriptions/S",
        "/subscriptions/S/resourceGroups/g",
        "/subscriptions/S/resourceGroups/g/providers/Microsoft.Network",
        "/subscriptions/S/resourceGroups/g/providers/Microsoft.Network/loadBalancers",
        "/tenants/S/resourceGroups/g/providers/Microsoft.Network/loadBalancers/web",
    ],
)
def test_what_is_no_id_of_a_resource_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the id of a resource"):
        ResourceId.parse(text)
