"""Whether an image's scripts upgrade what its base brought, by their words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_APT: Final = re.compile(r"\b(?:apt|apt-get|aptitude)\b[^\n;&|#]*\b(?:dist-|full-|safe-)?upgrade\b")
_RPM: Final = re.compile(r"\b(?:dnf5?|dnf-3|yum|microdnf|tdnf)(?=\s)([^;&|]*)")
_VERBS: Final = frozenset({"distro-sync", "update", "upgrade"})
_SOME: Final = re.compile(r"--(?:advisor|bugfix|bz|cve|enhancement|newpackage|sec)")
"""Options by which only some packages are upgraded."""
_MUTED: Final = re.compile(r"\d*>.*")


def names_an_upgrade(scripts: Iterable[str]) -> bool:
    """Whether one says `apt-get upgrade`, `dnf -y update` or the like, of all packages.

    Packages that are named are asked for by name anyway, as all that a bake made newer.
    """
    lines = (line.partition("#")[0] for text in scripts for line in text.splitlines())
    return any(_APT.search(line) or _upgrades_rpms(line) for line in lines)


def _upgrades_rpms(line: str) -> bool:
    return any(_is_of_all(match[1].split()) for match in _RPM.finditer(line))


def _is_of_all(words: list[str]) -> bool:
    options = [word for word in words if word[:1] == "-"]
    others = [word for word in words if word[:1] != "-" and not _MUTED.fullmatch(word)]
    return len(others) == 1 and others[0] in _VERBS and not any(map(_SOME.match, options))
