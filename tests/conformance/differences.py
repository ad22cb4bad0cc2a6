"""Where the emulator's answers differ from recorded ones, and why: the reasons of the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something differs: `case` and `what` are beginnings, "" is any."""

    what: str
    why: str
    case: str = ""


AT_ONCE = "done in the answer itself: there is no operation to follow"
SENT = "sent or injected by the client or the policies of the recording"
LIMITS = "limits of compute are not counted"
REASONS = (
    Reason("header azure-async", AT_ONCE, "load balancer put"),
    Reason("no answer", AT_ONCE, "load balancer poll"),
    Reason("header retry-after", "the last poll is compared, the recording shows the first",
           "scale set poll"),
    Reason("", "members by address are refused by name", "pool put by address"),
    Reason("header x-ms-ratelimit-remaining-resource", LIMITS),
    Reason("header x-ms-request-charge", LIMITS),
    Reason("missing tags.", SENT, "scale set put"),
    Reason("missing properties.virtualMachineProfile.extensionProfile", SENT, "scale set put"),
    Reason("missing properties.platformFaultDomainCount",
           "depends on region, zones and placement group: not filled in", "scale set"),
    Reason("missing properties.upgradePolicy.rollingUpgradePolicy",
           "sent by the client; later recordings without it answer none", "scale set update"),
    Reason("missing properties.virtualMachineProfile.storageProfile.osDisk",
           "depends on size and image: shown on instances", "scale set update"),
    Reason("missing properties.virtualMachineProfile.networkProfile", SENT, "scale set update"),
    Reason("missing properties.virtualMachineProfile.securityProfile", SENT, "scale set get 2024"),
    Reason("missing properties.virtualMachineProfile.timeCreated",
           "in one recording of three", "scale set get 2024"),
    Reason("missing placementGroupId", "no hardware behind it", "instance view"),
    Reason("missing os", "told by the guest's agent, which does not run", "instance view"),
    Reason("missing properties.storageProfile.dataDiskImages", "no data disks", "version get"),
    Reason("", "no rolling upgrade is carried out", "rolling upgrade"),
)  # fmt: skip


def reason(case: str, what: str) -> Reason | None:
    """Why a case differs in something; None for a difference that nobody explained."""
    explaining = (one for one in REASONS if case.startswith(one.case) and what.startswith(one.what))
    return next(explaining, None)
