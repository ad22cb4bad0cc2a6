"""What Azure accepts as the name of a key vault or of a secret, and how a vault is addressed.

Names: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
and https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates
"""

from __future__ import annotations

from pipeline.definition.rules import pattern

VAULT = pattern(
    "the name of a key vault",
    "shop-bakes",
    r"(?=.{3,24}\Z)[A-Za-z](?:-?[A-Za-z0-9])*",
    "3 to 24 letters, digits and single hyphens, the first a letter, the last no hyphen",
)
SECRET = pattern(
    "the name of a secret",
    "package-token",
    r"[A-Za-z0-9-]{1,127}",
    "1 to 127 letters, digits and hyphens",
)
SECRET_VERSION = pattern(
    "the version of a secret",
    "4387e9f3d6e14c459867679a90fd0f79",
    r"[0-9a-f]{32}",
    "32 digits and letters a to f: the last part of the secret's identifier",
)
TEMPLATE_VARIABLE = pattern(
    "a variable of a template",
    "package_token",
    r"[A-Za-z_][A-Za-z0-9_-]*",
    "letters, digits, underscores and hyphens, the first no digit",
)
PLACE = "{vault}"
"""Stands for the name of a vault in the address of all of a cloud's vaults."""
VAULTS = pattern(
    "the address of a cloud's key vaults",
    f"https://{PLACE}.vault.azure.net",
    r"https://(?:\{vault\}\.[A-Za-z0-9.-]+(?::[0-9]+)?|[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9-]+)+/\{vault\})",
    f"https://{PLACE}.SUFFIX or https://HOST/PATH/{PLACE}",
)
