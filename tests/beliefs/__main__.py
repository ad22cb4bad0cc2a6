"""`make verify-azure`: the beliefs, held against a subscription of Azure."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.beliefs.place import DEFAULT_LOCATION, LOCATION, SUBSCRIPTION

CONFIRMED = "BAKESWAP_VERIFY_CONFIRMED"
_PLAN = """What is made in subscription {subscription}, {location}:
  one resource group bakeswap-verify-… with network security groups, a Standard load balancer,
  public addresses and a private DNS zone; no machine
What it costs: a load balancer and two addresses for some minutes, below 0.10 EUR
What is left: nothing; the resource group is deleted at the end, also after a failure or Ctrl-C
  (if the process is killed: az group list --tag system=bakeswap-verify)
Who does it: whoever is signed in (az login, or the variables of DefaultAzureCredential)"""


def main() -> int:
    """Say what will be made, and do it when that is confirmed; answers the exit code."""
    subscription = os.environ.get(SUBSCRIPTION, "")
    if not subscription:
        sys.stderr.write(f"name the subscription: make verify-azure {SUBSCRIPTION}=ID\n")
        return 2
    location = os.environ.get(LOCATION) or DEFAULT_LOCATION
    sys.stdout.write(_PLAN.format(subscription=subscription, location=location) + "\n")
    if os.environ.get(CONFIRMED) != "yes":
        sys.stdout.write(f"go on: {CONFIRMED}=yes\n")
        return 1
    return int(pytest.main(["-v", "-m", "azure", str(Path(__file__).parent)]))


if __name__ == "__main__":
    sys.exit(main())
