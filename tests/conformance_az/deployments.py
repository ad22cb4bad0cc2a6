"""Commands about template deployments."""

from __future__ import annotations

from tests.conformance_az.expected import Command, NotServed, Passes, RefusedByAzure

TEMPLATE = """{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {"name": {"type": "string", "defaultValue": "made"}},
  "resources": [
    {
      "type": "Microsoft.Network/networkSecurityGroups",
      "apiVersion": "2024-05-01",
      "name": "[parameters('name')]",
      "location": "[resourceGroup().location]",
      "properties": {"securityRules": []}
    }
  ],
  "outputs": {"name": {"type": "string", "value": "[parameters('name')]"}}
}
"""
"""What `{folder}/template.json` holds."""

_G = "--resource-group rg-deploy"
_FROM = f"{_G} --template-file {{folder}}/template.json"

DEPLOYMENTS: tuple[Command, ...] = (
    Passes("group create --name rg-deploy --location westeurope", "name", "rg-deploy"),
    Passes(f"deployment group validate {_FROM}", "error", None),
    Passes(f"deployment group create {_FROM} --name first", "properties.outputs.name.value",
           "made"),
    Passes(f"network nsg show {_G} --name made", "name", "made"),
    Passes(f"deployment group create {_FROM} --name second --parameters name=other",
           "properties.outputs.name.value", "other"),
    Passes(f"deployment group list {_G}", "sort([].name)", ["first", "second"]),
    Passes(f"deployment group show {_G} --name first", "properties.provisioningState",
           "Succeeded"),
    Passes(f"deployment operation group list {_G} --name first",
           "[?properties.targetResource].properties.provisioningState", ["Succeeded"]),
    Passes(f"deployment group wait {_G} --name first --created"),
    Passes(f"deployment group delete {_G} --name first", "[].name", ["second"],
           then=f"deployment group list {_G}"),
    RefusedByAzure(f"deployment group show {_G} --name none", "DeploymentNotFound"),
    NotServed(f"deployment group what-if {_FROM}", "whatIf"),
    NotServed(f"deployment group export {_G} --name second", "exportTemplate"),
    NotServed("deployment sub create --location westeurope --template-file {folder}/template.json",
              "Microsoft.Resources/deployments"),
    Passes("group delete --name rg-deploy --yes", "@", False,
           then="group exists --name rg-deploy"),
)  # fmt: skip
