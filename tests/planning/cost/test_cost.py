"""What things cost: by prices of Azure's own shape, and never a guess."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipeline.planning.cost.cost import Copy, Cost, bake_of, copies_of, machines_of, table
from pipeline.planning.cost.prices import Prices, reading
from tests.planning.swap.examples import (
    ENVIRONMENT,
    IMAGE,
    SERVED,
    SINCE,
    V0,
    V1,
    scale_set,
    surveyed,
    swap_tags,
    version,
)

SERVING = scale_set("1.0.1", tags={"served-since": SINCE})
NOW = surveyed(SERVING, scale_set("1.0.0", size=3, tags=SERVED), tags=swap_tags(V1, V0))


def item(price: float, **more: Any) -> dict[str, Any]:
    """A price as the API answers it."""
    return {
        "currencyCode": "USD",
        "retailPrice": price,
        "armRegionName": "westeurope",
        "armSkuName": "Standard_D2s_v5",
        "meterName": "D2s v5",
        "productName": "Virtual Machines Dsv5 Series",
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        **more,
    }


SNAPSHOTS = item(
    0.05, armSkuName="", meterName="LRS Snapshots", unitOfMeasure="1 GB/Month", productName="Disks"
)
PRICES = reading({"Items": [item(0.1), SNAPSHOTS]}, "a test")


def test_of_all_that_a_size_is_sold_as_the_usual_price_counts() -> None:
    others = [
        item(0.02, meterName="D2s v5 Spot"),
        item(0.03, meterName="D2s v5 Low Priority"),
        item(0.2, productName="Virtual Machines Dsv5 Series Windows"),
        item(500.0, type="Reservation"),
        item(9.0, unitOfMeasure="1/Month"),
    ]
    found = reading({"Items": [*others, item(0.115), *others]})
    assert found.machine("WestEurope", "standard_d2s_v5") == 0.115
    assert found.machine("eastus", "Standard_D2s_v5") is None


def test_copies_have_the_price_of_their_redundancy() -> None:
    zrs = {**SNAPSHOTS, "meterName": "ZRS Snapshots", "retailPrice": 0.06}
    found = reading({"Items": [SNAPSHOTS, zrs]})
    assert found.snapshot("westeurope", "Standard_ZRS") == 0.06
    assert found.snapshot("westeurope", "") == 0.05


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"Items": []},
        {"Items": [item(1), item(2, currencyCode="EUR")]},
        {"Items": [item(1, retailPrice="dear")]},
        {"Items": 3},
    ],
)
def test_what_is_no_table_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        reading(document)


def test_what_runs_beside_production_is_told_by_its_role() -> None:
    serving, previous = machines_of(NOW, PRICES)
    assert (serving.name, serving.role, serving.instances) == ("web-1-0-1", "serving", 2)
    assert serving.hourly == pytest.approx(0.2)
    assert previous.role == "previous"
    assert previous.hourly == pytest.approx(0.3)


def test_copies_are_counted_in_all_regions() -> None:
    copies = [Copy("1.0.0", "westeurope", 2, "", 30), Copy("1.0.1", "westeurope", 1, "", 30)]
    found = copies_of("web", copies, PRICES)
    assert (found.versions, found.copies, found.gigabytes) == (2, 3, 90)
    assert found.monthly == pytest.approx(4.5)
    elsewhere = copies_of("web", [*copies, Copy("1.0.1", "eastus", 1, "", 30)], PRICES)
    assert (elsewhere.copies, elsewhere.monthly) == (4, None)


def test_the_newest_bake_that_was_timed_tells_what_another_would_take() -> None:
    timed = replace(version("1.0.1"), tags={"bake-seconds": "360"})
    strange = replace(version("1.0.2"), tags={"bake-seconds": "long"})
    found = bake_of(IMAGE, ENVIRONMENT, [version("1.0.0"), timed, strange], PRICES)
    assert found is not None
    assert (found.version, found.seconds) == ("1.0.1", 360.0)
    assert found.price == pytest.approx(0.01)
    assert bake_of(IMAGE, ENVIRONMENT, [version("1.0.0")], PRICES) is None


def told(prices: Prices) -> str:
    """The table of all of it."""
    timed = replace(version("1.0.1"), tags={"bake-seconds": "360"})
    bake = bake_of(IMAGE, ENVIRONMENT, [timed], prices)
    copies = copies_of("web", [Copy("1.0.1", "westeurope", 2, "", 30)], prices)
    found = machines_of(NOW, prices)
    return str(table(Cost("USD", prices.source, found, (copies,), (bake,) if bake else ())))


def test_the_table() -> None:
    assert told(PRICES) == (
        "image  scale set  role      size             instances  per hour  per month\n"
        "web    web-1-0-1  serving   Standard_D2s_v5  2          0.200     146.00\n"
        "web    web-1-0-0  previous  Standard_D2s_v5  3          0.300     219.00\n"
        "beside production: web-1-0-0: 0.300 USD per hour of it until it is pruned\n"
        "web: 1 versions, 2 copies of 60 GB in all, at most 3.00 USD per month\n"
        "web 1.0.1 was baked in 6 min of one Standard_D2s_v5, 0.010 USD: as much is saved whenever"
        " there is nothing to do\n"
        "USD, a test; without disks, addresses, traffic and discounts"
    )


def test_what_nobody_knows_is_no_number() -> None:
    unknown = told(reading({"Items": [item(0.1, armRegionName="eastus")]}, "a test"))
    assert "Standard_D2s_v5  2          -         -" in unknown
    assert "no price of Standard_D2s_v5 here: --prices FILE" in unknown
    assert "web 1.0.1 was baked in 6 min of one Standard_D2s_v5: as much" in unknown
    assert "2 copies of 60 GB in all\n" in unknown


def test_for_programs_it_is_a_document() -> None:
    cost = Cost("USD", "a test", machines_of(NOW, PRICES), (), ())
    assert cost.document["machines"][0]["role"] == "serving"  # type: ignore[index] # a document
