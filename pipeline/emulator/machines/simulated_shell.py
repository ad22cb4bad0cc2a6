"""The few commands that a simulated machine answers, as an idle Linux would.

Nothing runs on the host: a command line is read, files are looked up and changed below the disk's
own folder, and whatever is not known here ends with status 127. An uploaded script is not
interpreted, but for one rule: a line `exit N` that is not indented decides its status; without one
it ends with 0.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SEPARATORS = frozenset({";", "\n", "&&", "||"})
_EXIT_LINE = re.compile(rb"^exit (\d{1,3})\s*$", re.MULTILINE)
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_SHELLS = frozenset({"sh", "bash", "dash"})
_SILENT = frozenset(
    {"true", ":", "set", "export", "cd", "sync", "waagent", "umask", "chown", "chmod", "sleep"}
)


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended, and what it said."""

    status: int = 0
    stdout: str = ""
    stderr: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell on a simulated machine: `root` is the folder that holds its file system."""

    root: Path
    hostname: str
    user: str

    def run(self, command: str) -> Result:
        """Answer one command line."""
        try:
            words = _words(command)
        except ValueError as error:
            return Result(2, "", f"sh: syntax error: {error}\n")
        if {"|", "&", "(", ")"} & set(words):
            return Result(2, "", "sh: a simulated machine has no pipes, jobs or subshells\n")
        status, out, err = 0, "", ""
        for separator, simple in _commands(words):
            if (separator == "&&" and status) or (separator == "||" and not status):
                continue
            result = self._simple(simple)
            status, out, err = result.status, out + result.stdout, err + result.stderr
            if simple[:1] == ["exit"]:
                break
        return Result(status, out, err)

    def path(self, name: str) -> Path:
        """Where a file of the machine lies on the host; never outside the machine's own folder."""
        inside = os.path.normpath(f"/{name}").lstrip("/")
        found = (self.root / inside).resolve()
        return found if found.is_relative_to(self.root.resolve()) else self.root

    def _simple(self, words: list[str]) -> Result:
        words = _unwrap(words)
        if not words:
            return Result()
        name, arguments = words[0], words[1:]
        known = name.rsplit("/", 1)[-1] if name.startswith(("/bin/", "/usr/", "/sbin/")) else name
        if known in _SHELLS:
            return self._shell(arguments)
        if known in _SILENT:
            return Result()
        if known in _COMMANDS:
            return _COMMANDS[known](self, arguments)
        if "/" in name and self.path(name).is_file():
            return self._script(name)
        return Result(127, "", f"sh: {name}: not found\n")

    def _shell(self, arguments: list[str]) -> Result:
        for index, argument in enumerate(arguments):
            if argument.startswith("-") and argument.endswith("c") and index + 1 < len(arguments):
                return self.run(arguments[index + 1])
            if not argument.startswith("-"):
                return self._script(argument)
        return Result()

    def _script(self, name: str) -> Result:
        path = self.path(name)
        if not path.is_file():
            return Result(127, "", f"sh: {name}: not found\n")
        return Result(status_of(path.read_bytes()))


