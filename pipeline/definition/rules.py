"""What Azure accepts as a name or value, so that a mistake is found before Azure is asked.

Names: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.definition.balancing import (
    ALL,
    BINARY,
    JSON,
    NOWHERE,
    RICH,
    STAGING_SUFFIX,
    TCP,
    TEXT,
    UDP,
)
from pipeline.definition.model import PRIVATE, PUBLIC, STANDARD, TRUSTED_LAUNCH


@dataclass(frozen=True, slots=True)
class Rule:
    """What a text must be: `noun` completes "is not", `right` completes "must be"."""

    noun: str
    right: str
    example: str
    accepts: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Range:
    """The whole numbers that are accepted, both ends included; `noun` completes "is not"."""

    noun: str
    lowest: int
    highest: int
    example: int

    @property
    def right(self) -> str:
        """Completes "must be"."""
        return f"a whole number from {self.lowest} to {self.highest}"

    def accepts(self, number: int) -> bool:
        """Whether the number is in the range."""
        return self.lowest <= number <= self.highest


def pattern(noun: str, example: str, expression: str, right: str) -> Rule:
    """The rule that accepts what matches a regular expression as a whole."""
    compiled = re.compile(expression, re.ASCII)
    return Rule(noun, right, example, lambda text: compiled.fullmatch(text) is not None)


def _network_name(noun: str, example: str, shortest: int = 1, longest: int = 80) -> Rule:
    expression = rf"(?=.{{{shortest},{longest}}}\Z)[A-Za-z0-9](?:[\w.-]*\w)?"
    right = (
        f"{shortest} to {longest} letters, digits, dots, hyphens and underscores, "
        "the first a letter or digit, the last no dot or hyphen"
    )
    return pattern(noun, example, expression, right)


def _own_name(noun: str, example: str) -> Rule:
    expression = r"(?=.{1,40}\Z)[a-z](?:[a-z0-9-]*[a-z0-9])?"
    right = "1 to 40 lower-case letters, digits and hyphens, the first a letter, the last no hyphen"
    return pattern(noun, example, expression, right)


def _marketplace(noun: str, example: str) -> Rule:
    right = "letters, digits, dots, hyphens and underscores: `az vm image list` prints them"
    return pattern(noun, example, r"[A-Za-z0-9][\w.-]*", right)


def one_of(noun: str, *texts: str) -> Rule:
    """The rule that accepts these texts and no other."""
    right = " or ".join(f'"{text}"' for text in texts)
    return Rule(noun, right, texts[0], lambda text: text in texts)


def _is_network(text: str) -> bool:
    # Sizes: https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
    smallest, largest = 29, 2
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return "/" in text and largest <= network.prefixlen <= smallest


def _is_one_address(text: str) -> bool:
    return "/" not in text and _is_address(text)


def _is_address(text: str) -> bool:
    try:
        return ipaddress.IPv4Network(text).prefixlen > 0
    except ValueError:
        return False


# https://learn.microsoft.com/azure/virtual-machines/linux/faq
_FORBIDDEN_USERS = frozenset(
    {
        "1", "123", "a", "actuser", "adm", "admin", "admin1", "admin2", "administrator", "aspnet",
        "backup", "console", "david", "guest", "john", "owner", "root", "server", "sql", "support",
        "support_388945a0", "sys", "test", "test1", "test2", "test3", "user", "user1", "user2",
        "user3", "user4", "user5", "video",
    }
)  # fmt: skip


def _is_linux_user(text: str) -> bool:
    return (
        text not in _FORBIDDEN_USERS and re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", text) is not None
    )


# Values

PATH = Rule("a path", "the path of a file", "ca.pem", lambda text: bool(text.strip()))
CHECKS = Rule("a folder", "the name of a folder", "checks", lambda text: bool(text.strip()))
FILES = replace(CHECKS, example="files")
INPUT = replace(PATH, example="shared/harden.sh")
SCRIPT = replace(PATH, example="scripts/install.sh")
GUID = pattern(
    "an id",
    "00000000-0000-0000-0000-000000000000",
    r"(?i:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    "32 hexadecimal digits in groups of 8, 4, 4, 4 and 12",
)
REGION = pattern(
    "a region",
    "westeurope",
    r"[a-z]+[0-9]*",
    'its short name, such as "westeurope": `az account list-locations` prints them all',
)
VM_SIZE = pattern(
    "a VM size",
    "Standard_D2s_v5",
    r"(?:Basic|Standard)_[A-Z]+[0-9]+(?:-[0-9]+)?[a-z]*(?:_[A-Za-z0-9]+)*",
    'a size such as "Standard_D2s_v5": `az vm list-skus` prints them all',
)
SERIES = pattern(
    "a major.minor version",
    "1.0",
    r"(?:0|[1-9]\d{0,3})\.(?:0|[1-9]\d{0,3})",
    'two numbers up to 9999 with a dot, such as "1.0": each build takes the next free patch number',
)
PUBLISHER = _marketplace("a marketplace publisher", "Debian")
OFFER = _marketplace("a marketplace offer", "debian-12")
SKU = _marketplace("a marketplace SKU", "12-gen2")
MARKETPLACE_VERSION = pattern(
    "a marketplace image version",
    "latest",
    r"latest|\d+\.\d+\.\d+",
    '"latest", or three numbers with dots',
)
NETWORK = Rule(
    "an IPv4 network",
    'a network of /2 to /29 without host bits, such as "10.0.0.0/16"',
    "10.0.0.0/16",
    _is_network,
)
ADDRESS = pattern(
    "an HTTPS address",
    "https://127.0.0.1:9443",
    r"https://[A-Za-z0-9.-]+(?::[0-9]+)?",
    "https://HOST or https://HOST:PORT, without a path or a slash at the end",
)
ACCESS = one_of("a way to machines", PRIVATE, PUBLIC)
FRONTEND_ADDRESS = Rule(
    "an IPv4 address", 'an address of the subnet: "10.20.4.10"', "10.20.4.10", _is_one_address
)
RUNNER = Rule(
    "an IPv4 address or network",
    'the public address that this machine\'s requests come from, or its network: "203.0.113.7"',
    "203.0.113.7",
    _is_address,
)
API_VERSION = pattern(
    "an api-version",
    "2024-07-01",
    r"20\d\d-\d\d-\d\d(?:-preview)?",
    'a date such as "2024-07-01": `az provider show --namespace NAMESPACE` prints them all',
)
VERSIONED = ("compute", "dns", "galleries", "network")
"""What a cloud may have older api-versions of."""
SECURITY_TYPE = one_of("a security type", STANDARD, TRUSTED_LAUNCH)
HEALTH_PROTOCOL = one_of("a protocol of health", "http", "https", TCP)
HEALTH_STATES = one_of("a kind of health states", RICH, BINARY)
VERSION_IN = one_of("a place of the version", JSON, TEXT, NOWHERE)
RULE_PROTOCOL = one_of("a protocol of a rule", TCP, UDP, ALL)
PROBE_PROTOCOL = one_of("a protocol of a probe", "http", "https", TCP)
URL_PATH = pattern(
    "a path on a server",
    "/healthz",
    r"/[\w.~!$&'()*+,;=:@%/-]*",
    'a path that begins with a slash, such as "/healthz"',
)
LINUX_USER = Rule(
    "an account name Azure allows",
    "1 to 32 lower-case letters, digits, hyphens and underscores, and none of those Azure reserves "
    '("admin", "root", "test", ...)',
    "azureuser",
    _is_linux_user,
)

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def _duration(noun: str, example: str, lowest: float = 0.0) -> Rule:
    least = f", at least {lowest:.0f} s" if lowest else ""
    right = f'a whole number and s, m, h or d, such as "{example}"{least}'
    return Rule(noun, right, example, lambda text: is_duration(text, lowest))


def is_duration(text: str, lowest: float, highest: float = math.inf) -> bool:
    """Whether it is a whole number and a unit, from `lowest` to `highest` seconds."""
    is_one = re.fullmatch(r"[0-9]{1,5}[smhd]", text) is not None
    return is_one and lowest <= seconds(text) <= highest


def seconds(duration: str) -> float:
    """How long a duration is; 0 for "", a mistake that is already known."""
    return int(duration[:-1]) * _SECONDS[duration[-1]] if duration else 0.0


SOAK = _duration("a duration", "10m")
KEPT = _duration("a duration", "24h")
BAKE = _duration("a time limit", "90m", lowest=60.0)
TIMEOUT = _duration("a timeout", "5s", lowest=1.0)
PATIENCE = _duration("a patience", "60s", lowest=1.0)

# Names. An image gives its name to an image definition, to temporary resource groups and, with a
# version behind it, to scale sets, whose computer names hold 58 characters before the number.

IMAGE = _own_name("an image name", "web")
ENVIRONMENT = _own_name("an environment name", "production")
TEMPLATE = _own_name("a template name", "linux")
BUILDER = Rule(
    "a builder",
    'as Packer names it: "azure-arm.linux"',
    "azure-arm.linux",
    lambda text: bool(text.strip()),
)
CLOUD = pattern(
    "the name of a cloud of its own",
    "MyCloud",
    r"(?!(?i:public|azurepublic|usgovernment|german|china)(?i:cloud)?\Z)[A-Za-z]\w*",
    "letters, digits and underscores, and no alias of Azure's own, which Packer prefers",
)
RESOURCE_GROUP = pattern(
    "a resource group name",
    "shop-production",
    r"[\w.()-]{0,89}[\w()-]",
    "1 to 90 letters, digits, dots, hyphens, underscores and parentheses, the last no dot",
)
GALLERY = pattern(
    "a gallery name",
    "bakeswap",
    r"(?=.{1,80}\Z)[A-Za-z0-9](?:[\w.]*[A-Za-z0-9])?",
    "1 to 80 letters, digits, dots and underscores, the first and last a letter or digit",
)
GALLERY_IMAGE = _network_name("an image definition name", "golden")
VIRTUAL_NETWORK = _network_name("a virtual network name", "bakeswap", shortest=2, longest=64)
SUBNET = _network_name("a subnet name", "machines")
# Its public address is named after it.
NAT_GATEWAY = _network_name("a NAT gateway name", "bakeswap-nat", longest=60)
SECURITY_GROUP = _network_name("a network security group name", "bakeswap-machines")
# Its frontends' public addresses are named after it.
LOAD_BALANCER = _network_name("a load balancer name", "web", longest=60)
FRONTEND = _network_name("a frontend name", "PublicIPAddress")
EXISTING_RULE = _network_name("a load balancing rule name", "LBRule")
PROBE = _network_name("a health probe name", "alive")
# Its twin on the staging frontend is called `<name>-staging`.
LONGEST_PAIR = 80 - len(STAGING_SUFFIX)
"""Characters of the name of a pair."""
LB_RULE = _network_name("a load balancing rule name", "http", longest=LONGEST_PAIR)

# Numbers

PORT = Range("a port", 1, 65535, example=8080)
# https://learn.microsoft.com/rest/api/load-balancer/load-balancers/create-or-update
FRONTEND_PORT = Range("a frontend port", 1, 65534, example=80)
IDLE_TIMEOUT = Range("an idle timeout in minutes", 4, 30, example=4)
# https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-faq
CAPACITY = Range("a capacity", 1, 1000, example=2)
RATE = Range("a rate in requests per second", 1, 1000, example=20)
PERCENT = Range("a share in per cent", 1, 100, example=20)
LOST_BUDGET = Range("a number of lost requests", 0, 1_000_000, example=0)
RETENTION = Range("a number of versions to keep", 2, 9999, example=10)
