"""Every call of stage, promote, rollback, prune and roll, with every fault: docs/faults.md.

`make faults`. Each call of a command is met by each fault once; then the same command is run again
and must end well. The commands' clock runs faster than the world's, and so does the SDK's.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from azure.core.pipeline.transport import HttpTransport

from pipeline.definition.balancing import PRODUCTION
from pipeline.errors import PipelineError, StillRunning
from pipeline.execution.commands import prune, roll, swap
from pipeline.execution.commands.watching import Watching
from pipeline.execution.run.session import Session
from pipeline.execution.wait import Clock
from pipeline.execution.watch.answers import version_at
from pipeline.planning.roll.steps import RollWish
from tests.conftest import ROOT, Emulator, free_addresses, running_emulator
from tests.execution.landing_zone import LandingZone, at_once, landing_zone

PAGE = ROOT / "docs" / "faults.md"
SPEED = 10.0
"""Seconds that a command waits in one second."""
SPEED_WHEN_STUCK = 40.0
"""The same where patience is to run out, which takes half an hour at the most."""
FOREVER = 3600.0
PARTS = 3
"""Into which the calls of a command are shared out: each waits most of its time."""
DRAIN = 15.0
"""Seconds of the commands' clock that an instance has to answer what it was asked."""
OLD, NEW = "1.0.0", "1.0.1"


def refusing(status: int, code: str, wait: str = "") -> dict[str, Any]:
    """A fault that refuses a request."""
    headers = {"Retry-After": wait} if wait else {}
    return {"fail": {"status": status, "code": code, "message": "A fault.", "headers": headers}}


ON_CALLS: dict[str, dict[str, Any]] = {
    "429, 60 s": refusing(429, "TooManyRequests", "60"),
    "500": refusing(500, "InternalServerError"),
    "503": refusing(503, "ServiceUnavailable"),
    "dropped": {"drop": True},
    "answer lost": {"lose": True},
    "401": refusing(401, "ExpiredAuthenticationToken"),
    "409": refusing(409, "AnotherOperationInProgress"),
    "412": refusing(412, "PreconditionFailed"),
}
ON_OPERATIONS: dict[str, dict[str, Any]] = {
    "failed": refusing(500, "InternalExecutionError"),
    "canceled": refusing(409, "Canceled"),
    "stuck": {"delay": FOREVER},
}
FAULTS = (*ON_CALLS, *ON_OPERATIONS)
STUCK = "stuck"
OPERATIONS = {
    "PUT loadBalancers": "^realize Microsoft.Network/loadBalancers ",
    "PUT virtualMachineScaleSets": "^realize Microsoft.Compute/virtualMachineScaleSets ",
    "PATCH virtualMachineScaleSets": "^realize Microsoft.Compute/virtualMachineScaleSets ",
    "DELETE virtualMachineScaleSets": "^destroy Microsoft.Compute/virtualMachineScaleSets ",
    "POST all virtualMachineScaleSets/manualupgrade": (
        "^manualupgrade Microsoft.Compute/virtualMachineScaleSets "
    ),
    "PUT loadBalancers/backendAddressPools": "^realize Microsoft.Network/loadBalancers",
}
"""The calls whose work goes on after the answer, and what faults of it match."""

RIDDEN_OUT, UNTOUCHED, MOVED = "ridden out", "refused", "refused, moved"
UNFINISHED = "still running"


@dataclass(frozen=True, slots=True)
class Call:
    """A kind of call: `PUT loadBalancers`, and the pattern of its path."""

    method: str
    kind: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.kind}"

    @classmethod
    def read(cls, request: dict[str, Any]) -> Call | None:
        """From one of the emulator's list of requests; None for what is none of Azure's."""
        _, found, rest = request["path"].partition("/providers/")
        if not found:
            return None
        words = rest.split("/")[1:]
        if not words:
            return cls(request["method"], "provider", "/providers/[^/]+$")
        if "operations" in words:
            return cls(request["method"], "its operation", "/operations/[^/]+$")
        kinds, names = words[::2], words[1::2]
        last = kinds[-1]
        kind = "/".join(kinds)
        end = f"/{last}/[^/]+$" if len(names) == len(kinds) else f"/{last}$"
        if len(names) < len(kinds) and last != "health":
            kind = f"all {kind}"
        if last == "TXT" and len(names) == len(kinds):
            what = names[-1].rpartition(".")[2]
            kind, end = f"record of the {what}", rf"\.{what}$"
        return cls(request["method"], kind, end)


@dataclass(frozen=True, slots=True)
class Command:
    """A command, what brings about the state that it begins in, what serves then and afterwards."""

    name: str
    run: Callable[[Session], object]
    undo: Callable[[LandingZone], object]
    begins: str
    serves: str
    instances: int = 1


