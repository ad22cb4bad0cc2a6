"""Where the machines of bakes and checks are, and how they are reached: told before the bake."""

from __future__ import annotations

from pipeline.advice import Advice, Shell
from pipeline.definition.model import PUBLIC, Environment, Image
from pipeline.errors import Refused

VARIABLE = "BAKESWAP_RUNNER_ADDRESS"
"""In a run's environment: where its requests come from, for runners that have another each time."""
WAYS = (
    'a private address is reached from inside the network, a public one (access = "public") from'
    " runner_address: docs/building.md"
)
ADMITTING = "allowed_inbound_ip_addresses"


def admitted(environment: Environment, image: Image, runner: str) -> str:
    """Who may reach a machine by its public address; "" for machines with private ones.

    Raises Refused where nobody said who, or where the template would admit everybody.
    """
    if environment.access != PUBLIC:
        return ""
    if not runner:
        raise Refused(
            f'environment {environment.name}: access = "public" admits one address only, and none'
            f" is known; set runner_address in environments.hcl, or {VARIABLE} for each run"
        )
    if ADMITTING not in image.told:
        raise Refused(
            f"template {image.template.name} declares no variable {ADMITTING}: its machine would"
            " admit everybody; add it, and give it to the source"
        )
    return runner


def unusable_group(environment: Environment, location: str) -> str:
    """Why Packer cannot bake in `build_resource_group`, "" where it can.

    `location` is that of the group, "" where there is none.
    """
    name = environment.build_resource_group
    if not location:
        return (
            f"the resource group {name} does not exist: build_resource_group in environments.hcl"
            " names one that is there"
        )
    if location != environment.location:
        return (
            f"the resource group {name} is in {location}, and Packer bakes where its group is; the"
            f" environment {environment.name} is in {environment.location}"
        )
    return ""


def making_group(environment: Environment) -> Advice:
    """How an administrator creates that group."""
    name = environment.build_resource_group
    create = f"az group create --name {name} --location {environment.location}"
    return Advice("create it", Shell(create))


def refuse_unusable_group(environment: Environment, location: str) -> None:
    """Raises Refused where Packer cannot bake in `build_resource_group`; location as above."""
    if wrong := unusable_group(environment, location):
        raise Refused(wrong, advice=() if location else (making_group(environment),))


def doubts(environment: Environment, has_way: bool | None) -> tuple[str, ...]:
    """What to say before a bake whose machine this one can probably not reach.

    `has_way`: whether an address or a route of this machine leads into the network, other than the
    default one; None where nobody knows. A network may be reached by the default route too.
    """
    if environment.access == PUBLIC or has_way is not False:
        return ()
    network = environment.network
    where = network.subnet_prefix or network.address_space or network.name
    return (
        f"no address or route of this machine leads to {where}, where machines of bakes and checks"
        ' get a private address: run inside that network, or say access = "public"'
        f" in environment {environment.name} (docs/building.md)",
    )
