"""What an environment costs, and what its bakes did: values from a survey and a table of prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from pipeline.definition.model import Environment, Image
from pipeline.planning.ages import lasting
from pipeline.planning.cost.prices import Prices
from pipeline.planning.names import Tag
from pipeline.planning.swap.backend import Backend
from pipeline.planning.swap.survey import Survey
from pipeline.planning.table import Table
from pipeline.planning.versions import ImageVersion, newest

MONTH = 730
"""Hours of a month, as Azure's price calculator counts."""
_HOUR = 3600
SERVING = "serving"


@dataclass(frozen=True, slots=True)
class Machines:
    """A scale set of an image; `hourly` is None where the table does not know its size."""

    image: str
    name: str
    role: str
    size: str
    instances: int
    hourly: float | None


@dataclass(frozen=True, slots=True)
class Copies:
    """The versions of an image in the gallery: all copies in all regions."""

    image: str
    versions: int
    copies: int
    gigabytes: int
    """Of all copies, at the full size of their disks; Azure bills what is used of that."""
    monthly: float | None
    """At most, for that reason; None where the table does not say."""


@dataclass(frozen=True, slots=True)
class Bake:
    """The last bake of an image, by its version's tag; another that is not needed saves as much."""

    image: str
    version: str
    seconds: float
    size: str
    price: float | None


@dataclass(frozen=True, slots=True)
class Copy:
    """A version's copies in one region."""

    version: str
    region: str
    count: int
    storage: str
    gigabytes: int
    """Of one."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of an environment, in the currency of the table."""

    currency: str
    source: str
    machines: tuple[Machines, ...]
    copies: tuple[Copies, ...]
    bakes: tuple[Bake, ...]

    @property
    def document(self) -> dict[str, object]:
        """For programs."""
        return asdict(self)


def machines_of(now: Survey, prices: Prices) -> tuple[Machines, ...]:
    """What serves an image and what runs beside it; the capacity that a swap doubles is that."""
    found = (now.serving, *now.others)
    return tuple(one for backend in found for one in _machines(now, backend, prices))


def copies_of(image: str, copies: Iterable[Copy], prices: Prices) -> Copies:
    """All copies of all versions of an image."""
    found = tuple(copies)
    rates = [(one, prices.snapshot(one.region, one.storage)) for one in found]
    known = all(rate is not None for _, rate in rates)
    return Copies(
        image,
        len({one.version for one in found}),
        sum(one.count for one in found),
        sum(one.count * one.gigabytes for one in found),
        sum(one.count * one.gigabytes * (rate or 0.0) for one, rate in rates) if known else None,
    )


def bake_of(
    image: Image, environment: Environment, versions: Iterable[ImageVersion], prices: Prices
) -> Bake | None:
    """The newest bake whose version tells how long it took."""
    timed = newest(one for one in versions if _seconds(one) is not None)
    seconds = _seconds(timed) if timed else None
    if timed is None or seconds is None:
        return None
    hourly = prices.machine(environment.location, image.build_size)
    price = None if hourly is None else hourly * seconds / _HOUR
    return Bake(image.name, timed.name, seconds, image.build_size, price)


def table(cost: Cost) -> Table:
    """A row for each scale set; then copies, bakes, what is doubled, and whose prices these are."""
    headings = ("image", "scale set", "role", "size", "instances", "per hour", "per month")
    rows = tuple(
        (
            *(one.image, one.name, one.role, one.size, str(one.instances)),
            _money(one.hourly, 3),
            _money(None if one.hourly is None else one.hourly * MONTH, 2),
        )
        for one in cost.machines
    )
    return Table(headings, rows, tuple(_notes(cost)))


def _machines(now: Survey, backend: Backend, prices: Prices) -> Iterator[Machines]:
    for found in backend.scale_sets:
        size = str((found.body.get("sku") or {}).get("name", "")) or now.image.scale_set.sku
        rate = prices.machine(now.environment.location, size)
        hourly = None if rate is None else rate * found.size
        yield Machines(now.image.name, found.name, now.role(backend), size, found.size, hourly)


def _notes(cost: Cost) -> Iterator[str]:
    beside = [one for one in cost.machines if one.role != SERVING]
    hourly = [one.hourly for one in beside if one.hourly is not None]
    if hourly:
        names = ", ".join(one.name for one in beside)
        told = f"{_money(sum(hourly), 3)} {cost.currency} per hour of it until it is pruned"
        yield f"beside production: {names}: {told}"
    for one in cost.copies:
        at_most = "" if one.monthly is None else f", at most {one.monthly:.2f} {cost.currency}"
        per_month = f"{at_most} per month" if at_most else ""
        copies = f"{one.copies} copies of {one.gigabytes} GB in all{per_month}"
        yield f"{one.image}: {one.versions} versions, {copies}"
    for bake in cost.bakes:
        price = "" if bake.price is None else f", {bake.price:.3f} {cost.currency}"
        yield (
            f"{bake.image} {bake.version} was baked in {lasting(bake.seconds)} of one {bake.size}"
            f"{price}: as much is saved whenever there is nothing to do"
        )
    unknown = sorted({one.size for one in cost.machines if one.hourly is None})
    if unknown:
        yield f"no price of {', '.join(unknown)} here: --prices FILE"
    yield f"{cost.currency}, {cost.source}; without disks, addresses, traffic and discounts"


def _money(amount: float | None, digits: int) -> str:
    return "-" if amount is None else f"{amount:.{digits}f}"


def _seconds(version: ImageVersion) -> float | None:
    try:
        return float(version.tags[Tag.BAKE_SECONDS])
    except (KeyError, ValueError):
        return None
