"""Taking instances out of their pools, and letting them in: writes guarded by `If-Match`."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from pipeline.arm import ResourceId
from pipeline.execution.run.work import Work
from pipeline.execution.swap.load_balancer import Written, rewrite_part
from pipeline.planning.roll.steps import RollBatch
from pipeline.planning.swap import admin_state
from pipeline.planning.swap.backend import Instance
from pipeline.planning.swap.survey import Survey


def take_out(step: RollBatch, work: Work, instances: Collection[Instance]) -> None:
    """No new connection to these; those that are established go on."""
    _write(step, work, instances, is_out=True)


def let_in(step: RollBatch, work: Work, instances: Collection[Instance]) -> None:
    """New connections to these again, as soon as their probe finds them up."""
    _write(step, work, instances, is_out=False)


def _write(step: RollBatch, work: Work, instances: Collection[Instance], *, is_out: bool) -> None:
    """Each pool of the load balancer that they are in, which is usually one."""

    def edit(pool: ResourceId, now: Survey) -> Written | None:
        listed = now.load_balancer.body["properties"].get("backendAddressPools") or ()
        found = next((one for one in listed if ResourceId.parse(one["id"]) == pool), None)
        if found is None:
            return None
        names = admin_state.names_of(found, step.resource, instances)
        if admin_state.has_states(found, names, is_out=is_out):
            return None
        body = admin_state.with_states(found, names, is_out=is_out)
        return Written(pool, body, str(found.get("etag", "")))

    for pool in step.pools:
        rewrite_part(work, step.image, partial(edit, pool))
