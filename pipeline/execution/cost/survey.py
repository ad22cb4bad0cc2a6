"""Asking Azure what there is to pay for, and reading the table of prices."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.errors import StateFileError, UsageError
from pipeline.execution.azure.requests import Body
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.azure.versions import image_version
from pipeline.execution.run.session import Session
from pipeline.execution.swap.survey import survey_swap
from pipeline.planning.cost import prices as of_prices
from pipeline.planning.cost.cost import Copy, Cost, bake_of, copies_of, machines_of
from pipeline.planning.cost.prices import Prices
from pipeline.planning.names import image_definition_id
from pipeline.state_files import read_mapping

PACKAGED = Path(of_prices.__file__).with_name("prices.json")
"""Retail prices of a few sizes; whoever needs others names a file."""


def prices_of(file: str = "") -> Prices:
    """The table in a file, by default the packaged one; UsageError for a file that is none."""
    if not file:
        return of_prices.reading(json.loads(PACKAGED.read_text()), "Azure's retail prices of 2021")
    try:
        return of_prices.reading(read_mapping(Path(file)), f"prices of {file}")
    except (KeyError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"{file}: no answer of the Azure Retail Prices API ({what})") from error
    except StateFileError as error:
        raise UsageError(str(error)) from error


def survey_cost(session: Session, names: list[str], prices: Prices) -> Cost:
    """Of these images in the session's environment."""
    environment = session.environment
    served = [name for name in names if environment.load_balancer_of(name)]
    surveys = side_by_side([partial(survey_swap, session, name) for name in served])
    lists = side_by_side([partial(_versions, session, name) for name in names])
    bakes = [
        bake_of(session.image(name), environment, map(image_version, bodies), prices)
        for name, bodies in zip(names, lists, strict=True)
    ]
    return Cost(
        prices.currency,
        prices.source,
        tuple(one for now in surveys for one in machines_of(now, prices)),
        tuple(
            copies_of(name, [one for body in bodies for one in _copies(body)], prices)
            for name, bodies in zip(names, lists, strict=True)
        ),
        tuple(one for one in bakes if one),
    )


def _versions(session: Session, image: str) -> list[Body]:
    definition = image_definition_id(session.azure.environment, image)
    return list(session.azure.list_inside(definition, "versions"))


def _copies(body: Body) -> list[Copy]:
    """By region: what the profile says, and Azure's defaults where it says nothing."""
    properties: dict[str, Any] = body.get("properties") or {}
    profile = properties.get("publishingProfile") or {}
    disk = (properties.get("storageProfile") or {}).get("osDiskImage") or {}
    return [
        Copy(
            str(body["name"]),
            "".join(str(region["name"]).lower().split()),
            int(region.get("regionalReplicaCount") or profile.get("replicaCount") or 1),
            str(region.get("storageAccountType") or profile.get("storageAccountType") or ""),
            int(disk.get("sizeInGB") or 0),
        )
        for region in profile.get("targetRegions") or ()
    ]
