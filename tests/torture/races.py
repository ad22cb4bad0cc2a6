"""Rounds of random commands on many machines, and the rules that none of them may break."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.torture.commands import LONGEST, Command
from tests.torture.observer import Observer
from tests.torture.project import IMAGES, VERSIONS, TwoImages

FEWEST, MOST = 2, 8
"""Machines of a round."""
SPREAD = 1.0
"""Seconds within which the machines of a round begin."""
LONGEST_LIFE = 4.0
"""Seconds after which a command that is to be killed is killed at the latest."""


KILLED = "killed"


@dataclass(frozen=True, slots=True)
class Planned:
    """A command that a machine is to run; `life` in seconds where it is to be killed."""

    words: tuple[str, ...]
    life: float | None = None


def random_command(chance: random.Random) -> tuple[str, ...]:
    """A command as somebody might type it."""
    image, version = chance.choice(IMAGES), chance.choice(VERSIONS)
    again = ("--again",) if chance.random() < 0.5 else ()
    force = ("--force",) if chance.random() < 0.25 else ()
    return chance.choice(
        (
            *3 * (("stage", image, "--version", version, *again),),
            *3 * (("promote", image, *again, *force),),
            *2 * (("rollback", image, *force),),
            ("rollback", image, "--to", version, *force),
            ("unstage", image, version),
            ("prune", "--image", image),
            ("prune",),
            ("status",),
        )
    )


def random_line(chance: random.Random, commands: int) -> list[tuple[str, ...]]:
    """What one machine runs, one after another: often what brings a version into production."""
    if chance.random() < 0.5:
        return [random_command(chance) for _ in range(commands)]
    image, version = chance.choice(IMAGES), chance.choice(VERSIONS)
    return [("stage", image, "--version", version, "--again"), ("promote", image, "--again")]


@dataclass
class Races:
    """Rounds in one landing zone, whose state goes on from round to round."""

    zone: TwoImages
    chance: random.Random
    outcomes: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    answers: int = 0

    def prepare(self) -> None:
        """Something serves, and something served before."""
        for version in VERSIONS[:2]:
            self._side_by_side("stage", version)
            for image in IMAGES:
                self.zone.run("promote", image)

    def _side_by_side(self, name: str, version: str) -> None:
        begun = [
            self.zone.begin(number, name, image, "--version", version)
            for number, image in enumerate(IMAGES)
        ]
        for command in begun:
            assert command.wait() == 0, command.output

    def round(self, *, machines: int = 0, commands: int = 2, killed: float = 0.0) -> list[str]:
        """One round; what went wrong in it. Of all commands this share is killed at some moment."""
        count = machines or self.chance.randint(FEWEST, MOST)
        lines = [
            [Planned(words, self._life(killed)) for words in random_line(self.chance, commands)]
            for _ in range(count)
        ]
        delays = [self.chance.uniform(0, SPREAD) for _ in lines]
        with Observer(self.zone) as observer:
            wrongs = [wrong for one in self._all(lines, delays) for wrong in one.wrongs()]
        self.looks += len(observer.looks)
        self.answers += len(observer.answers)
        return [*wrongs, *observer.wrongs()]

    def _life(self, killed: float) -> float | None:
        is_doomed = self.chance.random() < killed
        return self.chance.uniform(0.1, LONGEST_LIFE) if is_doomed else None

    def _all(self, lines: list[list[Planned]], delays: list[float]) -> Iterator[Command]:
        """Each machine's commands one after another, all machines side by side."""
        began = time.monotonic()
        waiting = {number: list(line) for number, line in enumerate(lines)}
        at_work: dict[int, tuple[Command, float | None]] = {}
        while waiting or at_work:
            now = time.monotonic()
            for number in [n for n in waiting if n not in at_work and now - began >= delays[n]]:
                planned = waiting[number].pop(0)
                at_work[number] = self.zone.begin(number, *planned.words), planned.life
                if not waiting[number]:
                    del waiting[number]
            for number, (command, life) in list(at_work.items()):
                age = now - command.began
                if life is not None and age >= life and command.is_running:
                    command.kill()
                if not command.is_running or age > LONGEST:
                    del at_work[number]
                    yield self._ended(command)
            time.sleep(0.02)

    def _ended(self, command: Command) -> Command:
        code = KILLED if command.killed else str(command.wait())
        self.outcomes[f"{command.words[0]} {code}"] += 1
        return command

    @property
    def killed(self) -> int:
        """Commands that were killed while they ran."""
        return sum(count for what, count in self.outcomes.items() if what.endswith(KILLED))

    def __str__(self) -> str:
        told = ", ".join(f"{what}: {count}" for what, count in sorted(self.outcomes.items()))
        return f"{told}; {self.looks} looks, {self.answers} answers"
