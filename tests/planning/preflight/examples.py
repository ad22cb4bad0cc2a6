"""Facts under which nothing keeps web 1.0.1 from being staged, and how to change one of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pipeline.planning.hardware import Size
from pipeline.planning.names import scale_set_id
from pipeline.planning.preflight.facts import (
    Autoscale,
    Credential,
    Facts,
    Registration,
    Replica,
    ScaleSetFacts,
    SecurityGroup,
    SecurityRule,
    Space,
    Subnet,
    Usage,
    Version,
)
from pipeline.planning.preflight.finding import Finding
from pipeline.planning.preflight.preflight import findings
from pipeline.planning.preflight.wanted import Wanted, wanted
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.traits import Traits
from tests.planning.swap.examples import ENVIRONMENT, IMAGE, scale_set, surveyed, version

WANTED = Wanted(ENVIRONMENT, IMAGE, "1.0.1", 3)
PLAN = plan_stage(surveyed(scale_set("1.0.0", size=3)))
"""What stages it."""
PLANNED = wanted(ENVIRONMENT, IMAGE, "", PLAN.steps)
SIZE = Size(
    "Standard_D2s_v5",
    "standardDSv5Family",
    2,
    generations=frozenset({"V1", "V2"}),
    architecture="x64",
    disk_controllers=frozenset({"SCSI"}),
)
SERVING = ScaleSetFacts(
    scale_set_id(ENVIRONMENT, "web-1-0-0"), "Standard_D2s_v5", 3, is_serving=True
)
SCALED = Autoscale("web-scale", "shop", str(SERVING.resource).upper(), True, "2", "10")
DENY_ALL = SecurityRule("DenyAllInBound", 65500, False, ("*",), ("*",), ("*",))
PROBES = SecurityRule(
    "AllowAzureLoadBalancerInBound", 65001, True, ("AzureLoadBalancer",), ("*",), ("*",)
)
CLIENTS = SecurityRule("clients", 200, True, ("*",), ("*",), ("8000-8080", "9100"))
GROUP = "/subscriptions/5ab5c41b-0000-4000-8000-000000000000/resourceGroups/shop"


def subnet(*rules: SecurityRule) -> Subnet:
    """The subnet behind a group with these rules and the default ones."""
    return Subnet(("10.0.0.0/20",), SecurityGroup("machines", (*rules, PROBES, DENY_ALL)))


USAGES = (
    Usage("cores", "Total Regional vCPUs", 90, 96),
    Usage("standardDSv5Family", "Standard DSv5 Family vCPUs", 6, 12),
)
GOOD = Facts(
    wanted=WANTED,
    version=Version(version("1.0.1"), {"westeurope": Replica("Completed", 100)}),
    definition=Traits(),
    size=SIZE,
    usages=USAGES,
    space=Space(8, 11),
    subnet=subnet(CLIENTS),
    locks=(),
    policies=(),
    scale_sets=(SERVING,),
    autoscale=(),
    credential=Credential(3600),
    providers=(
        Registration("Microsoft.Compute", "Registered"),
        Registration("Microsoft.Network", "Registered"),
    ),
)


def found(check: str, **changes: Any) -> list[Finding]:
    """The findings of one check, with some facts changed."""
    return [one for one in findings(replace(GOOD, **changes)) if one.check == check]


def results(check: str, **changes: Any) -> list[str]:
    """Their results."""
    return [one.result for one in found(check, **changes)]
