"""`invoke` as this checkout has it: Invoke's own program, with three things of ours.

Set-up puts it into `.venv/bin/invoke` in place of Invoke's, which takes no version, no completion
and no help from a `tasks.py`: it answers `--version` before it looks for one, and hands `--help`
to the first word that a command lacks. A program of one's own is the way Invoke documents.
"""

from __future__ import annotations

import errno
import inspect
import os
import sys
import tomllib
from pathlib import Path

from invoke.exceptions import Exit, ParseError
from invoke.program import Program

from pipeline.completion import Grammar, candidates

PROJECT = Path(__file__).resolve().parents[1]
SCRIPTS = Path(__file__).with_name("completion_scripts")
HELP = frozenset({"--help", "-h"})
OUTPUT_FAILED = frozenset({errno.EPIPE, errno.ENOSPC, errno.EIO})


class Cli(Program):
    """`invoke`, with our version, with `--help` anywhere, and with completion of what there is."""

    def run(self, argv: list[str] | None = None, exit: bool = True) -> None:
        """All of it. A reader who went away (`invoke --list | head`) is no failure."""
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
        """`bakeswap 0.1.0`; read when asked for, as nothing else needs it."""
        project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
        sys.stdout.write(f"{project['name']} {project['version']}\n")

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
        super().parse_tasks()

    def parse_cleanup(self) -> None:
        """What is done instead of commands."""
        if self.args.complete.value:
            # The line as it was typed up to the cursor: a trailing space begins a new word.
            typed = self.core.remainder.split(" ")
            found = candidates(typed, self._grammar(), Path.cwd())
            sys.stdout.write("".join(f"{word}\n" for word in found))
            raise Exit
        super().parse_cleanup()

    def print_task_help(self, name: str) -> None:
        """How a command is typed, what it does, its options."""
        context = self.parser.contexts[name]
        words = "".join(f" {argument.name.upper()}" for argument in context.positional_args)
        sys.stdout.write(f"Usage: invoke {name}{words} [options]\n\n")
        sys.stdout.write(f"{inspect.getdoc(self.collection[name])}\n\nOptions:\n\n")
        self.print_columns(context.help_tuples())

    def _asked_about(self, words: list[str]) -> str:
        asking = next((n for n, word in enumerate(words) if word in HELP), 0)
        names = self.collection.task_names
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


program = Cli(binary="invoke", binary_names=["invoke", "inv"])
