from __future__ import annotations

from azure.mgmt.resource.resources import ResourceManagementClient


def test_a_resource_group_comes_and_goes(resources: ResourceManagementClient) -> None:
    made = resources.resource_groups.create_or_update(
        "coming", {"location": "West Europe", "tags": {"run": "1"}}
    )
    assert made.location == "westeurope"
    assert resources.resource_groups.check_existence("COMING")
    resources.resource_groups.begin_delete("coming").result()
    assert not resources.resource_groups.check_existence("coming")
