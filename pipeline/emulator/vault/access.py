"""Who may do what in a vault: its firewall and its access policies.

With RBAC everything is allowed, as roles are kept and not enforced. Sentences as reported
(azure-docs#46346, Terraform_AKS#2).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.emulator.arm.ids import same
from pipeline.emulator.arm.store import Record
from pipeline.emulator.vault.refusals import Forbidden

CLIENT = "127.0.0.1"
"""Where everybody asks from."""


def refuse_client(vault: Record) -> None:
    """403 for a vault that lets nobody in from here."""
    properties = vault.properties
    if same(str(properties.get("publicNetworkAccess")), "Disabled"):
        message = (
            "Public network access is disabled and request is not from a trusted service nor via "
            f"an approved private link.\r\n{_vault(vault)}"
        )
        raise Forbidden("ForbiddenByConnection", message)
    rules = properties.get("networkAcls") or {}
    if same(str(rules.get("defaultAction") or "Allow"), "Deny") and not _is_in(
        str(rule["value"]) for rule in rules.get("ipRules") or []
    ):
        message = (
            "Client address is not authorized and caller is not a trusted service.\r\n"
            f"Client address: {CLIENT}\r\n{_vault(vault)}"
        )
        raise Forbidden("ForbiddenByFirewall", message)


def refuse_caller(vault: Record, identity: Mapping[str, Any], what: str, verb: str) -> None:
    """403 for somebody whom no access policy allows it; with RBAC, everybody may.

    `what` are `secrets` or `keys`, each with permissions of its own.
    """
    properties = vault.properties
    if properties["enableRbacAuthorization"]:
        return
    for policy in properties["accessPolicies"]:
        allowed = [str(one).lower() for one in policy["permissions"].get(what) or []]
        if same(str(policy["objectId"]), str(identity["oid"])) and {"all", verb} & {*allowed}:
            return
    caller = f"appid={identity['appid']};oid={identity['oid']};iss={identity['iss']}"
    message = (
        f"The user, group or application '{caller}' does not have {what} {verb} permission on key "
        f"vault '{vault.id.name};location={vault.document['location']}'. For help resolving this "
        "issue, please see https://go.microsoft.com/fwlink/?linkid=2125287"
    )
    raise Forbidden("ForbiddenByPolicy", message)


def _is_in(ranges: Iterable[str]) -> bool:
    own = ipaddress.ip_address(CLIENT)
    return any(own in ipaddress.ip_network(each, strict=False) for each in ranges)


def _vault(vault: Record) -> str:
    return f"Vault: {vault.id.name};location={vault.document['location']}"
