"""Asking apt itself, in folders of our own, without root and without a machine."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipeline.errors import Unreachable
from pipeline.planning.packages import answers, asking, prediction
from pipeline.planning.packages.answers import Offers, Simulation
from pipeline.planning.packages.changes import Change, changes, classified, fixes
from pipeline.planning.packages.dpkg import Version, by_place, installed
from pipeline.planning.packages.prediction import Asked, Prediction
from pipeline.planning.packages.state import AptState, Snapshot, named
from pipeline.state_files import make_folder, naming, read_bytes, write_private

PROGRAM: Final = "apt-get"
CACHE: Final = "apt-cache"
SECONDS: Final = 300.0
"""For one question to apt: its indexes may have to be fetched whole."""
TRIES: Final = 4
"""How often a question is asked again without what no index has."""
ANSWERS: Final = "answers"
"""In a folder of sources: what apt answered from the lists that are there."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """Where one set of sources is asked."""

    path: Path
    state: AptState

    def at(self, snapshot: Snapshot) -> Path:
        """The folder of a snapshot, with what apt reads of it."""
        return self.path / "states" / asking.snapshot_key(snapshot)


class AptIndexes:
    """Debian's and Ubuntu's, asked for one state."""

    def __init__(self, state: AptState) -> None:
        self._state = state

    @property
    def key(self) -> str:
        """Of the sources, what is preferred among them, and the architectures."""
        return asking.key_of(self._state)

    def require(self) -> None:
        """Raise Unreachable where apt is not."""
        if shutil.which(PROGRAM) is None:
            raise Unreachable(
                f"{PROGRAM} is not on this machine: the indexes of Debian and Ubuntu can only be"
                " asked where apt is"
            )

    def refresh(self, folder: Path, *, fetches: bool) -> None:
        """Fetch the lists that changed, by conditional requests."""
        if fetches:
            _refresh(_Folder(folder, self._state))
        elif not any((folder / asking.LISTS).glob("*Release")):
            raise Unreachable("its package indexes were not asked on this machine yet")

    def foretell(self, folder: Path, *, upgrades: bool) -> Prediction:
        """Upon the base what the bake installed by name, then what it has besides."""
        with _tidied(folder, self._state) as at:
            asked = prediction.first_question(at.state, upgrades=upgrades)
            asked, answer, unasked = _simulated(at, asked)
            if further := prediction.next_question(at.state, asked, answer):
                further, answer, more = _simulated(at, further)
                asked, unasked = further, unasked | more
            packages = prediction.foretold(at.state, asked, answer, unasked)
            found = changes(installed(at.state.now.status), packages, Version)
            return Prediction(packages, _classified(at, found), asked.way, tuple(sorted(unasked)))

    def open_fixes(self, folder: Path) -> tuple[Change, ...]:
        """The installed packages that a security suite has a newer version of."""
        with _tidied(folder, self._state) as at:
            packages = installed(at.state.now.status)
            names = {place: named(at.state, place) for place in by_place(packages)}
            return fixes(packages, _offered(at, sorted(names.values())), names, Version)

    def classes(self, folder: Path, found: Sequence[Change]) -> tuple[Change, ...]:
        """As far as the lists still tell."""
        with _tidied(folder, self._state) as at:
            return _classified(at, found)


@contextmanager
def _tidied(folder: Path, state: AptState) -> Iterator[_Folder]:
    yield _Folder(folder, state)
    for cache in folder.glob("states/*/pkgcache.bin"):
        cache.unlink(missing_ok=True)  # as large as the lists, and made in a second


def _refresh(folder: _Folder) -> None:
    files = asking.files_of(folder.state, str(folder.path))
    for path in (f"{asking.LISTS}/partial", "archives/partial", f"{asking.ROOT}/etc/apt"):
        make_folder(folder.path / path)
    for name in ("sources.list.d", "preferences.d", "trusted.gpg.d"):
        make_folder(folder.path / asking.ROOT / "etc" / "apt" / name)
    for path, content in files.items():
        target = folder.path / path
        make_folder(target.parent)
        with naming(target):
            target.write_bytes(content)
    _apt(folder, folder.state.now, PROGRAM, asking.REFRESH)
    _forget_answers(folder)


def _forget_answers(folder: _Folder) -> None:
    """What apt answered from other lists than these."""
    lists = sorted((folder.path / asking.LISTS).glob("*Release"))
    told = hashlib.sha256(b"".join(map(read_bytes, lists))).hexdigest()
    kept = folder.path / ANSWERS / "lists"
    if not kept.exists() or kept.read_text() != told:
        shutil.rmtree(kept.parent, ignore_errors=True)
        write_private(kept, told)


def _simulated(folder: _Folder, asked: Asked) -> tuple[Asked, Simulation, frozenset[str]]:
    """The answer, without the packages that no index has: those are named."""
    unasked: frozenset[str] = frozenset()
    for _ in range(TRIES):
        ended = _run(folder, asked.upon, PROGRAM, asked.question.words)
        if ended.returncode == 0:
            return asked, answers.simulation(ended.stdout), unasked
        unknown = answers.unknown(ended.stderr)
        if not unknown:
            break
        unasked |= unknown
        asked = prediction.without(asked, unknown)
    raise Unreachable(f"{PROGRAM}: {answers.first_error(ended.stderr)}")


def _classified(folder: _Folder, found: Sequence[Change]) -> tuple[Change, ...]:
    """The changes with their classes."""
    state = folder.state
    names = {
        (one.name, one.architecture): named(state, (one.name, one.architecture))
        for one in found
        if one.old and one.new
    }
    return classified(found, _offered(folder, list(names.values())), names, Version)


def _offered(folder: _Folder, names: Sequence[str]) -> Offers:
    """All versions of packages that the indexes have."""
    if not names:
        return {}
    about = _apt(folder, folder.state.now, CACHE, ("policy",))
    told = _apt(folder, folder.state.now, CACHE, ("policy", *names))
    return answers.offers(told, answers.security_files(about))


def _apt(folder: _Folder, upon: Snapshot, program: str, words: Sequence[str]) -> str:
    """What a program of apt printed; raises Unreachable with its first error."""
    ended = _run(folder, upon, program, words)
    if ended.returncode:
        raise Unreachable(f"{program}: {answers.first_error(ended.stderr)}")
    return ended.stdout


def _run(
    folder: _Folder, upon: Snapshot, program: str, words: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    at = folder.at(upon)
    question = json.dumps((at.name, program, *words))
    kept = folder.path / ANSWERS / hashlib.sha256(question.encode()).hexdigest()
    is_kept = words != asking.REFRESH
    if is_kept and kept.exists():
        return subprocess.CompletedProcess(*json.loads(read_bytes(kept)))
    ended = _ended(folder, upon, program, words)
    if is_kept:
        write_private(kept, json.dumps(([], ended.returncode, ended.stdout, ended.stderr)))
    return ended


def _ended(
    folder: _Folder, upon: Snapshot, program: str, words: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    at = folder.at(upon)
    conf = at / asking.CONF
    if not conf.exists():
        write_private(at / "status", upon.status)
        write_private(at / "extended_states", upon.extended_states)
        write_private(conf, asking.conf(folder.state, str(folder.path), str(at)))
    surroundings = {name: value for name, value in os.environ.items() if name != "APT_CONFIG"}
    try:
        return subprocess.run(
            [program, "-c", str(conf), *words],
            env={**surroundings, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{program}: no answer in {SECONDS:.0f} s") from None
    except OSError as error:
        raise Unreachable(f"{program}: {error.strerror}") from error
