"""Swaps and status on an Azure that is far away: 100 ms a call, 3 s a load balancer's write.

The commands run in this process, as `invoke` does after its start; what that takes, `--list` tells.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.definition.balancing import LoadBalancer
from pipeline.definition.model import Project
from pipeline.execution.commands import swap
from pipeline.execution.commands.environment import create_environment
from pipeline.execution.commands.nightly import nightly
from pipeline.execution.dashboard.server import Dashboard
from pipeline.execution.fleet.survey import look_at
from pipeline.execution.packages.apt import PROGRAM as PACKAGES
from pipeline.execution.run.session import Session
from pipeline.output.page import dashboard_page
from pipeline.output.redaction import Redactor
from pipeline.planning.evidence.inventory import Inventory
from pipeline.planning.names import Tag
from pipeline.planning.packages.dpkg import installed
from tests.bench.figures import seconds, tell
from tests.browser import PROGRAM, a_tab
from tests.conftest import Emulator, running_emulator
from tests.execution.commands.standing import write_down
from tests.execution.landing_zone import PAIRS, LandingZone, at_once, landing_zone, with_one_staged
from tests.execution.packages.repository import (
    MAIN,
    SECURITY,
    Deb,
    Repository,
    served,
    snapshot,
    state_of,
)

CALL = 0.1
"""Seconds added to each call of Azure Resource Manager."""
WRITE = 3.0
"""Seconds that the write of a load balancer takes."""
IMAGES = 50
OF_THE_BASE = 400
"""Packages in each of them."""
ALWAYS = 1_000_000


@dataclass(frozen=True, slots=True)
class Calls:
    """What was asked of Azure: how often, and how many of them one after another."""

    count: int
    in_a_row: int

    def __str__(self) -> str:
        return f"{self.count} calls, {self.in_a_row} one after another"

    @classmethod
    def of(cls, requests: list[dict[str, Any]]) -> Calls:
        """From the emulator's list: the longest row of calls of which none overlaps the next."""
        ended = 0.0
        in_a_row = 0
        spans = sorted(
            (datetime.fromisoformat(one["time"]).timestamp(), one["seconds"]) for one in requests
        )
        for end, took in spans:
            if end - took >= ended:
                ended, in_a_row = end, in_a_row + 1
        return cls(len(requests), in_a_row)


def swaps(folder: Path, block: str) -> None:
    """A promotion, a rollback and the status, beside the bare write of a load balancer."""
    with running_emulator(folder / "far", block) as emulator:
        zone = with_one_staged(at_once(landing_zone(_made(folder / "zone"), emulator)))
        _be_far_away(zone)
        bare = seconds(lambda: zone.write_load_balancer(lambda _: None))
        tell("bare write of a load balancer (GET, PUT, polls)", f"{bare:.1f} s")
        for name, command in (("promote", zone.promote), ("rollback", zone.rollback)):
            took, calls = _measured(emulator, command)
            tell(f"{name} web, all proofs, no soak", f"{took:.1f} s; {calls}")
        took, calls = _measured(emulator, lambda: swap.status(zone.session()))
        tell("status of one image", f"{took:.2f} s; {calls}")


def fleet(folder: Path, block: str) -> None:
    """The status of many images, each with a load balancer and a version that serves."""
    with running_emulator(folder / "fleet", block) as emulator:
        zones = _many(folder / "many", emulator)
        first, images = zones[0], tuple(zone.image for zone in zones)
        project = Project(first.root, images, (first.environment,))
        session = replace(first.session(), project=project)
        create_environment(session)
        for zone in zones:
            zone.add_versions("1.0.0")
            zone.serve("1.0.0")
        with ExitStack() as resources:
            if shutil.which(PACKAGES):
                repository = resources.enter_context(served(folder / "packages"))
                resources.enter_context(_asked_here(folder))
                _write_down(zones, repository)
            for zone in zones:
                zone.has_inputs("1.0.0", {Tag.RUN: zone.image.name})
            _be_far_away(first)
            for lists in ("new", "warm"):
                took, calls = _measured(emulator, lambda: nightly(session))
                tell(
                    f"nightly of {IMAGES} images, nothing to do, {lists} package lists",
                    f"{took:.2f} s; {calls}",
                )
        took, calls = _measured(emulator, lambda: swap.status(session))
        tell(f"status of {IMAGES} images that serve", f"{took:.2f} s; {calls}")
        took, calls = _measured(emulator, lambda: asyncio.run(_first_paint(session)))
        tell(f"dashboard of {IMAGES} images: first paint with all rows", f"{took:.2f} s; {calls}")


@contextmanager
def _asked_here(folder: Path) -> Iterator[None]:
    """Package lists in a folder of the bench's own, from this machine without a proxy."""
    wanted = {"XDG_CACHE_HOME": str(folder / "cache"), "no_proxy": "127.0.0.1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _write_down(zones: list[LandingZone], repository: Repository) -> None:
    """Each image has its own package besides those of a small Debian, none is newer."""
    base = [Deb(f"package-{number}", "1.0-1") for number in range(OF_THE_BASE)]
    own = {zone.image.name: Deb(f"{zone.image.name}-server", "2.0-1") for zone in zones}
    repository.publish(MAIN, *base, *own.values())
    repository.publish(SECURITY)
    sources = repository.sources(MAIN, SECURITY)
    for zone in zones:
        name = zone.image.name
        state = state_of(snapshot(sources, base), snapshot(sources, [*base, own[name]]))
        found = Inventory("dpkg", "debian-12", installed(state.now.status))
        write_down(zone.session().runs / name, found, state)


async def _first_paint(session: Session) -> None:
    """From nothing to a page that shows all images, in Chromium where it is there."""
    board = Dashboard(partial(look_at, [session]), session.runs, Redactor())
    ready = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(board.serve(0, ready.set_result))
    address = await ready
    async with a_tab() if PROGRAM else nullcontext() as tab:
        if tab is None:
            async with board.shown.changed:
                await board.shown.changed.wait()
            dashboard_page(board.shown.fleet, board.shown.at, ())
        else:
            await tab.open(address)
            await tab.until(f"document.querySelectorAll('tbody tr').length >= {IMAGES}")
    serving.cancel()


def _many(root: Path, emulator: Emulator) -> list[LandingZone]:
    zone = at_once(landing_zone(_made(root), emulator, capacity=1))
    names = [f"app{number}" for number in range(IMAGES)]
    balancers = tuple(LoadBalancer(f"front-{name}", name, PAIRS) for name in names)
    environment = replace(zone.environment, load_balancers=balancers)
    images = [replace(zone.image, name=name) for name in names]
    return [replace(zone, environment=environment, image=image) for image in images]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _be_far_away(zone: LandingZone) -> None:
    work = {"operation": "^realize Microsoft.Network/loadBalancers "}
    zone.fault(work, {"delay": WRITE}, ALWAYS)
    zone.fault({"path": "^/subscriptions/"}, {"delay": CALL}, ALWAYS)


def _measured(emulator: Emulator, command: Callable[[], object]) -> tuple[float, Calls]:
    before = emulator.call("GET", "/emulator/requests").body["value"]
    last = before[-1]["number"] if before else 0
    took = seconds(command)
    since = emulator.call("GET", f"/emulator/requests?after={last}").body["value"]
    asked = [one for one in since if one["path"].lower().startswith("/subscriptions/")]
    return took, Calls.of(asked)
