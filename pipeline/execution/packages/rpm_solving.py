"""Asking libsolv what an rpm image would install: the only module that knows `solv`.

It reads lists of packages from XML once, and keeps them in a form of its own beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pipeline.errors import Unreachable
from pipeline.execution.packages.rpm_fetching import Published, fetch
from pipeline.execution.packages.rpm_unpacking import missing_extra, pieces
from pipeline.planning.evidence.inventory import Package
from pipeline.planning.packages import rpm_state
from pipeline.planning.packages.orders import newest_by_place
from pipeline.planning.packages.rpm_index import FILES, PRIMARY
from pipeline.planning.packages.rpm_repos import Repository
from pipeline.planning.packages.rpm_state import MODULAR, NATIVE, Place, Relation, Rpm, Wanted
from pipeline.planning.packages.rpm_version import Version
from pipeline.state_files import naming

LIBRARY: Final = "solv"
_READS_FILES: Final = "FL"
"""The "language" by which libsolv reads lists of files."""


@dataclass(frozen=True, slots=True)
class Solved:
    """What would be installed, and what was asked for and no repository has."""

    packages: tuple[Package, ...]
    unknown: tuple[Place, ...]


def require() -> None:
    """Raise Unreachable where the library is not there, or does not run here."""
    try:
        import_module(LIBRARY)
    except ImportError as error:
        raise missing_extra(LIBRARY) from error


class Resolver:
    """A pool of the packages of some repositories, and of one machine."""

    def __init__(self, architecture: str, known: Sequence[Published]) -> None:
        """`known`: what is here of the repositories; raises Unreachable where it is damaged."""
        import solv  # noqa: PLC0415 - only where the extra is installed

        self._solv = solv
        self._architecture = architecture
        self._known = known
        self._pool = solv.Pool()
        self._pool.setdisttype(solv.Pool.DISTTYPE_RPM)
        self._pool.setarch(architecture)
        self._repos = [self._loaded(one) for one in known]
        self._hidden = frozenset(self._not_considered())
        self._pool.set_disabled_list(list(self._hidden))
        self._pool.addfileprovides()
        self._pool.createwhatprovides()
        self._dependencies: dict[Relation, Any] = {}

    def versions(self, name: str, architecture: str) -> tuple[str, ...]:
        """All that the repositories have of a package."""
        return tuple(one.evr for one in self._named(name) if one.arch == architecture)

    def solve(self, wanted: Wanted, installed: Iterable[Rpm]) -> Solved:
        """What the machine would have; raises Unreachable with what libsolv says cannot be.

        `installed` is all that it has: of that, what no repository has stays as it is.
        """
        found = {place: self._candidates(place) for place in wanted.installed}
        unknown = tuple(place for place, candidates in found.items() if not candidates)
        kept = (rpm for rpm in installed if rpm.place in unknown)
        machine = self._machine((*wanted.upon, *kept))
        left, problem = self._tried(wanted, found, machine)
        if (problem or self._is_held_back(wanted, left)) and self._with_files():
            left, problem = self._tried(wanted, found, machine)
        if problem:
            raise Unreachable(f"libsolv: {problem}")
        return Solved(left, unknown)

    def _loaded(self, known: Published) -> Any:
        """A repository, from libsolv's own form where that is here."""
        solv, path = self._solv, known.file(PRIMARY)
        repo = self._pool.add_repo(known.repository.name)
        repo.priority = -known.repository.priority
        if path is None:
            return repo
        own = path.with_name(f"{path.name}-{version(LIBRARY)}.solv")
        if own.exists() and repo.add_solv(solv.xfopen(str(own)), solv.Repo.SOLV_ADD_NO_STUBS):
            return repo
        with _plain(path, known.data[PRIMARY].open_size) as plain:
            if not repo.add_rpmmd(solv.xfopen(str(plain)), None, 0):
                raise Unreachable(f"{known.repository.name}: {path.name}: {self._pool.errstr}")
        part = own.with_name("part")
        with naming(part), part.open("wb") as file:
            writer = solv.xfopen_fd(None, file.fileno())
            repo.write(writer)
            writer.close()
        with naming(own):
            part.replace(own)
        return repo

    def _not_considered(self) -> Iterator[int]:
        """Packages that are not considered: of module streams, and what the settings exclude."""
        for known, repo in zip(self._known, self._repos, strict=True):
            repository = known.repository
            for one in repo.solvables_iter():
                if MODULAR.search(one.evr) or _is_excluded(repository, one):
                    yield one.id

    def _named(self, name: str) -> list[Any]:
        found = self._pool.str2id(name, False)
        if not found:
            return []
        every = self._pool.whatprovides(found)
        return [one for one in every if one.nameid == found and not one.isinstalled()]

    def _candidates(self, place: Place) -> list[Any]:
        """Of the same architecture; else of the machine's, as a package may change it."""
        name, architecture = place
        every = self._named(name)
        native = NATIVE | {self._architecture}
        found = [one for one in every if one.arch == architecture]
        found = found or [one for one in every if one.arch in native]
        if not found:
            return []
        # Who is asked for what another package obsoletes installs that one; libsolv chooses.
        newest = max(found, key=lambda one: Version(one.evr))
        others = self._pool.whatmatchessolvable(self._solv.SOLVABLE_OBSOLETES, newest)
        return [
            *found,
            *(one for one in others if one.arch in native and one.id not in self._hidden),
        ]

    def _machine(self, rpms: Iterable[Rpm]) -> Mapping[int, Rpm]:
        """What is installed, in the pool; by libsolv's number."""
        repo = self._pool.add_repo("installed")
        found = {}
        adding = {
            rpm_state.PROVIDES: "add_provides",
            rpm_state.OWNS: "add_provides",
            rpm_state.REQUIRES: "add_requires",
            rpm_state.CONFLICTS: "add_conflicts",
            rpm_state.OBSOLETES: "add_obsoletes",
        }
        for rpm in rpms:
            one = repo.add_solvable()
            one.name, one.evr, one.arch = (
                *(rpm.package.name, rpm.package.version),
                rpm.package.architecture,
            )
            for word, relations in rpm.relations.items():
                add = getattr(one, adding[word])
                for relation in relations:
                    if dependency := self._dependency(relation):
                        add(dependency)
            found[one.id] = rpm
        self._pool.installed = repo
        self._pool.addfileprovides()
        self._pool.createwhatprovides()
        return found

    def _dependency(self, relation: Relation) -> Any:
        if relation not in self._dependencies:
            self._dependencies[relation] = self._made(relation)
        return self._dependencies[relation]

    def _made(self, relation: Relation) -> Any:
        if relation.name.startswith("("):
            return self._pool.parserpmrichdep(relation.name)
        plain = self._pool.Dep(relation.name)
        solv = self._solv
        signs = {"<": solv.REL_LT, "=": solv.REL_EQ, ">": solv.REL_GT}
        flags = sum(number for sign, number in signs.items() if sign in relation.flags)
        return plain.Rel(flags, self._pool.Dep(relation.version)) if flags else plain

    def _jobs(
        self, wanted: Wanted, found: Mapping[Place, list[Any]], machine: Mapping[int, Rpm]
    ) -> Iterator[Any]:
        pool, job = self._pool, self._solv.Job
        for candidates in found.values():
            if candidates:
                which = pool.towhatprovides([one.id for one in candidates])
                yield pool.Job(job.SOLVER_INSTALL | job.SOLVER_SOLVABLE_ONE_OF, which)
        renewed = set(wanted.upgraded)
        for number, rpm in machine.items():
            if rpm.is_modular:
                yield pool.Job(job.SOLVER_LOCK | job.SOLVER_SOLVABLE, number)
            elif rpm.place in renewed:
                yield pool.Job(job.SOLVER_UPDATE | job.SOLVER_SOLVABLE, number)
        if wanted.upgrades_all:
            yield pool.Job(job.SOLVER_UPDATE | job.SOLVER_SOLVABLE_ALL, 0)

    def _tried(
        self, wanted: Wanted, found: Mapping[Place, list[Any]], machine: Mapping[int, Rpm]
    ) -> tuple[tuple[Package, ...], str]:
        """What would be left, and why it cannot be, in libsolv's words."""
        solver = self._pool.Solver()
        for flag in ("ALLOW_VENDORCHANGE", "BEST_OBEY_POLICY", "YUM_OBSOLETES", "KEEP_ORPHANS"):
            solver.set_flag(getattr(solver, f"SOLVER_FLAG_{flag}"), 1)
        solver.set_flag(solver.SOLVER_FLAG_IGNORE_RECOMMENDED, 1)
        problems = solver.solve(list(self._jobs(wanted, found, machine)))
        if problems:
            return (), problems[0].findproblemrule().info().problemstr()
        return tuple(sorted(self._left(solver, machine))), ""

    def _is_held_back(self, wanted: Wanted, left: Sequence[Package]) -> bool:
        """Whether something that is asked for is not the newest there is: a file may be missing."""
        asked = {*wanted.installed, *wanted.upgraded}
        if wanted.upgrades_all:
            asked |= {rpm.place for rpm in wanted.upon if not rpm.is_modular}
        found = newest_by_place(left, Version)
        return any(
            Version(found[place].version) < Version(self._newest(place) or found[place].version)
            for place in asked & found.keys()
        )

    def _newest(self, place: Place) -> str:
        """Of the repositories with the first priority that have it; "" where none has."""
        every = [one for one in self._named(place[0]) if one.arch == place[1]]
        first = max((one.repo.priority for one in every), default=0)
        return max(
            (str(one.evr) for one in every if one.repo.priority == first), key=Version, default=""
        )

    def _with_files(self) -> bool:
        """Fetch and read which package has which file; whether any repository tells."""
        solv, found = self._solv, False
        flags = solv.Repo.REPO_EXTEND_SOLVABLES | solv.Repo.REPO_LOCALPOOL
        for known, repo in zip(self._known, self._repos, strict=True):
            path = fetch(known, FILES)
            if path is not None:
                with _plain(path, known.data[FILES].open_size) as plain:
                    repo.add_rpmmd(solv.xfopen(str(plain)), _READS_FILES, flags)
                found = True
        if found:
            self._pool.addfileprovides()
            self._pool.createwhatprovides()
        return found

    def _left(self, solver: Any, machine: Mapping[int, Rpm]) -> Iterator[Package]:
        transaction = solver.transaction()
        for one in transaction.keptpackages():
            yield machine[one.id].package
        for one in transaction.newpackages():
            source = rpm_state.source_of(one.lookup_sourcepkg() or "")
            yield Package(one.name, one.evr, one.arch, *source)


@contextmanager
def _plain(path: Path, size: int) -> Iterator[Path]:
    """A list, unpacked into a file for as long as it is read."""
    plain = path.with_name("plain.xml")
    try:
        with naming(plain), plain.open("wb") as file:
            for piece in pieces(path, size):
                file.write(piece)
        yield plain
    finally:
        plain.unlink(missing_ok=True)


def _is_excluded(repository: Repository, one: Any) -> bool:
    if not repository.excluded and not repository.included:
        return False
    names = (one.name, f"{one.name}.{one.arch}", f"{one.name}-{one.evr}", str(one))
    is_included = not repository.included or _matches(names, repository.included)
    return not is_included or _matches(names, repository.excluded)


def _matches(names: Iterable[str], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)
