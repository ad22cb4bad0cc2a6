"""How long is waited for what: the one table, with the source of each figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds after which waiting ends, and why so many."""

    seconds: float
    source: str


NETWORK = Patience(
    600, "a load balancer with members: up to 96 s recorded by azure-cli; one deployment took 244 s"
)
SCALE_SET = Patience(
    1800, "created in 40 to 202 s (recorded); terminate notifications add up to 15 min to deletes"
)
ROLLED_BY_AZURE = Patience(
    14400, "two instances took 121 s (recorded); batches of 20 % may each take half an hour"
)
HEALTHY = Patience(1800, "not recorded: boot, then the application's start in its grace period")
MACHINE = Patience(1200, "created in 58 s, deallocated in 99 s, at the most recorded")
RESOURCE_GROUP = Patience(1800, "as long as the slowest thing in it")
GALLERY = Patience(600, "a property change takes less than a second (recorded)")
CLAIM = Patience(20, "a record set is written at once (recorded): three attempts fit")
CLAIM_IN_EMERGENCY = Patience(5, "two attempts: production waits")
CLAIM_MEANWHILE = Patience(1, "one attempt: a wait goes on, and asks again")
RULE_HEALTH = Patience(
    20, "what the load balancer's own probes find is asked in addition; Azure may take minutes"
)
SSH = Patience(600, "the machine runs by then: the rest is its boot and cloud-init")
WINRM = Patience(600, "not recorded: the extension that has it listen has ended by then")
EXTENSION = Patience(5400, "an extension's own limit (Microsoft's page of Custom Script: 90 min)")
PACKER_CLEANS_UP = Patience(660, "Packer's own limit for cleaning up is ten minutes")
ORPHANED_PACKER = Patience(690, "as long as its keeper waits for it, and half a minute")
TOKEN = Patience(30, "one HTTPS request to the runner's token service")
EMULATOR = Patience(120, "its machines come up first when it starts, and go down when it stops")
PROCESS = Patience(float("inf"), "a program that is watched ends by itself or by Ctrl-C")
WATCHED = Patience(float("inf"), "somebody looks on until Ctrl-C")


def copying(hours: int) -> Patience:
    """Until Azure has copied a version to its regions; the hours are those of its publication."""
    return Patience(hours * 3600.0, "up to six hours (Microsoft's page of image versions)")
