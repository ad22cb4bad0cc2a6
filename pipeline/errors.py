"""Every failure the pipeline can report, grouped by who can do something about it.

PipelineError
├── DefinitionError      the author of images/, packer/ or environments.hcl must edit a file
├── Refused              a precondition does not hold; nothing was changed
├── AzureRefused         Azure answered, and the answer was no
├── StillRunning         Azure has not answered yet; the operation goes on without us
├── BuildFailed          packer ended with a failure; nothing of it is left
├── CheckFailed          a machine booted from the image is not what its checks say it should be
└── Unreachable          no answer from the network, a program or a machine we need

Each carries what `tasks.py` prints: the thing, the reason, and the command to go on or back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class PipelineError(Exception):
    """A failure with a reader. `exit_code`: 1 failed, 2 your input, 3 unfinished: go on."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, advice: tuple[tuple[str, str], ...] = ()) -> None:
        """`advice` pairs what the reader may want with the command for it."""
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake in one file: what is wrong, and what would be right."""

    file: str
    line: int
    what: str
    right: str = ""

    def __str__(self) -> str:
        tail = f"; {self.right}" if self.right else ""
        return f"{self.file}:{self.line}: {self.what}{tail}"


class DefinitionError(PipelineError):
    """All mistakes of a run, one line each."""

    exit_code = 2

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in sorted(mistakes)))
        self.mistakes = tuple(sorted(mistakes))


class Refused(PipelineError):
    """A precondition does not hold. Promises that nothing was changed."""


class AzureRefused(PipelineError):
    """Azure said no: `code` and `sentence` are Azure's own, verbatim."""

    def __init__(
        self,
        resource: str,
        code: str,
        sentence: str,
        *,
        advice: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(f"{resource}: {code}: {sentence}", advice=advice)
        self.resource = resource
        self.code = code
        self.sentence = sentence


class StillRunning(PipelineError):
    """Patience ran out; the operation did not fail. `token` continues it."""

    exit_code = 3

    def __init__(self, resource: str, waited: float, token: str = "") -> None:
        super().__init__(
            f"{resource}: not finished after {waited:.0f} s; it goes on without us",
            advice=(("go on waiting", "the same command again"),),
        )
        self.resource = resource
        self.waited = waited
        self.token = token


class BuildFailed(PipelineError):
    """`packer build` ended with a failure."""


class CheckFailed(PipelineError):
    """A machine from the image booted and is not what its checks say; the assertion comes first."""


class Unreachable(PipelineError):
    """Nothing answered: the network, a program that is missing, a machine."""
