"""What a machine says when its check failed, kept beside the check's log before it is deleted.

Each question has its own time limit, and what is not answered is left out: the failure that led
here is told in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

from pipeline.advice import Advice, Shell
from pipeline.definition.files import relative
from pipeline.errors import PipelineError
from pipeline.execution.azure.console import console
from pipeline.execution.hosts import Host, SshHost
from pipeline.execution.run.work import Work
from pipeline.execution.ssh import answer
from pipeline.output.harmless import without_control
from pipeline.planning.build.steps import OnMachine
from pipeline.planning.names import check_machine_id
from pipeline.state_files import naming, write_private

FOLDER = "machine"
"""In a run's folder."""
SECONDS = 30.0
"""For each question."""
LINES = 2000
"""Of the journal, the newest."""

FAILED_UNITS = "failed-units.txt"
JOURNAL = "journal.txt"
CONSOLE = "console.txt"
KEY = "key"
"""0600; it opens the kept machine and nothing else."""

ENTRY = "password"
"""0600; as the key, of a machine of Windows."""

_QUESTIONS: Mapping[str, str] = {
    FAILED_UNITS: "systemctl --failed --no-legend --plain --no-pager",
    JOURNAL: f"sudo -n journalctl --boot --no-pager --lines {LINES}",
}


def keep(step: OnMachine, work: Work, host: Host | None) -> tuple[str, tuple[Advice, ...]]:
    """Keep its failed units and journal, where `host` still answers SSH, and its console.

    Answers the failed units in one line, "" for none, and where the rest can be read.
    """
    folder = work.run.folder / FOLDER
    kept = {name: text for name, text in _asked(step, work, host) if text.strip()}
    with suppress(PipelineError):
        folder.mkdir(exist_ok=True, mode=0o700)
        for name, text in kept.items():
            write_private(folder / name, without_control(text))
    units = [line.split()[0] for line in kept.get(FAILED_UNITS, "").splitlines() if line.split()]
    where = relative(work.session.project.root, folder)
    advice = Advice("what the machine said", Shell(f"ls {where}"))
    told = f"failed units: {', '.join(units)}" if units else ""
    return told, (advice,) if kept else ()


def way_in(work: Work, host: Host) -> tuple[Advice, ...]:
    """Keep the run's key or password, which would go with the run; how to log in with it."""
    folder = work.run.folder / FOLDER
    with naming(folder):
        folder.mkdir(exist_ok=True, mode=0o700)
    if not isinstance(host, SshHost):
        write_private(folder / ENTRY, host.password)
        read = Shell(f"cat {relative(work.session.project.root, folder / ENTRY)}")
        words = f"log in to its machine, {host.address}, as {host.user} with the password in"
        return (Advice(words, read),)
    key = folder / KEY
    write_private(key, (work.run.access.folder / "key").read_text())
    where = relative(work.session.project.root, key)
    options = f"-i {where} -o IdentitiesOnly=yes -p {host.port}"
    return (Advice("log in to its machine", Shell(f"ssh {options} {host.user}@{host.address}")),)


def last_lines(work: Work, count: int) -> str:
    """The end of the console that was kept, "" without one."""
    try:
        text = (work.run.folder / FOLDER / CONSOLE).read_text()
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines()[-count:])


def _asked(step: OnMachine, work: Work, host: Host | None) -> Iterator[tuple[str, str]]:
    if isinstance(host, SshHost):
        for name, command in _QUESTIONS.items():
            work.seen = f"asking the machine for {name}"
            work.still_waiting()
            at = host.address, host.port
            told = answer(host.config, host.user, at, command, SECONDS)
            yield name, told.decode(errors="replace")
    with suppress(PipelineError, OSError):
        where = check_machine_id(work.azure.environment, step.group, step.machine)
        yield CONSOLE, console(work.azure, where)
