"""One line of a pre-flight: what was looked at, what Azure says, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

from pipeline.advice import Advice, AdviceList, Shell
from pipeline.planning.preflight.facts import Known, Unknown

Result = Literal["ok", "warning", "FAILED", "unknown"]
"""`FAILED` keeps a version from being staged; the others do not."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is what was looked at, `fix` what to ask for, `advice` the commands that do it."""

    check: str
    result: Result
    what: str
    fix: str = ""
    advice: AdviceList = ()

    @property
    def is_fine(self) -> bool:
        """Whether nothing is to be done."""
        return self.result == "ok"

    def __str__(self) -> str:
        return f"{self.check}: {self.what}{f'; {self.fix}' if self.fix else ''}"


def ok(check: str, what: str) -> Finding:
    """Looked at, and good."""
    return Finding(check, "ok", what)


def failed(check: str, what: str, fix: str = "", *advice: Advice) -> Finding:
    """Azure would refuse the stage, or the stage would never become healthy."""
    return Finding(check, "FAILED", what, fix, advice)


def warning(check: str, what: str, fix: str = "", *advice: Advice) -> Finding:
    """The stage succeeds, and something is wrong later."""
    return Finding(check, "warning", what, fix, advice)


def az(wish: str, command: str) -> Advice:
    """A command of the Azure CLI."""
    return Advice(wish, Shell(f"az {command}"))


def known(check: str, fact: Known[T], judge: Callable[[T], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings about a fact, or the one that it could not be known."""
    if isinstance(fact, Unknown):
        yield Finding(check, "unknown", f"could not be known: {fact.why}")
    else:
        yield from judge(fact)
