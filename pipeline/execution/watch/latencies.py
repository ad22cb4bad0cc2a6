"""Times of any number of answers in little memory."""

from __future__ import annotations

import math
from collections import Counter

STEP = 1.02
"""From one bucket to the next: how exact a percentile is."""
SHORTEST = 1e-6
"""Seconds; what is shorter counts as this."""


class Latencies:
    """Counts of answer times, in buckets that are 2 % wide."""

    def __init__(self) -> None:
        self._buckets: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        """One answer more."""
        self._buckets[round(math.log(max(seconds, SHORTEST) / SHORTEST, STEP))] += 1

    def __iadd__(self, other: Latencies) -> Latencies:
        self._buckets.update(other._buckets)
        return self

    def quantile(self, share: float) -> float:
        """The answer time in seconds that this share of the answers stayed under; 0 for none."""
        left = math.ceil(share * self._buckets.total())
        for bucket in sorted(self._buckets):
            left -= self._buckets[bucket]
            if left <= 0:
                return float(SHORTEST * STEP**bucket)
        return 0.0
