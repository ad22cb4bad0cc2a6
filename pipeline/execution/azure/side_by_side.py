"""Independent reads, side by side: the one place where more than one thread asks, Azure or others.

The SDK's clients are safe to share once they are made (`Clients.prepare`); each read honours
`Retry-After` by itself. Azure Resource Manager lets 25 reads a second through, with 250 in reserve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import local
from typing import Any, TypeVar

T = TypeVar("T")
K = TypeVar("K")

AT_ONCE = 16
"""Reads on their way at the same time."""
_here = local()
"""`is_read` in the threads that read."""


def side_by_side(reads: Sequence[Callable[[], T]]) -> list[T]:
    """What each read answers, in their order; the first error of them is raised, others are lost.

    Reads that have not begun when one fails, or when a signal comes, are not begun. Reads that a
    read is made of are sent one after another, so that never more than AT_ONCE are on their way.
    """
    if len(reads) <= 1 or getattr(_here, "is_read", False):
        return [read() for read in reads]
    pool = ThreadPoolExecutor(min(AT_ONCE, len(reads)), "read", _mark)
    try:
        return [begun.result() for begun in [pool.submit(read) for read in reads]]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _mark() -> None:
    _here.is_read = True


def each_by_name(reads: Mapping[K, Callable[[], Any]]) -> dict[K, Any]:
    """The same for reads of different kinds, by name."""
    return dict(zip(reads, side_by_side(list(reads.values())), strict=True))
