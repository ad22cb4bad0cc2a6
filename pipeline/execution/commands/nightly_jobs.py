"""`nightly --jobs N`: so many images at once, each in a process of its own.

The processes are `nightly` of one image, as jobs of CI are: two runs on one machine exclude each
other as two machines do. They have no terminal: what one told is told here when it has ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pipeline.advice import Caller
from pipeline.errors import ImagesFailed, Unreachable
from pipeline.execution.commands.nightly_rows import Row, in_short
from pipeline.execution.patience import PROCESS
from pipeline.execution.run.session import Session
from pipeline.execution.wait import wait_until
from pipeline.output.ci.agents import TOLD_BY_ANOTHER
from pipeline.output.facts import Work
from pipeline.output.replaying import Fact, facts_in, now_in, replay
from pipeline.planning.fleet.results import FAILED
from pipeline.project_root import PROGRAMS
from pipeline.state_files import make_folder, naming, read_bytes, read_mapping

JOB: Final = "pipeline.cli_tasks.nightly_job"
"""The program."""
FOLDER: Final = "nights"
"""Under `.pipeline`: what processes tell, as long as they are at work."""
TICK: Final = 0.25
"""Seconds between two looks at all processes."""
SIGNAL_ENDED: Final = 128
"""Added to a signal's number in an exit code."""


@dataclass(slots=True)
class _Job:
    """One image's process: what it tells goes into `told`, what became of it into `result`."""

    image: str
    process: subprocess.Popen[bytes]
    folder: Path
    began: float
    offset: int = 0
    now: str = "begins"
    facts: list[Fact] = field(default_factory=list)

    def read(self) -> None:
        """The facts that came since."""
        path = _told(self.folder)
        with naming(path), path.open("rb") as file:
            file.seek(self.offset)
            whole, newline, _ = file.read().rpartition(b"\n")
        self.offset += len(whole) + len(newline)
        for fact in facts_in(whole.decode(errors="replace")):
            self.now = now_in(fact) or self.now
            self.facts.append(fact)


def beside_each_other(
    session: Session,
    images: Sequence[str],
    jobs: int,
    *,
    verify: bool,
    ended: Callable[[str, tuple[Row, ...]], None],
) -> None:
    """Build these images, `jobs` of them at once; an image after the one that it is made of.

    `ended` is told the rows of each when it has ended. A first Ctrl-C lets the processes clean up
    and begins no more, a second ends them at once; KeyboardInterrupt comes when all have ended.
    Raises Unreachable when one cannot be started, StateFileError where what they tell cannot be
    kept: none goes on.
    """
    kept = make_folder(session.evidence / FOLDER)
    with tempfile.TemporaryDirectory(dir=kept) as folder:
        night = _Jobs(session, list(images), jobs, verify, Path(folder), ended)
        try:
            night.carry_out()
        finally:
            night.end()


