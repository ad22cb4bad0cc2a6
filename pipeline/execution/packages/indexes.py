"""Asking package indexes by apt itself, in folders of our own, without root and without a machine.

The user's cache holds a folder for each set of sources, which all images with the same sources
share: its lists are refreshed by apt's own conditional requests, once for each `Indexes`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from pipeline.errors import StateFileError, Unreachable
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
KEPT: Final = 12
"""Folders of sources that are kept, those used last; one may hold 60 MB."""


def cache_folder() -> Path:
    """The user's own: CI keeps it between runs, checkouts share it."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "bakeswap" / "packages"


@dataclass(frozen=True, slots=True)
class _Folder:
    """Where one set of sources is asked."""

    path: Path
    state: AptState

    def at(self, snapshot: Snapshot) -> Path:
        """The folder of a snapshot, with what apt reads of it."""
        return self.path / "states" / asking.snapshot_key(snapshot)


class Indexes:
    """What package indexes have now; may be asked by several threads."""

    def __init__(self, cache: Path | None = None, *, fetches: bool = True) -> None:
        """`fetches`: lists are refreshed first; otherwise those of the last time must do."""
        self._fetches = fetches
        self._cache = cache or cache_folder()
        self._locks: dict[str, Lock] = defaultdict(Lock)
        self._refreshed: dict[str, Unreachable | None] = {}

    def foretell(self, state: AptState, *, upgrades: bool) -> Prediction:
        """What the bake of a version would install today.

        `upgrades`: a script of it upgrades all packages. Raises Unreachable where the indexes, or
        apt, cannot be had; StateFileError when the cache cannot be written.
        """
        with self._folder(state) as folder:
            asked = prediction.first_question(state, upgrades=upgrades)
            asked, answer, unasked = _simulated(folder, asked)
            if further := prediction.next_question(state, asked, answer):
                further, answer, more = _simulated(folder, further)
                asked, unasked = further, unasked | more
            packages = prediction.foretold(state, asked, answer, unasked)
            found = changes(installed(state.now.status), packages, Version)
            return Prediction(
                packages, _classified(folder, found), asked.way, tuple(sorted(unasked))
            )

    def open_fixes(self, state: AptState) -> tuple[Change, ...]:
        """The installed packages that a security suite has a newer version of; errors as above."""
        with self._folder(state) as folder:
            packages = installed(state.now.status)
            names = {place: named(state, place) for place in by_place(packages)}
            return fixes(packages, _offered(folder, sorted(names.values())), names, Version)

    def classes(self, state: AptState, found: Sequence[Change]) -> tuple[Change, ...]:
        """Changes with their classes, as far as the indexes still tell; errors as above."""
        with self._folder(state) as folder:
            return _classified(folder, found)

    @contextmanager
    def _folder(self, state: AptState) -> Iterator[_Folder]:
        """The folder of the state's sources, refreshed, alone in it."""
        if shutil.which(PROGRAM) is None:
            raise Unreachable(
                f"{PROGRAM} is not on this machine: the indexes of Debian and Ubuntu can only be"
                " asked where apt is"
            )
        key = asking.key_of(state)
        with self._locks[key]:
            folder = _Folder(make_folder(self._cache / key), state)
            with _alone(folder.path / "lock", waits=self._fetches):
                if key not in self._refreshed:
                    self._refreshed[key] = _refreshed(folder) if self._fetches else _there(folder)
                    _forget_old_ones(self._cache)
                if failed := self._refreshed[key]:
                    raise Unreachable(str(failed))
                yield folder
                for cache in folder.path.glob("states/*/pkgcache.bin"):
                    cache.unlink(missing_ok=True)  # as large as the lists, and made in a second


def _refreshed(folder: _Folder) -> Unreachable | None:
    """Fetch what changed; what is wrong with that."""
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
    try:
        _apt(folder, folder.state.now, PROGRAM, asking.REFRESH)
    except Unreachable as error:
        return error
    _forget_answers(folder)
    return None


def _there(folder: _Folder) -> Unreachable | None:
    """What is wrong where lists of an earlier time must do."""
    if any((folder.path / asking.LISTS).glob("*Release")):
        return None
    return Unreachable("its package indexes were not asked on this machine yet")


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


@contextmanager
def _alone(path: Path, *, waits: bool) -> Iterator[None]:
    """Alone among all processes of this user; waits for its turn, or raises Unreachable."""
    with naming(path), path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError:
            raise Unreachable("another run asks its package indexes just now") from None
        os.utime(path, (time.time(), time.time()))
        yield


def _forget_old_ones(cache: Path) -> None:
    """Remove the folders that nobody used for longest."""
    with suppress(OSError, StateFileError):
        used = sorted(cache.glob("*/lock"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in used[KEPT:]:
            shutil.rmtree(path.parent, ignore_errors=True)
