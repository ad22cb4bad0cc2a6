"""Every failure the pipeline can report, grouped by who can do something about it.

PipelineError
├── DefinitionError      the author of images/, packer/ or environments.hcl must edit a file
├── UsageError           a word on the command line names nothing that is there
├── Refused              a precondition does not hold; this run has changed nothing
├── Overtaken            someone else changed what the plan was made for; the step was not begun
├── AzureRefused         Azure answered, and the answer was no
├── StillRunning         Azure has not finished yet and is still working
├── BuildFailed          packer ended with a failure; nothing of it is left
├── CheckFailed          a machine booted from the image is not what its checks say it should be
├── ImagesFailed         some images of a nightly run failed; the others had their turn
├── NotConfirmed         a frontend did not answer as it should within its patience
├── WatchFailed          production lost more requests than it may, or fell ill, while watched
├── SignInFailed         no credential, or one that was turned down
├── Unreachable          no answer from the network, a program or a machine we need
├── ToldByAnother        a process that this one started failed, and told why
└── StateFileError       a file of this project's state cannot be read or written

Each carries what `tasks.py` prints: the thing, the reason, and the command to go on or back.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.advice import Advice, AdviceList, Rerun


class PipelineError(Exception):
    """A failure with a reader. `exit_code`: 1 failed, 2 your input, 3 unfinished: rerun."""

    exit_code: int = 1

    def __init__(self, message: str, *, advice: AdviceList = ()) -> None:
        super().__init__(message)
        self.advice = advice

    @property
    def kind(self) -> str:
        """Its place in the list above, as it is shown."""
        return type(self).__name__


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
    """All mistakes of a run, one line each, and each once."""

    exit_code = 2

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(map(str, self.mistakes)))


class UsageError(PipelineError):
    """What was typed names an image, a version or an environment that is not there."""

    exit_code = 2


class Refused(PipelineError):
    """A precondition does not hold. Raised only before the first write of a run."""


class Overtaken(PipelineError):
    """Someone else changed what the plan was made for. The step that noticed changed nothing."""


class AzureRefused(PipelineError):
    """Azure said no: `code` and `sentence` are Azure's own, verbatim.

    `status` is that of the answer, 0 where an operation failed; `retry_after` the seconds after
    which Azure asks to be asked again, 0 where it names none.
    """

    def __init__(
        self,
        resource: str,
        code: str,
        sentence: str,
        *,
        status: int = 0,
        retry_after: float = 0.0,
        advice: AdviceList = (),
    ) -> None:
        super().__init__(f"{resource}: {code}: {sentence}", advice=advice)
        self.resource = resource
        self.code = code
        self.sentence = sentence
        self.status = status
        self.retry_after = retry_after


class StillRunning(PipelineError):
    """Patience ran out; the operation did not fail. `token` continues it."""

    exit_code = 3

    def __init__(self, resource: str, waited: float, token: str = "") -> None:
        super().__init__(
            f"{resource}: not finished after {waited:.0f} s; Azure is still working",
            advice=(Advice("keep waiting", Rerun()),),
        )
        self.resource = resource
        self.waited = waited
        self.token = token


class BuildFailed(PipelineError):
    """`packer build` ended with a failure; its machine and its resource group are gone."""


class CheckFailed(PipelineError):
    """A machine from the image booted and is not what its checks say; the assertion comes first."""


class ImagesFailed(PipelineError):
    """Images of a nightly run failed; each failure was told when it happened."""


class NotConfirmed(PipelineError):
    """A frontend did not answer as it should until patience ran out; tells what was seen."""


class WatchFailed(PipelineError):
    """Production is not as it should be after a swap or a roll: what was counted, or who is ill."""


class SignInFailed(PipelineError):
    """There is no credential, or it was turned down."""


class Unreachable(PipelineError):
    """Nothing answered: the network, a program that is missing, a machine.

    `nothing_listens`: the address of Azure refused the connection.
    """

    def __init__(
        self, message: str, *, advice: AdviceList = (), nothing_listens: bool = False
    ) -> None:
        super().__init__(message, advice=advice)
        self.nothing_listens = nothing_listens


class ToldByAnother(PipelineError):
    """What another process failed with: `kind` and `exit_code` are those of its error."""

    def __init__(
        self, message: str, *, kind: str, exit_code: int = 1, advice: AdviceList = ()
    ) -> None:
        super().__init__(message, advice=advice)
        self._kind = kind
        self.exit_code = exit_code

    @property
    def kind(self) -> str:
        """That of the error over there."""
        return self._kind


class StateFileError(PipelineError):
    """A file of `.pipeline` or of the emulator's state cannot be used; `path` is which."""

    def __init__(self, path: Path, problem: str, *, advice: AdviceList = ()) -> None:
        super().__init__(f"{path}: {problem}", advice=advice)
        self.path = path
        self.problem = problem