class _Jobs:
    def __init__(
        self,
        session: Session,
        waiting: list[str],
        jobs: int,
        verify: bool,
        folder: Path,
        ended: Callable[[str, tuple[Row, ...]], None],
    ) -> None:
        self._session = session
        self._waiting = waiting
        self._most = jobs
        self._verify = verify
        self._folder = folder
        self._ended = ended
        self._jobs: dict[str, _Job] = {}
        self._parents = {image.name: image.parent for image in session.project.images}

    def carry_out(self) -> None:
        """All of them; see `beside_each_other`."""
        output, interruption = self._session.output, self._session.clock.interruption
        interrupted = False
        while True:
            try:
                self._until_all_ended()
                break
            except KeyboardInterrupt:
                interruption.notice()
                self._waiting.clear()
                self._interrupt()
                if not interrupted and self._jobs:
                    names = ", ".join(self._jobs)
                    output.say(f"interrupted: {names} clean up (Ctrl-C again stops at once)")
                interrupted = True
        if interrupted:
            raise KeyboardInterrupt

    def end(self) -> None:
        """Begin no more, and let what still runs clean up."""
        self._waiting.clear()
        self._interrupt()
        for job in self._jobs.values():
            job.process.wait()

    def _until_all_ended(self) -> None:
        wait_until(
            self._turn,
            "images",
            patience=PROCESS,
            clock=self._session.clock,
            every=TICK,
            still_waiting=lambda _: self._tell(),
        )
        self._tell()

    def _turn(self) -> bool | None:
        """Look at all of them once; a signal waits so long, that none is lost from sight."""
        with self._session.clock.interruption.deferred():
            self._look()
        return None if self._jobs or self._waiting else True

    def _look(self) -> None:
        for job in tuple(self._jobs.values()):
            code = job.process.poll()
            job.read()
            if code is not None:
                del self._jobs[job.image]
                self._finish(job, code)
        for image in tuple(self._waiting):
            if len(self._jobs) < self._most and self._is_free(image):
                self._waiting.remove(image)
                self._jobs[image] = self._start(image)

    def _is_free(self, image: str) -> bool:
        """Whether nothing that it is made of is to be built before it."""
        parent = self._parents[image]
        while parent:
            if parent in self._waiting or parent in self._jobs:
                return False
            parent = self._parents.get(parent, "")  # one with mistakes is not known
        return True

    def _start(self, image: str) -> _Job:
        session = self._session
        folder = self._folder / image
        make_folder(folder)
        words = ["--root", str(session.project.root), "--env", session.environment.name]
        words += ["--result", str(_result(folder)), *(("--verify",) if self._verify else ())]
        typed = (Caller.program, *sys.argv[1:])
        with naming(folder):
            told, errors = _told(folder).open("wb"), _errors(folder).open("wb")
        with told, errors:
            try:
                process = subprocess.Popen(
                    [sys.executable, "-m", JOB, *words, image, "--", *typed],
                    cwd=PROGRAMS,
                    env={**os.environ, TOLD_BY_ANOTHER: "true"},
                    stdin=subprocess.DEVNULL,
                    stdout=told,
                    stderr=errors,
                    start_new_session=True,  # Ctrl-C comes from here, once
                )
            except OSError as error:
                raise Unreachable(f"{sys.executable}: {error.strerror}") from error
        return _Job(image, process, folder, session.clock.now())

    def _finish(self, job: _Job, code: int) -> None:
        """Tell what it told, as if it had happened just now."""
        self._tell()
        for fact in job.facts:
            if not _says_it_failed(fact):
                replay(fact, self._session.output)
        rows = _rows(job)
        if not rows:
            words = read_bytes(_errors(job.folder)).decode(errors="replace").strip()
            if words:
                self._session.output.say(words)
            rows = (Row(job.image, "", FAILED, _why(job, code)),)
        self._ended(job.image, rows)

    def _interrupt(self) -> None:
        for job in self._jobs.values():
            job.process.send_signal(signal.SIGINT)

    def _tell(self) -> None:
        now = self._session.clock.now()
        works = tuple(Work(one.image, one.now, now - one.began) for one in self._jobs.values())
        self._session.output.at_work(works)


def _says_it_failed(fact: Fact) -> bool:
    """The last words of a night: they are said once, of all images."""
    return fact["event"] == "error" and fact.get("error") == ImagesFailed.__name__


def _rows(job: _Job) -> tuple[Row, ...]:
    """As its document has them; none where it left none."""
    if not _result(job.folder).exists():
        return ()
    document: Mapping[str, list[Mapping[str, object]]] = read_mapping(_result(job.folder))
    return tuple(Row.of(one) for one in document["images"])


def _why(job: _Job, code: int) -> str:
    """Its last error, else how its process ended."""
    errors = [fact for fact in job.facts if fact["event"] == "error"]
    if errors:
        return in_short(str(errors[-1].get("error", "")), str(errors[-1].get("text", "")))
    if code < 0:
        return f"its process was ended by signal {-code}"
    if code == SIGNAL_ENDED + signal.SIGINT:
        return "interrupted"
    return f"its process ended with exit code {code}"


def _told(folder: Path) -> Path:
    return folder / "told.jsonl"


def _errors(folder: Path) -> Path:
    return folder / "errors"


def _result(folder: Path) -> Path:
    return folder / "result.json"
