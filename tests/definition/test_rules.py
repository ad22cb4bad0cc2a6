"""What Azure accepts is accepted, and what it refuses is refused, at the edges of each rule."""

from __future__ import annotations

import pytest

from pipeline.definition import rules
from pipeline.definition.rules import Rule

ACCEPTED = [
    (rules.GUID, ["b5a4e5a0-0000-4000-8000-0000000000FF"]),
    (rules.REGION, ["westeurope", "eastus2"]),
    (
        rules.VM_SIZE,
        [
            "Standard_D2s_v5",
            "Standard_B1ls",
            "Standard_M8-2ms",
            "Standard_NC4as_T4_v3",
            "Standard_ND96isr_H100_v5",
            "Basic_A0",
        ],
    ),
    (rules.SERIES, ["0.0", "1.0", "12.9999"]),
    (rules.PUBLISHER, ["Canonical", "Debian"]),
    (rules.OFFER, ["0001-com-ubuntu-server-jammy"]),
    (rules.SKU, ["22_04-lts-gen2"]),
    (rules.MARKETPLACE_VERSION, ["latest", "0.20261101.2000", "22.04.202611010"]),
    (rules.NETWORK, ["10.0.0.0/8", "10.0.0.0/29", "64.0.0.0/2"]),
    (rules.ADDRESS, ["https://management.usgovcloudapi.net", "https://127.0.0.1:9443"]),
    (rules.HEALTH_PROTOCOL, ["http", "https", "tcp"]),
    (rules.URL_PATH, ["/", "/healthz", "/a/b.json"]),
    (rules.LINUX_USER, ["azureuser", "_ci", "a" * 32]),
    (rules.IMAGE, ["w", "web", "web-2", "a" * 40]),
    (rules.CLOUD, ["BakeswapEmulator", "AzureUSGovernment"]),
    (rules.RESOURCE_GROUP, ["_a", "a(b).c-d", "a" * 90]),
    (rules.GALLERY, ["a", "a.b_c", "a" * 80]),
    (rules.VIRTUAL_NETWORK, ["ab", "a.b_", "a" * 64]),
    (rules.SUBNET, ["a", "a" * 80]),
    (rules.LB_RULE, ["http", "a" * 72]),
    (rules.SOAK, ["0s", "90s", "10m", "24h", "7d", "99999s"]),
    (rules.PATIENCE, ["1s", "2m"]),
]
REFUSED = [
    (rules.GUID, ["", "b5a4e5a0-0000-4000-8000-0000000000f", "b5a4e5a000004000800000000000000ff"]),
    (rules.REGION, ["West Europe", "westEurope", ""]),
    (rules.VM_SIZE, ["D2s_v5", "standard_d2s_v5", "Standard_", "Standard_D2s_v5 "]),
    (rules.SERIES, ["1", "1.0.0", "01.0", "1.00", "1.10000", "v1.0", "1.0\n"]),
    (rules.PUBLISHER, ["", " Debian", "a/b", "ä"]),
    (rules.MARKETPLACE_VERSION, ["newest", "1.0", "1.0.0.0"]),
    (rules.NETWORK, ["10.0.0.0", "10.0.0.1/8", "10.0.0.0/30", "0.0.0.0/1", "fd00::/64", "x/8"]),
    (rules.ADDRESS, ["http://a", "https://a/", "https://a/arm", "https://", "127.0.0.1:9443"]),
    (rules.HEALTH_PROTOCOL, ["udp", "HTTP"]),
    (rules.URL_PATH, ["healthz", "", "/a b"]),
    (rules.LINUX_USER, ["admin", "root", "1", "Azureuser", "a" * 33, ""]),
    (rules.IMAGE, ["", "Web", "2web", "web-", "web_2", "a" * 41]),
    (rules.CLOUD, ["public", "AzurePublicCloud", "usgovernment", "China", "", "a b"]),
    (rules.RESOURCE_GROUP, ["", "a.", "a/b", "a" * 91]),
    (rules.GALLERY, ["", "a-b", "_a", "a.", "a" * 81]),
    (rules.VIRTUAL_NETWORK, ["a", "a-", ".a", "a" * 65]),
    (rules.SUBNET, ["", "a b", "a" * 81]),
    (rules.LB_RULE, ["a" * 73]),
    (rules.SOAK, ["", "10", "m", "10 m", "1.5h", "-1s", "1w", "1h30m", "100000s", "\u0661s"]),
    (rules.PATIENCE, ["0s", "0m", "60"]),
]


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, texts in ACCEPTED for text in texts]
)
def test_what_azure_accepts_is_accepted(rule: Rule, text: str) -> None:
    assert rule.accepts(text)


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, texts in REFUSED for text in texts]
)
def test_what_azure_refuses_is_refused(rule: Rule, text: str) -> None:
    assert not rule.accepts(text)


def test_every_example_keeps_its_own_rule() -> None:
    all_rules = [
        rule for rule in vars(rules).values() if isinstance(rule, rules.Rule | rules.Range)
    ]

    assert len(all_rules) > 20
    assert [rule for rule in all_rules if not _keeps_itself(rule)] == []


def _keeps_itself(rule: Rule | rules.Range) -> bool:
    if isinstance(rule, rules.Range):
        return rule.accepts(rule.example)
    return rule.accepts(rule.example)


def test_the_longest_name_of_an_image_fits_the_computer_names_of_its_scale_set() -> None:
    longest = f"{'a' * 40}-9999-9999-99999"

    assert rules.IMAGE.accepts("a" * 40)
    assert not rules.IMAGE.accepts("a" * 41)
    assert len(longest) <= 58