def _unstage(zone: LandingZone) -> None:
    zone.unstage(NEW)


def _roll_back(zone: LandingZone) -> None:
    zone.rollback()


def _promote_again(zone: LandingZone) -> None:
    zone.promote(again=True)


def _roll_back_anew(zone: LandingZone) -> None:
    """What was rolled back may be pruned."""
    zone.stage(NEW, again=True)
    zone.promote(again=True)
    zone.rollback()


def _roll(session: Session) -> None:
    """What an instance loses that has no time to answer is no fault of Azure's."""
    asked, unbounded = RollWish(NEW, again=True), Watching(lost_budget="1000000")
    roll.roll(session, "web", asked, watching=unbounded)


def _bring_back(zone: LandingZone) -> None:
    asked, unbounded = RollWish(OLD, again=True), Watching(lost_budget="1000000")
    roll.roll(zone.session(), "web", asked, watching=unbounded)


COMMANDS = (
    Command("stage", lambda it: swap.stage(it, "web", NEW), _unstage, OLD, OLD),
    Command("promote", lambda it: swap.promote(it, "web", again=True), _roll_back, OLD, NEW),
    Command("rollback", lambda it: swap.rollback(it, "web"), _promote_again, NEW, OLD),
    Command("prune", lambda it: prune.prune(it, "web"), _roll_back_anew, OLD, OLD),
    Command("roll", _roll, _bring_back, OLD, NEW, instances=2),
)
BY_NAME = {command.name: command for command in COMMANDS}


def begun(command: Command, zone: LandingZone) -> None:
    """Bring a new zone into the state that the command begins in."""
    zone.create()
    zone.add_versions(OLD, NEW)
    zone.serve(OLD)
    if command.name in {"stage", "roll"}:
        return
    zone.stage(NEW)
    if command.name in {"rollback", "prune"}:
        zone.promote()
    if command.name == "prune":
        zone.rollback()


@dataclass
class Table:
    """What became of a command, by call and fault; and what was wrong with that."""

    command: str
    calls: list[Call] = field(default_factory=list)
    cells: dict[tuple[str, str], str] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)


@dataclass
class Trial:
    """One command in one emulator, met by one fault after the other."""

    command: Command
    emulator: Emulator
    folder: Path
    table: Table
    zone: LandingZone = field(init=False)
    _zones: int = 0

    def __post_init__(self) -> None:
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._zones += 1
        root = self.folder / f"zone{self._zones}"
        root.mkdir()
        self.zone = at_once(landing_zone(root, self.emulator, capacity=self.command.instances))
        if self.command.name == "roll":
            how = replace(self.zone.image.promotion, drain=DRAIN)
            self.zone.image = replace(self.zone.image, promotion=how)
        begun(self.command, self.zone)

    def _serving(self) -> str:
        """What serves, or every version that does while a set is rolled: `1.0.0, 1.0.1`.

        Only asked for when no fault waits.
        """
        now = self.zone.survey()
        if self.command.name == "roll":
            every = (one for found in now.serving.scale_sets for one in found.instances)
            return ", ".join(sorted({str(one.made_from) for one in every}))
        return version_at(now.health_url(PRODUCTION))

    def run(
        self, only: str = "", faults: Collection[str] = FAULTS, part: int | None = None
    ) -> None:
        """All faults of all calls, or some of one call; or all of one of PARTS."""
        self.table.calls = list(self._calls())
        for number, call in enumerate(self.table.calls):
            if only not in {"", str(call)} or part not in {None, number % PARTS}:
                continue
            for name in [name for name in ON_CALLS if name in faults]:
                match = {"method": f"^{call.method}$", "path": call.path}
                self._meet(call, name, match, ON_CALLS[name])
            operation = OPERATIONS.get(str(call))
            for name in [name for name in ON_OPERATIONS if operation and name in faults]:
                self._meet(call, name, {"operation": str(operation)}, ON_OPERATIONS[name])

    def _calls(self) -> Iterator[Call]:
        """The kinds of calls of a run that nothing disturbs, by name: reads go side by side."""
        requests = self.emulator.call("GET", "/emulator/requests").body["value"]
        self._run(SPEED)
        last = requests[-1]["number"]
        after = self.emulator.call("GET", f"/emulator/requests?after={last}").body["value"]
        self.command.undo(self.zone)
        yield from sorted({call for one in after if (call := Call.read(one))}, key=str)

    def _run(self, speed: float) -> None:
        def sleep(seconds: float) -> None:
            time.sleep(seconds / speed)

        clock = Clock(lambda: time.monotonic() * speed, sleep)
        with patch.object(HttpTransport, "sleep", staticmethod(sleep)):
            self.command.run(self.zone.session(clock=clock))

    def _meet(self, call: Call, name: str, match: dict[str, str], action: dict[str, Any]) -> None:
        where = f"{self.command.name}, {call}, {name}"
        _ = self.zone.output
        self.zone.fault(match, action)
        error = self._error(SPEED_WHEN_STUCK if name == STUCK else SPEED)
        self.emulator.call("DELETE", "/emulator/faults")
        outcome = self._outcome(error)
        self.table.cells[str(call), name] = outcome
        self.table.wrongs.extend(f"{where}: {wrong}" for wrong in self._wrongs(outcome, error))
        try:
            self._run(SPEED)
            if self._serving() != self.command.serves:
                self.table.wrongs.append(f"{where}: run again, it does not end as it should")
            self.command.undo(self.zone)
        except PipelineError as again:
            self.table.wrongs.append(f"{where}: run again: {again}")
            self._begin_anew()

    def _error(self, speed: float) -> PipelineError | None:
        try:
            self._run(speed)
        except PipelineError as error:
            return error
        return None

    def _outcome(self, error: PipelineError | None) -> str:
        if error is None:
            return RIDDEN_OUT
        if error.exit_code == StillRunning.exit_code:
            return UNFINISHED
        return UNTOUCHED if self._serving() == self.command.begins else MOVED

    def _wrongs(self, outcome: str, error: PipelineError | None) -> Iterator[str]:
        """What an operator at night would miss."""
        if error is None:
            if self._serving() != self.command.serves:
                yield f"{outcome}, and does not serve what it should"
            return
        if "Now: " not in "\n".join(getattr(error, "__notes__", ())):
            yield f"does not tell what is true: {error}"
        if not error.advice:
            yield f"names no next command: {error}"


