"""Which instances are rolled together: never two update domains, and never too many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from pipeline.planning.swap.backend import Instance


def batches(instances: Iterable[Instance], percent: int, total: int) -> Iterator[list[Instance]]:
    """Instances in batches of at most so many per cent of `total`, and of at least one.

    Sick ones come first, as they serve nobody: what is well goes on serving longest. Each batch is
    of one update domain, as those of Azure's own rolls are.
    """
    most = max(1, total * percent // 100)
    ordered = sorted(instances, key=lambda one: (one.is_healthy, _domain(one), _number(one)))
    for _, together in groupby(ordered, key=lambda one: (one.is_healthy, _domain(one))):
        listed = list(together)
        for first in range(0, len(listed), most):
            yield listed[first : first + most]


def _domain(one: Instance) -> int:
    return -1 if one.domain is None else one.domain


def _number(one: Instance) -> tuple[int, str]:
    """Instances of a Uniform set by number, machines of a Flexible one by name."""
    return (int(one.number), "") if one.number.isdigit() else (0, one.number)
