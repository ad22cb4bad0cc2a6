"""The programs `invoke` and `bakeswap`: Invoke's own, with three things of ours.

Set-up puts the first into `.venv/bin/invoke` in place of Invoke's, which takes no version, no
completion and no help from a `tasks.py`: it answers `--version` before it looks for one, and hands
`--help` to the first word that a command lacks. `bakeswap` has the tasks built in, and is what an
installed package is called by. A program of one's own is the way Invoke documents.
"""

from __future__ import annotations

import errno
import inspect
import os
import sys
from pathlib import Path

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError
from invoke.program import Program

from pipeline.advice import NEWEST_RUN, PACKAGE, Caller
from pipeline.completion import Grammar, candidates
from pipeline.project_root import project_root

SCRIPTS = Path(__file__).with_name("completion_scripts")
HELP = frozenset({"--help", "-h"})
LEFT_OUT = {"init": ".", "report": NEWEST_RUN}
"""The word of a command that may be left out, which Invoke knows not, and what is meant then."""
OUTPUT_FAILED = frozenset({errno.EPIPE, errno.ENOSPC, errno.EIO})


class Cli(Program):
    """`invoke`, with our version, with `--help` anywhere, and with completion of what there is."""

    def run(self, argv: list[str] | None = None, exit: bool = True) -> None:
        """All of it. A reader who went away (`invoke --list | head`) is no failure."""
        Caller.program = self.binary
        if sys.stdout is None:  # whoever started us closed it
            sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - it is open until the end
        try:
            try:
                super().run(argv, exit)
            finally:
                sys.stdout.flush()
        except OSError as error:
            if error.errno not in OUTPUT_FAILED:
                raise
            # Python would flush once more when it ends, and complain.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if error.errno != errno.EPIPE:
                sys.exit(f"cannot write: {error.strerror}")

    def print_version(self) -> None:
        """`bakeswap 0.1.0`."""
        from pipeline.version import version  # noqa: PLC0415 - so that nothing else waits for it

        sys.stdout.write(f"{PACKAGE} {version()}\n")

    def parse_core_args(self) -> None:
        """Options before the first command, and our completion scripts in place of Invoke's."""
        super().parse_core_args()
        shell = self.args["print-completion-script"].value
        if shell:
            sys.stdout.write(completion_script(shell))
            raise Exit

    def parse_tasks(self) -> None:
        """Commands and their words; `--help` among them asks about the command it follows."""
        asked = self._asked_about(self.core.unparsed)
        if asked:
            self.args.help.value = asked
            self.core.unparsed = []
        self.core.unparsed = _completed(self.core.unparsed)
        super().parse_tasks()

    def parse_cleanup(self) -> None:
        """What is done instead of commands."""
        if self.args.complete.value:
            # The line as it was typed up to the cursor: a trailing space begins a new word.
            typed = self.core.remainder.split(" ")
            found = candidates(typed, self._grammar(), project_root(Path.cwd()))
            sys.stdout.write("".join(f"{word}\n" for word in found))
            raise Exit
        super().parse_cleanup()

    def print_task_help(self, name: str) -> None:
        """How a command is typed, what it does, its options."""
        context = self.parser.contexts[name]
        form = " [{}]" if name in LEFT_OUT else " {}"
        words = "".join(form.format(word.name.upper()) for word in context.positional_args)
        sys.stdout.write(f"Usage: {self.binary} {name}{words} [options]\n\n")
        sys.stdout.write(f"{inspect.getdoc(self.collection[name])}\n\nOptions:\n\n")
        self.print_columns(context.help_tuples())

    def _asked_about(self, words: list[str]) -> str:
        asking = next((n for n, word in enumerate(words) if word in HELP), 0)
        task_names = self.collection.task_names
        names = {*task_names, *(other for others in task_names.values() for other in others)}
        return next((word for word in reversed(words[:asking]) if word in names), "")

    def _grammar(self) -> Grammar:
        commands = dict(self.parser.contexts.items())
        flags = {
            name: {flag: argument.takes_value for flag, argument in context.flags.items()}
            for name, context in {"": self.initial_context, **commands}.items()
        }
        words = {
            name: tuple(str(argument.name) for argument in context.positional_args)
            for name, context in commands.items()
        }
        return Grammar(flags, words)


def completion_script(shell: str) -> str:
    """What a shell has to read once; ParseError names the shells there are scripts for."""
    scripts = {path.stem: path for path in sorted(SCRIPTS.iterdir())}
    if shell not in scripts:
        raise ParseError(f"no completion for {shell!r}; there is: {', '.join(scripts)}")
    return scripts[shell].read_text()


def _completed(words: list[str]) -> list[str]:
    """The words of a command line, with the one that was left out."""
    if words[:1] and words[0] in LEFT_OUT and all(word.startswith("-") for word in words[1:]):
        return [words[0], LEFT_OUT[words[0]], *words[1:]]
    return words


program = Cli(binary="invoke", binary_names=["invoke", "inv"])


def bakeswap(namespace: Collection) -> Cli:
    """The program with these tasks built in, as the installed package has it."""
    return Cli(namespace=namespace, binary=PACKAGE, binary_names=[PACKAGE])
