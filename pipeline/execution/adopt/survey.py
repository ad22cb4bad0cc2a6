"""A load balancer, whoever is in its pools, and what scales that: reads only."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from pipeline.arm import ResourceId
from pipeline.errors import AzureRefused, Refused
from pipeline.execution.azure import lists
from pipeline.execution.azure.operations import SCALE_SETS
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.resources import Azure, is_scale_set
from pipeline.execution.azure.side_by_side import each_by_name
from pipeline.execution.run.session import Session
from pipeline.planning.adopt.estate import Estate
from pipeline.planning.names import load_balancer_id
from pipeline.planning.swap.load_balancer import read


def survey_estate(session: Session, name: str, group: str = "") -> Estate:
    """The estate behind a load balancer; Refused without it.

    Scale sets are those of its group and of the environment's, and owners of members elsewhere.
    """
    azure, environment = session.azure, session.environment
    resource = load_balancer_id(environment, name, group)
    azure.clients.prepare()
    groups = {one.lower(): one for one in (environment.resource_group, resource.resource_group)}
    found = each_by_name(
        {
            "balancer": partial(azure.get, resource),
            "autoscale": partial(_autoscale, azure),
            **{one: partial(azure.list_in_group, SCALE_SETS, one) for one in groups.values()},
        }
    )
    balancer: Body | None = found["balancer"]
    if balancer is None:
        raise Refused(f"{resource}: does not exist")
    listed = [body for one in groups.values() for body in found[one]]
    elsewhere = _elsewhere(azure, balancer, listed)
    return Estate(balancer, (*listed, *elsewhere), tuple(found["autoscale"]))


def _elsewhere(azure: Azure, balancer: Body, listed: list[Body]) -> list[Body]:
    """The scale sets of other groups that members are of."""
    known = {ResourceId.parse(str(body["id"])) for body in listed}
    members = read(balancer, {}).members.values()
    owners = {member.owner for pool in members for member in pool} - known
    sets = sorted((one for one in owners if is_scale_set(one)), key=str)
    return [body for one in sets if (body := azure.get(one)) is not None]


def _autoscale(azure: Azure) -> list[Body]:
    """The autoscale settings; none where they may not be read."""
    with suppress(AzureRefused):
        return lists.autoscale_settings(azure)
    return []
