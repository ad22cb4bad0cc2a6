"""What to do next: commands as values, written out only where they are shown.

Each command that is advised or printed is made by a function of this module; a test holds every one
of them against the real tasks and their options.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

WITHOUT_ENVIRONMENT = frozenset(
    {"dashboard", "demo", "fleet.show", "fleet.plan", "fleet.report", "init", "report"}
)
"""Tasks that take no `--env`."""


NEWEST_RUN = "newest"
"""Instead of a run: the one that told something last."""

PACKAGE = "bakeswap"
"""The program of the installed package; `invoke` finds the tasks in a folder's tasks.py."""


class Caller:
    """How this process was called, and so how its commands are typed; `pipeline.cli` says it."""

    program: ClassVar[str] = "invoke"


@dataclass(frozen=True, slots=True)
class Command:
    """An Invoke task with its words and options: `invoke stage web --version 1.0.1`."""

    task: str
    words: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    """Options without a value."""

    def typed(self, environment: str = "") -> str:
        """The command as it must be typed, with `--env` where an environment was chosen."""
        options = dict(self.options)
        if environment and self.task not in WITHOUT_ENVIRONMENT:
            options["env"] = environment
        pairs = (word for name, value in options.items() for word in (f"--{name}", value))
        flags = (f"--{flag}" for flag in self.flags)
        return shlex.join((Caller.program, self.task, *self.words, *pairs, *flags))

    def __str__(self) -> str:
        return self.typed()


@dataclass(frozen=True, slots=True)
class Shell:
    """A command of another program."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Rerun:
    """The command that is running now, once more."""

    def __str__(self) -> str:
        return "the same command again"


@dataclass(frozen=True, slots=True)
class Advice:
    """What the reader may want, and the command for it."""

    wish: str
    command: Command | Shell | Rerun


AdviceList: TypeAlias = tuple[Advice, ...]


def demo() -> Command:
    """`invoke demo`."""
    return Command("demo")


def doctor() -> Command:
    """`invoke doctor`."""
    return Command("doctor")


def create_environment() -> Command:
    """`invoke create-environment`."""
    return Command("create-environment")


def destroy_environment(environment: str) -> Command:
    """`invoke destroy-environment --confirm ENVIRONMENT`."""
    return Command("destroy-environment", (), (("confirm", environment),))


def nightly() -> Command:
    """`invoke nightly`."""
    return Command("nightly")


def build_image(image: str, *, rebuild: bool = False) -> Command:
    """`invoke build-image IMAGE [--rebuild]`."""
    return Command("build-image", (image,), (), _flags(rebuild=rebuild))


def check_image(image: str, version: str) -> Command:
    """`invoke check-image IMAGE --version VERSION`."""
    return Command("check-image", (image,), (("version", version),))


def stage(image: str, version: str = "", *, again: bool = False) -> Command:
    """`invoke stage IMAGE [--version VERSION] [--again]`."""
    options = (("version", version),) if version else ()
    return Command("stage", (image,), options, ("again",) if again else ())


def unstage(image: str, version: str) -> Command:
    """`invoke unstage IMAGE --version VERSION`."""
    return Command("unstage", (image,), (("version", version),))


def preflight(image: str, version: str = "") -> Command:
    """`invoke preflight IMAGE [--version VERSION]`."""
    return Command("preflight", (image,), (("version", version),) if version else ())


def promote(image: str, *, again: bool = False, force: bool = False) -> Command:
    """`invoke promote IMAGE [--again] [--force]`."""
    return Command("promote", (image,), (), _flags(again=again, force=force))


def rollback(image: str, to: str = "", *, force: bool = False) -> Command:
    """`invoke rollback IMAGE [--to VERSION] [--force]`."""
    return Command("rollback", (image,), (("to", to),) if to else (), _flags(force=force))


def rehearse(image: str) -> Command:
    """`invoke rehearse IMAGE`."""
    return Command("rehearse", (image,))


def roll(image: str, version: str = "", *, force: bool = False) -> Command:
    """`invoke roll IMAGE [--version VERSION] [--force]`."""
    options = (("version", version),) if version else ()
    return Command("roll", (image,), options, _flags(force=force))


def revoke(image: str, version: str, why: str = "", *, undo: bool = False) -> Command:
    """`invoke revoke IMAGE VERSION [--why WHY] [--undo]`."""
    options = (("why", why),) if why else ()
    return Command("revoke", (image, version), options, _flags(undo=undo))


def prune(image: str = "") -> Command:
    """`invoke prune [--image IMAGE]`."""
    return Command("prune", (), (("image", image),) if image else ())


def release(image: str) -> Command:
    """`invoke release IMAGE`."""
    return Command("release", (image,))


def status() -> Command:
    """`invoke status`."""
    return Command("status")


def evidence_show(image: str, version: str) -> Command:
    """`invoke evidence.show IMAGE --version VERSION`."""
    return Command("evidence.show", (image,), (("version", version),))


def evidence_verify(image: str, version: str) -> Command:
    """`invoke evidence.verify IMAGE --version VERSION`."""
    return Command("evidence.verify", (image,), (("version", version),))


def report() -> Command:
    """`invoke report newest`, the word that may be left out."""
    return Command("report", (NEWEST_RUN,))


def start_emulator() -> Command:
    """`invoke emulator.start`."""
    return Command("emulator.start")


def stop_emulator() -> Command:
    """`invoke emulator.stop`."""
    return Command("emulator.stop")


def emulator_status() -> Command:
    """`invoke emulator.status`."""
    return Command("emulator.status")


def _flags(**wanted: bool) -> tuple[str, ...]:
    return tuple(name for name, is_wanted in wanted.items() if is_wanted)
