"""Models of Microsoft.KeyVault: azure-mgmt-keyvault 12 (api-version 2024-11-01), vaults alone.

Written as `table.json` is; the package is no dependency of ours.
"""

from __future__ import annotations

from typing import Any

_API = "2024-11-01"

KEY_VAULT: dict[str, dict[str, Any]] = {
    "types": {
        "Microsoft.KeyVault/vaults": {
            "package": "keyvault",
            "operations": {
                "PUT": {
                    "api": _API,
                    "codes": [200, 201],
                    "body": "VaultCreateOrUpdateParameters",
                    "answer": "Vault",
                },
                "GET": {"api": _API, "codes": [200], "answer": "Vault"},
                "GET *": {"api": _API, "codes": [200], "answer": "Vault", "many": True},
                "DELETE": {"api": _API, "codes": [200, 204]},
            },
        },
    },
    "models": {
        "keyvault": {
            "VaultCreateOrUpdateParameters": {
                "location": "string req",
                "properties": "VaultProperties req",
                "tags": "{string}",
            },
            "Vault": {
                "id": "string ro",
                "location": "string",
                "name": "string ro",
                "properties": "VaultProperties req",
                "systemData": "any ro",
                "tags": "{string}",
                "type": "string ro",
            },
            "VaultProperties": {
                "accessPolicies": "[AccessPolicyEntry]",
                "createMode": "string",
                "enablePurgeProtection": "boolean",
                "enableRbacAuthorization": "boolean",
                "enableSoftDelete": "boolean",
                "enabledForDeployment": "boolean",
                "enabledForDiskEncryption": "boolean",
                "enabledForTemplateDeployment": "boolean",
                "hsmPoolResourceId": "string ro",
                "networkAcls": "NetworkRuleSet",
                "privateEndpointConnections": "[any] ro",
                "provisioningState": "string",
                "publicNetworkAccess": "string",
                "sku": "Sku req",
                "softDeleteRetentionInDays": "integer",
                "tenantId": "string req",
                "vaultUri": "string",
            },
            "AccessPolicyEntry": {
                "applicationId": "string",
                "objectId": "string req",
                "permissions": "Permissions req",
                "tenantId": "string req",
            },
            "Permissions": {
                "certificates": "[string]",
                "keys": "[string]",
                "secrets": "[string]",
                "storage": "[string]",
            },
            "NetworkRuleSet": {
                "bypass": "NetworkRuleBypassOptions",
                "defaultAction": "NetworkRuleAction",
                "ipRules": "[IPRule]",
                "virtualNetworkRules": "[any]",
            },
            "IPRule": {"value": "string req"},
            "Sku": {"family": "SkuFamily req", "name": "SkuName req"},
        },
    },
    "enums": {
        "keyvault": {
            "NetworkRuleAction": ["Allow", "Deny"],
            "NetworkRuleBypassOptions": ["AzureServices", "None"],
            "SkuFamily": ["A"],
            "SkuName": ["premium", "standard"],
        },
    },
}