def status_of(script: bytes) -> int:
    """How a script ends that is not interpreted."""
    decided = _EXIT_LINE.search(script)
    return int(decided[1]) if decided else 0


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(command.replace("\\\n", " "), posix=True, punctuation_chars=";&|<>()\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    return _without_redirections([word for word in lexer if word])


def _without_redirections(words: list[str]) -> list[str]:
    kept: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif set(word) <= {"<", ">", "&"} and set(word) & {"<", ">"}:
            skip = True
            if kept and kept[-1].isdigit():
                kept.pop()
        else:
            kept.append("\n" if set(word) == {"\n"} else word)
    return kept


def _commands(words: list[str]) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = [(";", [])]
    for word in words:
        if word in SEPARATORS:
            found.append((word, []))
        else:
            found[-1][1].append(word)
    return [(separator, simple) for separator, simple in found if simple]


def _unwrap(words: list[str]) -> list[str]:
    """Drop `NAME=value`, `env`, `exec` and `sudo` with its options in front of a command."""
    rest = list(words)
    while rest:
        if _ASSIGNMENT.match(rest[0]) or rest[0] in {"env", "exec", "nohup", "command"}:
            if rest[0] == "command" and rest[1:2] == ["-v"]:
                return ["which", *rest[2:]]
            rest = rest[1:]
        elif rest[0] in {"sudo", "/usr/bin/sudo"}:
            rest = rest[1:]
            while rest and rest[0].startswith("-"):
                rest = rest[2:] if rest[0] in {"-u", "-g", "-p"} else rest[1:]
        else:
            break
    return rest


def _operands(arguments: list[str]) -> list[str]:
    return [argument for argument in arguments if not argument.startswith("-")]


def _cat(shell: Shell, arguments: list[str]) -> Result:
    out, err = "", ""
    for name in _operands(arguments):
        path = shell.path(name)
        if path.is_file():
            out += path.read_text(errors="replace")
        else:
            err += f"cat: {name}: No such file or directory\n"
    return Result(1 if err else 0, out, err)


def _rm(shell: Shell, arguments: list[str]) -> Result:
    forced = any("f" in argument for argument in arguments if argument.startswith("-"))
    missing = ""
    for name in _operands(arguments):
        path = shell.path(name)
        if path.is_dir() and path != shell.root:
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
        elif not forced:
            missing += f"rm: cannot remove '{name}': No such file or directory\n"
    return Result(1 if missing else 0, "", missing)


def _mkdir(shell: Shell, arguments: list[str]) -> Result:
    for name in _operands(arguments):
        shell.path(name).mkdir(parents=True, exist_ok=True)
    return Result()


def _mv(shell: Shell, arguments: list[str]) -> Result:
    source, target = (shell.path(name) for name in _operands(arguments)[:2])
    if not source.exists():
        return Result(1, "", f"mv: cannot stat '{arguments[0]}': No such file or directory\n")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(source, target)
    return Result()


def _test(shell: Shell, arguments: list[str]) -> Result:
    match [argument for argument in arguments if argument != "]"]:
        case ["!", *rest]:
            return Result(0 if _test(shell, rest).status else 1)
        case [("-e" | "-r" | "-w" | "-x"), name]:
            holds = shell.path(name).exists()
        case ["-f", name]:
            holds = shell.path(name).is_file()
        case ["-d", name]:
            holds = shell.path(name).is_dir()
        case ["-n", text]:
            holds = bool(text)
        case ["-z", text]:
            holds = not text
        case [one, ("=" | "=="), other]:
            holds = one == other
        case _:
            holds = False
    return Result(0 if holds else 1)


def _which(shell: Shell, arguments: list[str]) -> Result:
    name = (arguments or [""])[0]
    is_known = name in _COMMANDS or name in _SILENT or name in _SHELLS
    return Result(0, f"/usr/bin/{name}\n") if is_known else Result(1)


def _uname(shell: Shell, arguments: list[str]) -> Result:
    parts = {"-m": "x86_64", "-r": "6.1.0-cloud-amd64", "-n": shell.hostname}
    return Result(0, parts.get("".join(arguments), "Linux") + "\n")


def _exit(shell: Shell, arguments: list[str]) -> Result:
    code = (arguments or ["0"])[0]
    return Result(int(code) % 256 if code.isdigit() else 2)


_COMMANDS: dict[str, Callable[[Shell, list[str]], Result]] = {
    "[": _test,
    "cat": _cat,
    "echo": lambda shell, arguments: Result(0, " ".join(arguments) + "\n"),
    "exit": _exit,
    "false": lambda shell, arguments: Result(1),
    "journalctl": lambda shell, arguments: Result(0, "-- No entries --\n"),
    "systemctl": lambda shell, arguments: Result(),
    "hostname": lambda shell, arguments: Result(0, f"{shell.hostname}\n"),
    "mkdir": _mkdir,
    "mv": _mv,
    "rm": _rm,
    "test": _test,
    "uname": _uname,
    "which": _which,
    "whoami": lambda shell, arguments: Result(0, f"{shell.user}\n"),
}
