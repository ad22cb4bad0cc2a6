"""A fleet with a row in each state."""

from __future__ import annotations

from pipeline.planning.claims.claim import Actor, Claim, Hold
from pipeline.planning.claims.history import Move
from pipeline.planning.fleet.fleet import Fleet, Row
from pipeline.planning.swap.status import Frontend, Running, Status

DAY = 86400.0
RUN = "20261123T181500Z-runner-7-1a2b"


def status(image: str, serving: str = "1.0.1", degraded: tuple[str, ...] = ()) -> Status:
    """What is true of an image."""
    return Status(
        image=image,
        serving=serving,
        since="2026-11-23T18:15:00Z",
        by="ann@runner-7",
        healthy=1 if degraded else 2,
        instances=2,
        idle="1.0.0",
        idle_role="previous",
        idle_healthy=2,
        idle_instances=2,
        others=(Running("0.9.0", "previous", 2, 2),),
        way_back="ready",
        way_back_seconds=2.3,
        rehearsed="",
        newest="1.0.1",
        base="",
        degraded=degraded,
        urgent=(),
        foreseen=(),
        frontends={"production": (Frontend("http", "10.0.0.4", 80),)},
    )


def fleet(mark: str = "") -> Fleet:
    """The fleet; `mark` is put into every text that others write."""
    ann = Actor(f"ann{mark}", "runner-7", "https://ci.example/runs/7")
    claim = Claim(
        *(RUN, "promote", ann),
        acquired="2026-11-23T18:15:00Z",
        expires="2026-11-23T18:17:00Z",
    )
    moves = tuple(
        Move(
            *(f"2026-11-2{day}T18:15:00Z", "web", "eu", direction, before, after),
            *(RUN if day == 3 else "older", ann, f"new heading{mark}"),
        )
        for day, direction, before, after in (
            (3, "promote", "1.0.0", "1.0.1"),
            (2, "promote", "", "1.0.0"),
        )
    )
    eu, us = ("eu", "westeurope"), ("us", "eastus2")
    return Fleet.of(
        (
            Row(
                "eu", "westeurope", "web", status("web"), age=3 * DAY, max_age=30 * DAY, moves=moves
            ),
            Row("us", "eastus2", "web", status("web"), age=45 * DAY, max_age=30 * DAY, claim=claim),
            Row(*eu, "api", status("api", degraded=(f"1 of 2 healthy{mark}",))),
            Row(*us, "api", problem=f"AuthorizationFailed: no right{mark}"),
            Row(
                *("asia", "southeastasia", "shop", status("shop", serving="")),
                hold=Hold(f"freeze{mark}", ann, "2026-11-20T08:00:00Z"),
            ),
        )
    )
