"""Production's traffic through a swap: what answered when, and every lost request.

A value that a file can keep. It is bounded: `Bucket` by `Bucket`, and so many lost requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

AROUND = 10.0
"""Seconds before and after a write that are kept closely."""
CLOSELY = 0.1
"""Seconds in a bucket there."""

Bucket: TypeAlias = tuple[int, str, str, int]
"""Number of the bucket, rule, version that answered ("" for lost), and how many requests."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A request that was lost; `sent` and `ended` in seconds since watching began."""

    sent: float
    ended: float
    rule: str
    reason: str
    is_kept: bool = False
    """Whether it was on a connection that is kept."""


@dataclass(frozen=True, slots=True)
class Write:
    """A write that led production elsewhere. Times in seconds since watching began.

    `answered` is when Azure had carried it out, `first_answer` when `version` first answered on a
    fresh connection; None where that did not come. `closely` has buckets of CLOSELY seconds, from
    AROUND before it to AROUND after it.
    """

    sent: float
    version: str
    answered: float | None = None
    first_answer: float | None = None
    closely: tuple[Bucket, ...] = ()


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was asked from `at` (seconds since 1970) for `seconds`, and what became of it.

    `width` is how many seconds are in one of `buckets`. `lost` has the first lost requests,
    `more_lost` is how many came after those. `figures` is what was counted, as the journal has it.
    """

    at: float
    seconds: float
    width: float
    buckets: tuple[Bucket, ...]
    writes: tuple[Write, ...] = ()
    lost: tuple[Lost, ...] = ()
    more_lost: int = 0
    figures: Mapping[str, Any] | None = None

    @property
    def versions(self) -> tuple[str, ...]:
        """All that answered, in the order in which they first did."""
        return tuple(dict.fromkeys(version for _, _, version, _ in sorted(self.buckets) if version))

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that were asked."""
        return tuple(dict.fromkeys(rule for _, rule, _, _ in sorted(self.buckets)))

    @property
    def document(self) -> dict[str, object]:
        """For a file."""
        return asdict(self)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Traffic:
        """From `document`; raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            float(document["at"]),
            float(document["seconds"]),
            float(document["width"]),
            _buckets(document["buckets"]),
            tuple(
                Write(
                    float(write["sent"]),
                    str(write["version"]),
                    _moment(write["answered"]),
                    _moment(write["first_answer"]),
                    _buckets(write["closely"]),
                )
                for write in document["writes"]
            ),
            tuple(Lost(**lost) for lost in document["lost"]),
            int(document["more_lost"]),
            dict(document["figures"] or {}),
        )


def counted(buckets: Iterable[Bucket], version: str) -> dict[int, int]:
    """How many requests a version answered in each bucket; lost ones for ""."""
    found: dict[int, int] = {}
    for number, _, who, count in buckets:
        if who == version:
            found[number] = found.get(number, 0) + count
    return found


def _moment(found: object) -> float | None:
    return None if found is None else float(str(found))


def _buckets(found: Iterable[Any]) -> tuple[Bucket, ...]:
    return tuple(
        (int(number), str(rule), str(version), int(count)) for number, rule, version, count in found
    )
