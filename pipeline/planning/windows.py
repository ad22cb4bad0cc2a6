"""What machines of Windows need that those of Linux do not, in Azure's own spelling."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

from pipeline.advice import PACKAGE, Caller
from pipeline.definition.model import Environment, Image
from pipeline.definition.operating_system import WINDOWS

PORT: Final = 5986
"""Of WinRM over HTTPS: Windows' own, and what Packer's plugin has Azure listen on."""

LONGEST_PREFIX: Final = 9
"""Of computer names in a scale set: Azure adds six characters, and Windows takes fifteen."""

VAULT: Final = "build_key_vault_name"
"""The plugin's key for a key vault that is there, in the group of the bake; and our variable."""

ANOTHER_NAME: Final = "give the image another name"
"""Azure never gives an image definition another operating system."""

LISTEN: Final = f"""\
$ErrorActionPreference = 'Stop'
$name = [Net.Dns]::GetHostName()
$made = New-SelfSignedCertificate -DnsName $name -CertStoreLocation Cert:\\LocalMachine\\My
Set-Service WinRM -StartupType Automatic
Start-Service WinRM
Get-ChildItem WSMan:\\localhost\\Listener |
    Where-Object {{ $_.Keys -contains 'Transport=HTTPS' }} | Remove-Item -Recurse -Force
New-Item WSMan:\\localhost\\Listener -Transport HTTPS -Address * -Force `
    -CertificateThumbPrint $made.Thumbprint | Out-Null
$policies = 'HKLM:\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System'
Set-ItemProperty $policies LocalAccountTokenFilterPolicy 1 -Type DWord
New-NetFirewallRule -DisplayName 'WinRM over HTTPS' -Direction Inbound -Action Allow `
    -Protocol TCP -LocalPort {PORT} | Out-Null
"""
"""Has a machine listen for WinRM over HTTPS, with a certificate that it makes itself.

Without the policy a local administrator has no administrator's rights over the network
(Microsoft's page of User Account Control and remote restrictions).
"""


def access(username: str, password: str) -> Mapping[str, Any]:
    """The part of an `osProfile` that says who signs in.

    Azure installs no updates by itself: what was baked and checked is what runs.
    """
    return {
        "adminUsername": username,
        "adminPassword": password,
        "windowsConfiguration": {"provisionVMAgent": True, "enableAutomaticUpdates": False},
    }


def computer_prefix(image: str) -> str:
    """What instances' computer names begin with: as much of an image's name as Windows takes."""
    return image[:LONGEST_PREFIX].rstrip("-")


def listening() -> Mapping[str, Any]:
    """The properties of the extension that has a machine of a check listen.

    Of Azure's ways it needs the fewest rights, and no key vault: `extensions/write` on a machine
    that the run made itself. The command is encoded, so that no shell reads it; it has no secret.
    """
    encoded = base64.b64encode(LISTEN.encode("utf-16-le")).decode()
    command = f"powershell -NoProfile -NonInteractive -EncodedCommand {encoded}"
    return {
        "publisher": "Microsoft.Compute",
        "type": "CustomScriptExtension",
        "typeHandlerVersion": "1.10",
        "autoUpgradeMinorVersion": True,
        "settings": {"commandToExecute": command},
    }


def unlike_base(image: Image, base: str) -> str:
    """Why an image is not baked from a base of an operating system, "" where it is."""
    if base.lower() == image.system.name.lower():
        return ""
    right = "choose another base, or another template"
    return f"the base {image.base} is {base}, and {_baked(image)}; {right}"


def unlike_definition(image: Image, definition: str) -> str:
    """Why an image definition of a system takes and makes nothing of an image, "" where it does."""
    if definition.lower() == image.system.name.lower():
        return ""
    return f"the definition's operating system is {definition}, and {_baked(image)}"


def _baked(image: Image) -> str:
    return f"{image.system.at or 'its template'} bakes {image.system.name}"


def leaves_a_vault(image: Image, environment: Environment) -> str:
    """Why Packer does not bake an image in a group that is there, "" where it does.

    It would make a key vault there for each bake of Windows (the plugin's builder.go), and one that
    is killed leaves it.
    """
    named = any(name == VAULT and value for name, value in image.variables)
    if not image.system.is_windows or not environment.build_resource_group or named:
        return ""
    return (
        f"build_resource_group: Packer makes a key vault there for each bake of {WINDOWS}; name"
        f' one of that group for all: variables = {{ {VAULT} = "..." }} in image {image.name}'
    )


def bring_pywinrm() -> str:
    """The command that brings what checks over WinRM need: set-up where there is one."""
    return "pip install 'bakeswap[windows]'" if Caller.program == PACKAGE else "make setup"
