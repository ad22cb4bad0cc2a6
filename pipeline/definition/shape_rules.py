"""What Azure accepts in a scale set, so that a mistake is found before Azure is asked.

Limits: Microsoft's pages of scale sets, of ephemeral and data disks, of terminate notification,
automatic repairs and custom data, and the texts of the ARM reference (compute 2026-04-01).
"""

from __future__ import annotations

import re

from pipeline.definition.rules import Range, Rule, is_duration, one_of, pattern
from pipeline.definition.shape import FLEXIBLE, SERVING, UNIFORM

LARGEST_DATA = 65_535
"""Bytes of custom data, and of user data, before they are encoded."""
MOST_TAGS = 40
"""Of a definition: Azure takes 50 on a resource, and bakeswap writes up to ten."""
RESERVED_TAGS = frozenset(
    {
        *("system", "image", "version", "environment", "run", "image-run"),
        *("served-since", "served-until", "rolled-back", "swap-seconds"),
        *("rolling", "rolled-from", "rehearsed", "rehearsed-seconds"),
    }
)
"""What bakeswap writes on scale sets itself."""
MOST_ENVIRONMENT_TAGS = 9
"""Packer's plugin takes 15 (1.4.5's config.go), and six tell whose a half-made version is."""
RESERVED_ELSEWHERE = frozenset(
    {
        *("check", "bake", "fingerprint", "commit", "base", "inputs", "pinned"),
        *("evidence", "baked-by", "baked-with"),
    }
)
"""What bakeswap writes on other things than scale sets."""
RESERVED_BEGINNINGS = ("inputs-", "last-", "removing-")
"""And what else of it ends with a number, a series or the name of a pool."""
RESERVED_OF_IMAGES = frozenset(
    {"serves", "previous", "rolled-back", "since", "run", "by", "rehearsing"}
)
"""What it writes on load balancers, behind the name of an image: `web-serves`."""


def _resource(noun: str, namespace: str, kind: str) -> Rule:
    example = f"/subscriptions/.../providers/{namespace}/{kind}/web"
    group = r"/subscriptions/[^/]+/resourceGroups/[^/]+"
    expression = rf"(?i){group}/providers/{re.escape(namespace)}/{kind}/[^/]+"
    return pattern(noun, example, expression, f"the resource id of one: {example}")


def _between(noun: str, shortest: int, longest: int) -> Rule:
    """A duration; the ends are in minutes."""
    right = f'a whole number and s, m or h, from "{shortest}m" to "{longest}m"'
    return Rule(
        noun, right, f"{shortest}m", lambda text: is_duration(text, shortest * 60, longest * 60)
    )


ORCHESTRATION = one_of("an orchestration mode", UNIFORM, FLEXIBLE)
LIKE = one_of("what a scale set can be like", SERVING)
ZONE = pattern("an availability zone", "1", r"[1-3]", 'the number of a zone in quotes, "1" to "3"')
USER_IDENTITY = _resource(
    "a user-assigned identity", "Microsoft.ManagedIdentity", "userAssignedIdentities"
)
PLACEMENT_GROUP = _resource(
    "a proximity placement group", "Microsoft.Compute", "proximityPlacementGroups"
)
KEY_VAULT = _resource("a key vault", "Microsoft.KeyVault", "vaults")
SECRET_URL = pattern(
    "a secret of a key vault",
    "https://shop.vault.azure.net/secrets/web",
    r"https://[A-Za-z0-9.-]+(?::[0-9]+)?/secrets/[A-Za-z0-9-]+(?:/[A-Za-z0-9]+)?",
    'its address, such as "https://shop.vault.azure.net/secrets/web"',
)
VARIABLE = pattern(
    "a variable of the environment",
    "WEB_SETTINGS",
    r"[A-Za-z_][A-Za-z0-9_]*",
    "letters, digits and underscores, the first no digit",
)
SSH_KEY = pattern(
    "a public SSH key",
    "ssh-ed25519 AAAAC3Nz... ops",
    r"(?:ssh-rsa|ssh-ed25519) [A-Za-z0-9+/]{4,}={0,2}(?: [^\r\n]*)?",
    'one line that begins with "ssh-rsa" or "ssh-ed25519"',
)
DISK_TYPE = one_of(
    "a type of OS disks",
    *("Standard_LRS", "StandardSSD_LRS", "StandardSSD_ZRS", "Premium_LRS", "Premium_ZRS"),
)
DATA_DISK_TYPE = one_of(
    "a type of data disks",
    *("Standard_LRS", "StandardSSD_LRS", "StandardSSD_ZRS", "Premium_LRS", "Premium_ZRS"),
    *("PremiumV2_LRS", "UltraSSD_LRS"),
)
CACHING = one_of("a way of caching", "None", "ReadOnly", "ReadWrite")
PLACEMENT = one_of("a place of an ephemeral disk", "CacheDisk", "ResourceDisk", "NvmeDisk")
EVICTION = one_of("an eviction policy", "Deallocate", "Delete")
REPAIR = one_of("a repair action", "Replace", "Reimage", "Restart")
GRACE = _between("a grace period of automatic repairs", 10, 90)
NOTICE = _between("a termination notice", 5, 15)
LUN = pattern("a logical unit number", "0", r"[0-9]|[1-5][0-9]|6[0-3]", '"0" to "63"')
EXTENSION = pattern(
    "an extension name",
    "setup",
    r"[A-Za-z0-9](?:[\w.-]{0,62}\w)?",
    "1 to 64 letters, digits, dots, hyphens and underscores",
)
EXTENSION_PUBLISHER = pattern(
    "a publisher of extensions",
    "Microsoft.Azure.Extensions",
    r"[A-Za-z0-9][\w.-]*",
    "letters, digits and dots: `az vmss extension image list` prints them all",
)
EXTENSION_TYPE = pattern(
    "an extension type",
    "CustomScript",
    r"[A-Za-z0-9][\w.-]*",
    "letters, digits and dots: `az vmss extension image list` prints them all",
)
EXTENSION_VERSION = pattern(
    "a version of an extension",
    "2.1",
    r"\d+\.\d+",
    "two numbers with a dot: Azure takes the newest",
)
TAG_NAME = pattern(
    "the name of a tag",
    "team",
    r"[^<>%&\\?/]{1,512}",
    r"1 to 512 characters, none of < > % & \ ? /",
)
TAG_VALUE = pattern("the value of a tag", "shop", r"(?s).{0,256}", "at most 256 characters")
FORCE = pattern("a word", "2", r"\S{1,64}", "up to 64 characters without spaces")
FILE = Rule("a file", "the path of a file", "user-data.sh", lambda text: bool(text.strip()))

FAULT_DOMAINS = Range("a number of fault domains", 1, 5, example=1)
OS_DISK_SIZE = Range("a size of an OS disk in GiB", 1, 4095, example=64)
DATA_DISK_SIZE = Range("a size of a data disk in GiB", 1, 65536, example=128)
PRICE = Range("a price in US dollars an hour", -1, 1000, example=-1)
UNCACHED = frozenset({"PremiumV2_LRS", "UltraSSD_LRS"})
"""Types of data disks that Azure does not cache."""
