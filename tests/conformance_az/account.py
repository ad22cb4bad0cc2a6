"""Commands about the subscription, groups, tags, locks and roles."""

from __future__ import annotations

from tests.conformance_az.expected import Command, NotServed, Passes, RefusedByAzure

_PRINCIPAL = "99999999-9999-4999-8999-999999999999"
_GROUP = "/subscriptions/{subscription}/resourceGroups/rg-account"
_NET = f"{_GROUP}/providers/Microsoft.Network/virtualNetworks/net"

ACCOUNT: tuple[Command, ...] = (
    Passes("cloud show", "name", "BakeswapEmulator"),
    Passes("cloud list", "[?isActive].name", ["BakeswapEmulator"]),
    Passes("account show", "state", "Enabled"),
    Passes("account list", "length(@)", 2),
    Passes("account set --subscription {subscription}", "state", "Enabled", then="account show"),
    Passes("account list-locations", "[?name=='westeurope'].displayName | [0]", "West Europe"),
    Passes("account get-access-token", "tokenType", "Bearer"),
    Passes("provider list", "[?namespace=='Microsoft.Compute'] | length(@)", 1),
    Passes("provider show --namespace Microsoft.Network", "registrationState", "Registered"),
    Passes(
        "provider register --namespace Microsoft.Insights --wait",
        "registrationState",
        "Registered",
        then="provider show --namespace Microsoft.Insights",
    ),
    Passes("group create --name rg-account --location westeurope --tags owner=sre",
           "properties.provisioningState", "Succeeded"),
    Passes("group exists --name rg-account", "@", True),
    Passes("group exists --name rg-none", "@", False),
    Passes("group show --name rg-account", "tags.owner", "sre"),
    Passes("group list", "[?name=='rg-account'].location", ["westeurope"]),
    Passes("group list --tag owner=sre", "[].name", ["rg-account"]),
    Passes("group update --name rg-account --set tags.stage=test", "tags",
           {"owner": "sre", "stage": "test"}),
    Passes("group wait --name rg-account --exists"),
    RefusedByAzure("group show --name rg-none", "ResourceGroupNotFound"),
    Passes("network vnet create --resource-group rg-account --name net", "newVNet.name", "net"),
    Passes("resource list --resource-group rg-account", "[].type",
           ["Microsoft.Network/virtualNetworks"]),
    Passes(f"resource show --ids {_NET}", "name", "net"),
    Passes("resource show --resource-group rg-account --name net --resource-type "
           "Microsoft.Network/virtualNetworks", "location", "westeurope"),
    Passes(f"resource tag --ids {_NET} --tags a=1", "tags", {"a": "1"}),
    Passes(f"resource update --ids {_NET} --set tags.b=2", "tags", {"a": "1", "b": "2"}),
    Passes(f"resource wait --ids {_NET} --exists"),
    Passes(f"tag create --resource-id {_NET} --tags c=3", "properties.tags", {"c": "3"}),
    Passes(f"tag update --resource-id {_NET} --operation Merge --tags d=4", "properties.tags",
           {"c": "3", "d": "4"}),
    Passes(f"tag update --resource-id {_NET} --operation Delete --tags c=3", "properties.tags",
           {"d": "4"}),
    Passes(f"tag list --resource-id {_NET}", "properties.tags", {"d": "4"}),
    Passes(f"tag delete --resource-id {_NET} --yes", "tags", {},
           then="network vnet show --resource-group rg-account --name net"),
    Passes(f"tag create --resource-id {_GROUP} --tags owner=ops", "properties.tags.owner", "ops"),
    Passes("lock create --name keep --resource-group rg-account --lock-type CanNotDelete",
           "level", "CanNotDelete"),
    Passes("lock list --resource-group rg-account", "[].name", ["keep"]),
    Passes("lock show --name keep --resource-group rg-account", "name", "keep"),
    Passes("lock update --name keep --resource-group rg-account --notes why", "notes", "why"),
    RefusedByAzure("group delete --name rg-account --yes", "ScopeLocked"),
    RefusedByAzure("network vnet delete --resource-group rg-account --name net", "ScopeLocked"),
    Passes("lock delete --name keep --resource-group rg-account", "length(@)", 0,
           then="lock list --resource-group rg-account"),
    Passes("role definition list --name Reader", "[].roleName", ["Reader"]),
    Passes(f"role assignment create --assignee-object-id {_PRINCIPAL} "
           f"--assignee-principal-type ServicePrincipal --role Reader --scope {_GROUP}",
           "principalId", _PRINCIPAL),
    Passes(f"role assignment list --scope {_GROUP} --fill-principal-name false",
           "[].[principalId, roleDefinitionName]", [[_PRINCIPAL, "Reader"]]),
    Passes(f"role assignment delete --assignee-object-id {_PRINCIPAL} --role Reader "
           f"--scope {_GROUP}", "length(@)", 0,
           then=f"role assignment list --scope {_GROUP} --fill-principal-name false"),
    Passes("network vnet delete --resource-group rg-account --name net", "length(@)", 0,
           then="resource list --resource-group rg-account"),
    NotServed("keyvault create --resource-group rg-account --name vault --location westeurope",
              "Microsoft.KeyVault/vaults"),
    Passes("group delete --name rg-account --yes", "@", False,
           then="group exists --name rg-account"),
    NotServed("group export --name rg-shared", "exportTemplate"),
    Passes("policy assignment list", "length(@)", 0),
    NotServed("policy set-definition list", "policySetDefinitions"),
    Passes("role definition create --role-definition "
           "'{{\"Name\": \"swap\", \"Actions\": [\"*/read\"], "
           "\"AssignableScopes\": [\"/subscriptions/{subscription}\"]}}'", "roleName", "swap"),
    NotServed("ad sp list", "Microsoft Graph"),
    NotServed("monitor activity-log list", "eventtypes"),
    NotServed("storage account list --resource-group rg-shared",
              "Microsoft.Storage/storageAccounts"),
)  # fmt: skip
