"""What a shell may offer for the word that is being typed: commands, options, and what they name.

Reads names from files and nothing else, so that it answers at once, and offers nothing where
something is amiss: the command itself will say what.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.seen_versions import seen

PROGRAMS = frozenset({"invoke", "inv", "bakeswap"})
DEFAULT_ENVIRONMENT = "local"
MACHINES = ("qemu", "simulated")
LARGEST = 1_000_000
"""Characters of `environments.hcl` that are looked at."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """By command, "" for none: its options and whether each takes a value, its words in order."""

    options: Mapping[str, Mapping[str, bool]]
    words: Mapping[str, tuple[str, ...]]


@dataclass(slots=True)
class _Typed:
    """What stands before the word that is being typed."""

    command: str = ""
    words: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    wants: str = ""
    """The option whose value comes next."""


def candidates(line: Sequence[str], grammar: Grammar, root: Path) -> list[str]:
    """What the last word of a command line can become; `root` is the folder it is typed in."""
    *before, last = _after_program(line)
    typed = _read(before, grammar)
    option, is_joined, _ = last.partition("=")
    if is_joined:
        last, typed.wants = last[len(option) + 1 :], option
    offers = _offers(typed, last, grammar, root)
    return [offer for offer in offers if offer.startswith(last)]


def _after_program(line: Sequence[str]) -> Sequence[str]:
    """Without what comes before `invoke` or `bakeswap`: a folder, variables; never empty."""
    names = [Path(word).name for word in line]
    found = next((n for n, name in enumerate(names) if name in PROGRAMS), -1)
    return line[found + 1 :] or [""]


def _read(words: Iterable[str], grammar: Grammar) -> _Typed:
    typed = _Typed()
    for word in filter(None, words):
        option, is_joined, value = word.partition("=")
        if typed.wants:
            typed.options[typed.wants], typed.wants = word, ""
        elif grammar.options.get(typed.command, {}).get(option):
            typed.options[option] = value
            typed.wants = "" if is_joined else option
        elif word in grammar.words and not _lacks_word(typed, grammar):
            typed = _Typed(word)
        elif not word.startswith("-"):
            typed.words.append(word)
    return typed


def _lacks_word(typed: _Typed, grammar: Grammar) -> bool:
    return len(typed.words) < len(grammar.words.get(typed.command, ()))


def _offers(typed: _Typed, last: str, grammar: Grammar, root: Path) -> Iterable[str]:
    if typed.wants:
        return _values(typed.wants.lstrip("-"), typed, root)
    if last.startswith("-"):
        return sorted({*grammar.options.get(typed.command, ()), "--help"})
    if _lacks_word(typed, grammar):
        return _values(grammar.words[typed.command][len(typed.words)], typed, root)
    return sorted(grammar.words)


def _values(name: str, typed: _Typed, root: Path) -> Iterable[str]:
    match name:
        case "env" | "e":
            return environments(root)
        case "image" | "i":
            return images(root)
        case "version" | "v" if typed.words:
            environment = typed.options.get("--env") or typed.options.get("-e") or chosen(root)
            return seen(root / ".pipeline", environment, typed.words[0])
        case "machines" | "m":
            return MACHINES
        case "help":
            return ()
    return ()


def images(root: Path) -> list[str]:
    """The folders of images; what is in them may be wrong."""
    return sorted(path.parent.name for path in root.glob("images/*/image.hcl"))


def environments(root: Path) -> list[str]:
    """The environments that `environments.hcl` seems to declare."""
    path = root / "environments.hcl"
    try:
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(LARGEST)
    except OSError:
        return []
    return re.findall(r'^\s*environment\s+"([\w.-]+)"', text, re.MULTILINE)


def chosen(root: Path) -> str:
    """The environment that a command without `--env` would work in."""
    declared = environments(root)
    only = declared[0] if len(declared) == 1 else DEFAULT_ENVIRONMENT
    return os.environ.get("BAKESWAP_ENV") or only
