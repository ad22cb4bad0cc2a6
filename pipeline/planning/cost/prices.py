"""Prices as the Azure Retail Prices API answers them.

`{"Items": [{"armRegionName": …, "armSkuName": …, "retailPrice": …, "unitOfMeasure": "1 Hour", …}]}`
(https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices), so that an
answer of it, kept in a file, is a table. Retail prices: no discount, reservation or tax is in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

HOUR: Final = "1 Hour"
GB_MONTH: Final = "1 GB/Month"
_NOT_THE_USUAL = ("spot", "low priority")
"""In the name of a meter: what can be taken away at any time costs less."""
_WINDOWS = "windows"
"""In the name of a product: its licence is in the price."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Retail prices of one currency."""

    currency: str
    machines: Mapping[tuple[str, str], float]
    """Per hour, by region and size, in lower case; Linux, as long as it is needed."""
    snapshots: Mapping[tuple[str, str], float]
    """Per GB and month, by region and redundancy (`lrs`, `zrs`), in lower case."""
    source: str = ""
    """Where they are from."""

    def machine(self, region: str, size: str) -> float | None:
        """Per hour; None where the table does not say."""
        return self.machines.get((region.lower(), size.lower()))

    def snapshot(self, region: str, storage: str) -> float | None:
        """Per GB and month of a copy on a storage account type; None where it does not say."""
        redundancy = "zrs" if storage.lower().endswith("zrs") else "lrs"
        return self.snapshots.get((region.lower(), redundancy))


def reading(document: Mapping[str, Any], source: str = "") -> Prices:
    """Out of an answer of the API; raises KeyError, TypeError or ValueError for what is none."""
    items = list(_consumed(document["Items"]))
    currencies = {str(item.get("currencyCode", "USD")) for item in items}
    if len(currencies) != 1:
        raise ValueError(f"prices in {len(currencies)} currencies")
    machines: dict[tuple[str, str], float] = {}
    snapshots: dict[tuple[str, str], float] = {}
    for item in items:
        region, price = str(item["armRegionName"]).lower(), float(item["retailPrice"])
        meter = str(item.get("meterName", "")).lower()
        if item["unitOfMeasure"] == HOUR and item.get("armSkuName"):
            machines[region, str(item["armSkuName"]).lower()] = price
        elif item["unitOfMeasure"] == GB_MONTH and meter.endswith("snapshots"):
            snapshots[region, meter.split()[0]] = price
    return Prices(currencies.pop(), machines, snapshots, source)


def _consumed(items: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """Those that are paid as they are used, of Linux."""
    for item in items:
        meter = str(item.get("meterName", "")).lower()
        is_usual = not any(word in meter for word in _NOT_THE_USUAL)
        is_linux = _WINDOWS not in str(item.get("productName", "")).lower()
        if item.get("type", "Consumption") == "Consumption" and is_usual and is_linux:
            yield item
