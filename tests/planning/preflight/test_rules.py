"""Each rule of a pre-flight by nearly failing: what fits exactly is fine, one less is not."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from pipeline.advice import check_image
from pipeline.planning.names import scale_set_id
from pipeline.planning.preflight.facts import (
    Credential,
    Lock,
    Registration,
    Replica,
    ScaleSetFacts,
    SecurityGroup,
    SecurityRule,
    Space,
    Subnet,
    Unknown,
    Usage,
    Version,
)
from pipeline.planning.preflight.preflight import findings
from pipeline.planning.traits import Traits
from tests.planning.preflight.examples import (
    CLIENTS,
    GOOD,
    GROUP,
    PLANNED,
    SCALED,
    SERVING,
    SIZE,
    USAGES,
    WANTED,
    found,
    results,
    subnet,
)
from tests.planning.swap.examples import ENVIRONMENT, LOAD_BALANCER, version

FULL = {"westeurope": Replica("Completed", 100)}


def test_nothing_keeps_a_version_from_being_staged_where_all_just_suffices() -> None:
    assert {one.result for one in findings(GOOD)} == {"ok"}
    assert {one.check for one in findings(GOOD)} == {
        *("version", "replication", "size", "image", "quota", "addresses", "probes", "clients"),
        *("locks", "policy", "provider", "credential", "upgrades", "autoscale"),
    }


READ = [
    field.name
    for field in fields(GOOD)
    if field.name not in {"wanted", "refusal", "providers", "locks_above"}
]


@pytest.mark.parametrize("fact", READ)
def test_what_could_not_be_read_is_said_and_keeps_nobody_from_staging(fact: str) -> None:
    refused: dict[str, Any] = {fact: Unknown("AuthorizationFailed: The client has no rights.")}
    changed = findings(replace(GOOD, **refused))
    told = [one for one in changed if one.result != "ok"]
    assert {one.result for one in told} == {"unknown"}
    assert all(one.what.endswith("AuthorizationFailed: The client has no rights.") for one in told)


def test_a_version_must_be_there_and_have_passed_its_check() -> None:
    (gone,) = found("version", version=None)
    assert (gone.result, gone.what) == ("FAILED", "web 1.0.1 is not in images")
    unchecked = Version(version("1.0.1", check="", excluded=True), FULL)
    (one,) = found("version", version=unchecked)
    assert (one.result, one.what) == ("FAILED", "web 1.0.1: it was not checked")
    assert [advice.command for advice in one.advice] == [check_image("web", "1.0.1")]


def test_why_there_is_no_plan_is_said_once() -> None:
    assert results("plan", refusal="two rules disagree") == ["FAILED"]
    assert results("plan", refusal="it is not in images", version=None) == []
    nameless = replace(WANTED, version="")
    assert results("plan", refusal="none passed", version=None, wanted=nameless) == ["FAILED"]


@pytest.mark.parametrize(
    ("replicas", "words"),
    [
        ({"westeurope": Replica("Replicating", 99)}, "1.0.1 in westeurope: Replicating, 99 %"),
        ({"westeurope": Replica("Failed", 7)}, "1.0.1 in westeurope: Failed, 7 %"),
        ({"northeurope": Replica("Completed", 100)}, "is in northeurope, not in westeurope"),
        ({}, "is in no region, not in westeurope"),
    ],
)
def test_a_version_is_there_when_it_is_copied_to_the_end(
    replicas: dict[str, Replica], words: str
) -> None:
    (one,) = found("replication", version=Version(version("1.0.1"), replicas))
    assert one.result == "FAILED"
    assert words in one.what
    assert one.fix


def test_a_size_is_offered_or_not() -> None:
    assert results("size", size=None) == ["FAILED"]
    (one,) = found("size", size=replace(SIZE, restriction="NotAvailableForSubscription"))
    assert one.result == "FAILED"
    assert "restricted in westeurope: NotAvailableForSubscription" in one.what


@pytest.mark.parametrize(
    ("definition", "size", "words"),
    [
        ({"generation": "V2"}, {"generations": frozenset({"V1"})}, "boots V1"),
        ({"generation": "V1"}, {"generations": frozenset({"V2"})}, "generation V1"),
        ({"architecture": "Arm64"}, {}, "the image is Arm64"),
        ({"os": "Windows"}, {}, "operating system is Windows, and its template bakes Linux"),
        ({}, {"architecture": "Arm64"}, "is Arm64"),
        ({"security_type": "TrustedLaunch"}, {}, "is TrustedLaunch: it makes no standard scale"),
        ({"security_type": "ConfidentialVM"}, {}, "is ConfidentialVM: it makes no standard scale"),
        ({}, {"disk_controllers": frozenset({"NVMe"})}, "NVMe disks only"),
    ],
)
def test_an_image_that_does_not_fit_its_size_is_refused(
    definition: dict[str, Any], size: dict[str, Any], words: str
) -> None:
    changed = {"definition": Traits(**definition), "size": replace(SIZE, **size)}
    (one,) = found("image", **changed)
    assert one.result == "FAILED"
    assert words in one.what


@pytest.mark.parametrize(
    ("definition", "size"),
    [
        ({"security_type": "TrustedLaunchSupported"}, {"trusted_launch": False}),
        ({"architecture": "X64"}, {}),
        ({}, {"generations": frozenset(), "architecture": ""}),
        ({"disk_controllers": frozenset({"SCSI", "NVMe"})}, {"disk_controllers": {"NVMe"}}),
    ],
)
def test_what_a_size_is_able_to_is_compared_where_azure_tells_it(
    definition: dict[str, Any], size: dict[str, Any]
) -> None:
    changed = {"definition": Traits(**definition), "size": replace(SIZE, **size)}
    assert results("image", **changed) == ["ok"]


def test_trusted_launch_needs_a_size_that_has_it() -> None:
    changed = {
        "definition": Traits(security_type="TrustedLaunch"),
        "size": replace(SIZE, trusted_launch=False),
    }
    assert [one.what for one in found("image", **changed)][1:] == [
        "the image needs Trusted Launch, which Standard_D2s_v5 has not"
    ]


@pytest.mark.parametrize(
    ("security_type", "result"),
    [("", "FAILED"), ("TrustedLaunch", "ok"), ("TrustedLaunchSupported", "ok")],
)
def test_a_trusted_launch_image_wants_a_definition_for_it(security_type: str, result: str) -> None:
    image = replace(WANTED.image, security_type="trusted_launch")
    changed = {
        "wanted": replace(WANTED, image=image),
        "definition": Traits(security_type=security_type),
    }
    assert results("image", **changed) == [result]


def test_an_image_without_a_definition_is_refused() -> None:
    assert results("image", definition=None) == ["FAILED"]


@pytest.mark.parametrize(
    ("name", "limit"), [("cores", 95), ("standardDSv5Family", 11), ("STANDARDDSV5FAMILY", 11)]
)
def test_one_core_short_is_refused_with_the_figures(name: str, limit: int) -> None:
    usages = tuple(
        replace(usage, limit=limit) if usage.name.lower() == name.lower() else usage
        for usage in USAGES
    )
    (one,) = [one for one in found("quota", usages=usages) if one.result == "FAILED"]
    assert f"of {limit} used, 6 more required for 3 x Standard_D2s_v5" in one.what
    assert f"ask for a limit of at least {limit + 1} for" in one.fix


def test_what_is_being_made_already_is_not_counted_twice() -> None:
    half_made = scale_set_id(ENVIRONMENT, "web-1-0-1")
    changed = {
        "scale_sets": (SERVING, ScaleSetFacts(half_made, "standard_d2s_v5", 1)),
        "usages": (Usage("cores", "Total", 92, 96),),
        "space": Space(9, 11),
    }
    assert results("quota", **changed) == ["FAILED"]
    going_on = replace(WANTED, creates=PLANNED.creates)
    assert going_on.made == (half_made,)
    assert results("quota", **changed, wanted=going_on) == ["ok"]
    assert results("addresses", **changed) == ["FAILED"]
    assert results("addresses", **changed, wanted=going_on) == ["ok"]


def test_one_address_short_is_refused_with_the_figures() -> None:
    (one,) = found("addresses", space=Space(9, 11))
    assert one.result == "FAILED"
    assert one.what == "subnet machines: 2 of 11 addresses free, 3 more required"
    assert one.fix.startswith("free 1,")


def test_a_subnet_that_is_missing_is_made_by_whoever_owns_the_network() -> None:
    (own,) = found("addresses", space=None)
    assert (own.fix, [str(one.wish) for one in own.advice]) == (
        "create it",
        ["create the environment"],
    )
    network = replace(ENVIRONMENT.network, managed=False, resource_group="platform")
    theirs = replace(WANTED, environment=replace(ENVIRONMENT, network=network))
    (other,) = found("addresses", space=None, wanted=theirs)
    assert (other.result, other.fix, other.advice) == ("FAILED", "ask its owner for it", ())


DENY_PROBES = SecurityRule("deny", 4096, False, ("168.63.0.0/16",), ("*",), ("8080",))


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((), ["ok", "ok"]),
        ((DENY_PROBES,), ["FAILED", "ok"]),
        ((replace(DENY_PROBES, sources=("VirtualNetwork",)),), ["FAILED", "ok"]),
        ((replace(DENY_PROBES, sources=("*",), ports=("*",)),), ["FAILED", "FAILED"]),
        ((replace(DENY_PROBES, sources=("10.0.0.0/8", "Internet")),), ["ok", "ok"]),
        ((replace(DENY_PROBES, ports=("8081-9099",)),), ["ok", "ok"]),
        ((replace(DENY_PROBES, ports=("8079-9100",)),), ["FAILED", "FAILED"]),
        ((replace(DENY_PROBES, destinations=("10.0.0.0/16",)),), ["FAILED", "ok"]),
        ((replace(DENY_PROBES, destinations=("10.0.0.0/21",)),), ["ok", "ok"]),
        ((replace(DENY_PROBES, destinations=("Storage",)),), ["ok", "ok"]),
        ((DENY_PROBES, replace(DENY_PROBES, priority=4095, is_allowed=True)), ["ok", "ok"]),
        ((DENY_PROBES, replace(DENY_PROBES, priority=4097, is_allowed=True)), ["FAILED", "ok"]),
    ],
)
def test_the_first_rule_that_fits_decides_about_probes(
    rules: tuple[SecurityRule, ...], expected: list[str]
) -> None:
    assert results("probes", subnet=subnet(*rules)) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((CLIENTS,), ["ok", "ok"]),
        ((), ["warning", "warning"]),
        ((replace(CLIENTS, sources=("203.0.113.0/24",)),), ["ok", "ok"]),
        ((replace(CLIENTS, sources=("VirtualNetwork",)),), ["warning", "warning"]),
        ((replace(CLIENTS, ports=("8080",)),), ["ok", "warning"]),
        ((CLIENTS, replace(CLIENTS, priority=199, is_allowed=False)), ["warning", "warning"]),
    ],
)
def test_clients_are_let_through_by_a_rule_that_somebody_wrote(
    rules: tuple[SecurityRule, ...], expected: list[str]
) -> None:
    assert results("clients", subnet=subnet(*rules)) == expected


def test_clients_of_a_private_load_balancer_come_from_the_network() -> None:
    private = replace(LOAD_BALANCER, private=True)
    own = replace(WANTED, environment=replace(ENVIRONMENT, load_balancers=(private,)))
    inside = SecurityRule("vnet", 65000, True, ("VirtualNetwork",), ("VirtualNetwork",), ("*",))
    assert results("clients", wanted=own, subnet=subnet(inside)) == ["ok", "ok"]
    assert results("clients", wanted=own, subnet=subnet()) == ["warning", "warning"]
    bare = Subnet(("10.0.0.0/20",), None)
    assert results("security group", wanted=own, subnet=bare) == ["ok"]
    assert results("security group", subnet=bare) == ["warning"]
    assert results("security group", subnet=None) == []


def test_without_a_load_balancer_only_the_health_page_is_looked_at() -> None:
    own = replace(WANTED, environment=replace(ENVIRONMENT, load_balancers=()))
    assert results("clients", wanted=own) == []
    assert results("probes", wanted=own) == ["ok"]
    assert results("locks", wanted=own, locks=(Lock("keep", BALANCER, "ReadOnly"),)) == ["ok"]


def test_a_group_without_any_rule_admits_nobody() -> None:
    empty = Subnet(("10.0.0.0/20",), SecurityGroup("machines", ()))
    (probes, _) = found("probes", subnet=empty)
    assert probes.result == "FAILED"
    assert "(no rule fits)" in probes.what


BALANCER = f"{GROUP}/providers/Microsoft.Network/loadBalancers/shop"
SETS = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/web-1-0-0"


@pytest.mark.parametrize(
    ("level", "scope", "expected"),
    [
        ("ReadOnly", GROUP, "FAILED"),
        ("ReadOnly", GROUP.upper(), "FAILED"),
        ("ReadOnly", GROUP.partition("/resourceGroups")[0], "FAILED"),
        ("ReadOnly", BALANCER, "FAILED"),
        ("ReadOnly", SETS, "warning"),
        ("CanNotDelete", GROUP, "warning"),
        ("CanNotDelete", SETS, "warning"),
        ("ReadOnly", f"{GROUP}-2", "ok"),
        ("ReadOnly", f"{BALANCER}-2", "ok"),
        ("CanNotDelete", f"{GROUP}/providers/Microsoft.Storage/storageAccounts/logs", "ok"),
    ],
)
def test_a_lock_counts_where_something_is_written_or_deleted(
    level: str, scope: str, expected: str
) -> None:
    assert results("locks", locks=(Lock("keep", scope, level),)) == [expected]


def test_locks_above_the_group_are_said_to_be_unknown() -> None:
    assert results("locks", locks_above=Unknown("AuthorizationFailed: no")) == ["ok", "unknown"]


def test_a_provider_must_be_registered() -> None:
    providers = (Registration("Microsoft.Compute", "Registering"),)
    (one,) = found("provider", providers=providers)
    assert (one.result, one.what) == ("FAILED", "Microsoft.Compute is Registering")
    assert "az provider register --namespace Microsoft.Compute" in str(one.advice)


@pytest.mark.parametrize(
    ("seconds", "proof", "expected"),
    [
        (10.0, None, "ok"),
        (10.0, 601.0, "ok"),
        (1800.0, -5.0, "ok"),
        (1799.0, 600.0, "warning"),
        (1799.0, -5.0, "warning"),
        (61.0, -5.0, "warning"),
        (60.0, -5.0, "FAILED"),
    ],
)
def test_a_token_that_nobody_renews_must_last_as_long_as_a_stage(
    seconds: float, proof: float | None, expected: str
) -> None:
    assert results("credential", credential=Credential(seconds, "/token", proof)) == [expected]


def test_a_set_that_upgrades_itself_is_warned_of_unless_it_is_pinned_or_serves_nobody() -> None:
    moving = replace(SERVING, upgrades_itself=True, is_pinned=False)
    (one,) = found("upgrades", scale_sets=(moving,))
    assert one.result == "warning"
    assert "without a promotion" in one.what
    assert results("upgrades", scale_sets=(replace(moving, is_pinned=True),)) == ["ok"]
    assert results("upgrades", scale_sets=(replace(moving, is_serving=False),)) == ["ok"]


def test_a_setting_that_scales_what_serves_is_told() -> None:
    (one,) = found("autoscale", autoscale=(SCALED,))
    assert one.result == "ok"
    assert "web-scale scales web-1-0-0 between 2 and 10, now 3" in one.what
    assert results("autoscale", autoscale=(replace(SCALED, is_enabled=False),)) == ["ok"]
    assert results("autoscale", autoscale=(replace(SCALED, target="/else"),)) == ["ok"]
    idle = replace(SERVING, is_serving=False)
    assert results("autoscale", autoscale=(SCALED,), scale_sets=(idle,)) == ["ok"]


def test_a_size_that_is_not_known_leaves_the_quota_open() -> None:
    assert results("quota", size=None) == []