def tried(task: tuple[str, int]) -> Table:
    """A part of the calls of one command, in an emulator of its own."""
    name, part = task
    table = Table(name)
    with (
        tempfile.TemporaryDirectory(prefix="bakeswap-faults-") as folder,
        free_addresses() as block,
        running_emulator(Path(folder) / "state", block) as emulator,
    ):
        Trial(BY_NAME[name], emulator, Path(folder), table).run(part=part)
    return table


def joined(tables: Iterable[Table]) -> list[Table]:
    """The parts of each command put together."""
    whole: dict[str, Table] = {}
    for table in tables:
        found = whole.setdefault(table.command, table)
        if found is not table:
            found.cells.update(table.cells)
            found.wrongs += table.wrongs
    return list(whole.values())


HEAD = """\
# Faults

What becomes of a command when Azure answers one of its calls with a fault, once.
Written by `make faults`, which meets every kind of call of each command with every fault on the
emulator, and then runs the command again: it has to end well.

- **ridden out**: the command waits, asks again or looks anew, and ends as if nothing had been.
- **refused**: it ends with an error that tells what is true and the next command; production is
  where it was.
- **refused, moved**: likewise, and production has moved: the fault met what comes after the swap.
- **still running**: patience ran out; it ends with exit code 3, and the same command goes on.

`429, 60 s` asks to wait a minute; `answer lost` is a request that was carried out and never
answered. What failed, was canceled or got stuck is an operation, after Azure accepted its request.
"""


def page(tables: list[Table]) -> str:
    """The page as it is committed."""
    parts = [HEAD.rstrip()]
    for table in tables:
        rows = [
            "| "
            + " | ".join([f"`{call}`", *(table.cells.get((str(call), n), "") for n in FAULTS)])
            + " |"
            for call in table.calls
        ]
        head = "| call | " + " | ".join(FAULTS) + " |"
        parts.append(
            "\n".join([f"## {table.command}\n", head, "|---" * (len(FAULTS) + 1) + "|", *rows])
        )
    return re.sub(r"  +\|", " |", "\n\n".join(parts)) + "\n"


def cells(text: str, command: str) -> dict[str, dict[str, str]]:
    """What a page says of a command: by call, by fault."""
    section = text.partition(f"## {command}\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip(" `") for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|") and "---" not in line
    ]
    head, *calls = rows
    return {call[0]: dict(zip(head[1:], call[1:], strict=True)) for call in calls}


def main() -> int:
    """Write the page; 1 when something was wrong, which is printed."""
    names = sys.argv[1:] or [command.name for command in COMMANDS]
    tasks = [(name, part) for name in names for part in range(PARTS)]
    with ProcessPoolExecutor(len(tasks)) as pool:
        tables = joined(pool.map(tried, tasks))
    if len(names) == len(COMMANDS):
        PAGE.write_text(page(tables))
    else:
        sys.stdout.write(page(tables))
    wrongs = [wrong for table in tables for wrong in table.wrongs]
    sys.stdout.write("\n".join([*wrongs, f"{len(wrongs)} wrong\n"]))
    return 1 if wrongs else 0


if __name__ == "__main__":
    sys.exit(main())
