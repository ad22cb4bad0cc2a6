"""All commands, by section, in the order they are run."""

from __future__ import annotations

from collections.abc import Mapping

from tests.conformance_az.account import ACCOUNT
from tests.conformance_az.compute import CATALOGUE, GALLERIES, MACHINES, SCALE_SETS
from tests.conformance_az.deployments import DEPLOYMENTS
from tests.conformance_az.expected import Command
from tests.conformance_az.network import BALANCER, NETWORK

SECTIONS: Mapping[str, tuple[Command, ...]] = {
    "account": ACCOUNT,
    "network": NETWORK,
    "balancer": BALANCER,
    "deployments": DEPLOYMENTS,
    "catalogue": CATALOGUE,
    "machines": MACHINES,
    "galleries": GALLERIES,
    "scale-sets": SCALE_SETS,
}
