"""The table of rooms (docs/architecture.md): who may import whom, and who owns which library."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
LONGEST_MODULE = 300


@dataclass(frozen=True, slots=True)
class Part:
    """What one room may import: our own modules and third-party libraries, by prefix.

    A room is a package or a module; the row with the longest name that a module is in counts.
    """

    ours: frozenset[str]
    libraries: frozenset[str] = frozenset()
    pure: bool = False

    def allows(self, module: str) -> bool:
        """Whether a module of this part may import `module`."""
        top = module.partition(".")[0]
        if top == "pipeline":
            return _under(module, self.ours)
        if top in sys.stdlib_module_names:
            return not (self.pure and top in IMPURE)
        return _under(module, self.libraries)


def _under(module: str, prefixes: frozenset[str]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


SHARED = frozenset({"pipeline.advice", "pipeline.arm", "pipeline.errors"})

# Two word lists, that the formatter would give fifty lines.
# fmt: off
# What a pure part must not know: network, clock, environment, processes, chance.
IMPURE = frozenset({
    "asyncio", "concurrent", "datetime", "getpass", "http", "io", "logging",
    "multiprocessing", "os", "platform", "random", "secrets", "select", "shutil", "signal",
    "socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
})

# Looking at files is what pathlib can do that a pure part must not, but for one loading module.
READS_FILES = frozenset({
    "exists", "glob", "is_dir", "is_file", "iterdir", "open", "read_bytes", "read_text",
    "rglob", "stat",
})
# fmt: on


def emulator_room(*rooms: str, libraries: tuple[str, ...] = ()) -> Part:
    """A room of the emulator: may import other rooms of it, and nothing else of ours."""
    return Part(
        frozenset(f"pipeline.emulator.{room}" for room in rooms), libraries=frozenset(libraries)
    )


EMULATOR = {
    "pipeline.emulator": emulator_room(),  # the package itself; each new module needs a row
    "pipeline.emulator.__main__": emulator_room("command_line"),
    "pipeline.emulator.command_line": emulator_room(
        *("address_block", "app", "files", "machines.seam", "state_folder")
    ),
    "pipeline.emulator.app": emulator_room(
        *(
            "address_block",
            "arm",
            "edge",
            "identity",
            "machines",
            "network.data_path",
            "providers",
            "state_folder",
            "vault.vaults",
            "storage",
        ),
        libraries=("aiohttp",),
    ),
    "pipeline.emulator.providers": emulator_room(
        *("arm", "authorization", "compute", "insights", "network", "policy", "resources", "vault")
    ),
    "pipeline.emulator.address_block": emulator_room("files"),
    "pipeline.emulator.state_folder": emulator_room("files"),
    "pipeline.emulator.files": emulator_room("serialization"),
    "pipeline.emulator.serialization": emulator_room(),
    "pipeline.emulator.models": emulator_room("models"),
    "pipeline.emulator.arm": emulator_room(
        *("arm", "files", "identity.sealing", "identity.tokens", "machines.seam", "models"),
        "serialization",
    ),
    "pipeline.emulator.balancer": emulator_room("balancer", "files"),
    "pipeline.emulator.identity": emulator_room("identity", "files", libraries=("cryptography",)),
    "pipeline.emulator.machines": emulator_room("machines", "files", libraries=("asyncssh",)),
    "pipeline.emulator.edge": emulator_room(
        "edge", "arm", "files", "identity", "machines.seam", "storage", libraries=("aiohttp",)
    ),
    "pipeline.emulator.storage": emulator_room("storage", "files"),
    "pipeline.emulator.resources": emulator_room("resources", "arm"),
    "pipeline.emulator.authorization": emulator_room("authorization", "arm"),
    "pipeline.emulator.insights": emulator_room("insights", "arm"),
    "pipeline.emulator.policy": emulator_room("arm"),
    "pipeline.emulator.vault": emulator_room(
        *("vault", "arm", "identity.keys", "identity.tokens"), libraries=("cryptography",)
    ),
    "pipeline.emulator.network": emulator_room(
        "network", "arm", "balancer", "machines.seam", "models"
    ),
    "pipeline.emulator.compute": emulator_room(
        # A scale set's model is refused for load balancing rules: only the network knows those.
        *("compute", "arm", "machines.seam", "network.shared_pools"),
        *("files", "identity.sealing", "models", "serialization"),
    ),
}


def planning_room(*rooms: str, libraries: tuple[str, ...] = ()) -> Part:
    """A room of planning: pure, may import definitions and these rooms."""
    ours = frozenset(f"pipeline.planning.{room}" for room in rooms)
    return Part(SHARED | {"pipeline.definition"} | ours, frozenset(libraries), pure=True)


PLANNING = {
    "pipeline.planning": planning_room(),  # the package itself; each new module needs a row
    "pipeline.planning.names": planning_room(),
    "pipeline.planning.record_names": planning_room("names"),
    "pipeline.planning.machine_names": planning_room("names"),
    "pipeline.planning.sharing": planning_room("names"),
    "pipeline.planning.referring": planning_room(),
    "pipeline.planning.denials": planning_room(),
    "pipeline.planning.table": planning_room(),
    "pipeline.planning.ages": planning_room(),
    "pipeline.planning.writable": planning_room(),
    "pipeline.planning.plan": planning_room(),
    "pipeline.planning.flaky": planning_room("names"),
    "pipeline.planning.versions": planning_room("flaky", "names"),
    "pipeline.planning.security": planning_room(),
    "pipeline.planning.windows": planning_room(),
    "pipeline.planning.traits": planning_room("names", "security"),
    "pipeline.planning.hardware": planning_room("security", "traits"),
    "pipeline.planning.rights": planning_room(),
    "pipeline.planning.lineage": planning_room("versions"),
    "pipeline.planning.claims": planning_room("claims", "table"),
    "pipeline.planning.evidence": planning_room(
        "evidence", "names", "table", libraries=("packageurl",)
    ),
    "pipeline.planning.packages": planning_room("packages", "ages", "evidence", "names", "table"),
    "pipeline.planning.adopt": planning_room(
        "adopt", "names", "referring", "swap.load_balancer", "swap.state"
    ),
    "pipeline.planning.landing_zone": planning_room(
        *("landing_zone", "hardware", "names", "plan", "record_names", "referring", "security"),
        *("sharing", "traits", "windows", "writable"),
    ),
    "pipeline.planning.build": planning_room(
        *("build", "claims", "denials", "hardware", "machine_names", "names", "packages", "plan"),
        *("evidence.inventory", "security", "traits", "versions", "windows"),
    ),
    "pipeline.planning.swap": planning_room(
        *("swap", "ages", "names", "plan", "security", "table", "traits", "versions"),
        *("watch", "windows", "writable"),
    ),
    "pipeline.planning.preflight": planning_room(
        *("preflight", "denials", "hardware", "names", "plan", "security", "swap.scale_set_body"),
        *("swap.steps", "table", "traits", "versions", "watch.steps", "windows"),
    ),
    "pipeline.planning.plugin": planning_room(),
    "pipeline.planning.doctor": planning_room(
        *("doctor", "build.access", "names", "plugin", "preflight", "rights", "table"),
        "windows",
    ),
    "pipeline.planning.cost": planning_room("cost", "ages", "names", "swap", "table", "versions"),
    "pipeline.planning.prune": planning_room(
        *("prune", "ages", "swap", "build.steps", "names", "plan", "versions", "writable"),
        "evidence.canonical",
    ),
    "pipeline.planning.rehearse": planning_room("rehearse", "names", "plan", "swap", "watch.steps"),
    "pipeline.planning.roll": planning_room(
        "roll", "swap", "names", "plan", "versions", "watch.steps"
    ),
    "pipeline.planning.revoke": planning_room(
        "revoke", "claims.claim", "plan", "swap.leaving", "swap.survey", "versions"
    ),
    "pipeline.planning.watch": planning_room("watch"),
    "pipeline.planning.report": planning_room("report", "swap.backend", "swap.survey"),
    "pipeline.planning.fleet": planning_room("fleet", "ages", "claims", "swap.status", "table"),
    "pipeline.planning.steps": planning_room(
        *("build.steps", "landing_zone.steps", "prune.steps", "rehearse.steps", "revoke.steps"),
        "roll.steps",
        *("swap.steps", "watch.steps"),
    ),
}


def execution_room(*rooms: str, libraries: tuple[str, ...] = ()) -> Part:
    """A room of execution: may import definitions, all of planning, and these rooms."""
    ours = frozenset(f"pipeline.execution.{room}" for room in rooms)
    below = {"pipeline.definition", "pipeline.planning", "pipeline.output", "pipeline.state_files"}
    below |= {"pipeline.seen_versions"}
    return Part(SHARED | below | ours, frozenset(libraries))


WAITING = ("interruption", "patience", "wait")
EXECUTION = {
    "pipeline.execution": execution_room(),  # the package itself; each new module needs a row
    "pipeline.execution.patience": execution_room(),
    "pipeline.execution.ages": execution_room(),
    "pipeline.execution.interruption": execution_room(),
    "pipeline.execution.wait": execution_room("interruption", "patience"),
    "pipeline.execution.checks": Part(
        execution_room("hosts", "verdict", "wait").ours | {"pipeline.hygiene"}
    ),
    "pipeline.execution.hosts": execution_room(),
    "pipeline.execution.verdict": execution_room(),
    "pipeline.execution.passwords": execution_room(),
    "pipeline.execution.ssh": execution_room("passwords", libraries=("cryptography",)),
    "pipeline.execution.winrm": execution_room(),
    # Where the extra is: testinfra's own backend, which needs pywinrm.
    "pipeline.execution.winrm_backend": execution_room(
        "hosts", "verdict", libraries=("requests", "testinfra", "winrm")
    ),
    "pipeline.execution.azure": execution_room("azure", "ages", *WAITING, libraries=("azure",)),
    "pipeline.execution.report": execution_room(
        *("report", "run", "swap.survey", "verdict", "build.last_words")
    ),
    "pipeline.execution.fleet": execution_room(
        *("fleet", "ages", "azure.side_by_side", "claims", "run", "swap.survey")
    ),
    "pipeline.execution.dashboard": execution_room(
        "dashboard", "report.pages", libraries=("aiohttp",)
    ),
    "pipeline.execution.run": execution_room("run", "azure", "ssh", *WAITING),
    "pipeline.execution.claims": execution_room("claims", "azure", "run", *WAITING),
    "pipeline.execution.packer": execution_room(
        "packer", "azure.credential_file", "azure.federation", *WAITING
    ),
    "pipeline.execution.adopt": execution_room("adopt", "azure", "run"),
    "pipeline.execution.packages": execution_room(
        *("packages", "azure.side_by_side", "checks", "evidence.reading", "run", "ssh", "verdict")
    ),
    "pipeline.execution.packages.rpm_unpacking": execution_room(),
    "pipeline.execution.packages.rpm_signing": execution_room(),
    "pipeline.execution.packages.rpm_web": execution_room(),
    "pipeline.execution.packages.rpm_fetching": execution_room(
        "packages.rpm_signing", "packages.rpm_web"
    ),
    # Where the extra is: libsolv.
    "pipeline.execution.packages.rpm_solving": execution_room(
        "packages.rpm_fetching", "packages.rpm_unpacking", libraries=("solv",)
    ),
    "pipeline.execution.landing_zone": execution_room("landing_zone", "azure", "run", *WAITING),
    "pipeline.execution.build": execution_room(
        *("build", "azure", "checks", "claims", "hosts", "packages.gathering", "packer", "run"),
        *("evidence.recording", "ssh", "verdict", "watch.exchange", "winrm"),
        *WAITING,
    ),
    "pipeline.execution.evidence": Part(
        execution_room("evidence", "azure", "checks", "run", "verdict").ours | {"pipeline.version"},
        frozenset({"azure", "cryptography"}),
    ),
    "pipeline.execution.swap": execution_room(
        *("swap", "azure", "claims", "passwords", "run", "ssh"), *WAITING
    ),
    "pipeline.execution.watch": execution_room(
        *("watch", "azure", "checks", "run", "swap.instances", "swap.survey"), *WAITING
    ),
    "pipeline.execution.cost": execution_room("azure", "run", "swap.survey"),
    "pipeline.execution.prune": execution_room(
        *("prune", "ages", "azure", "evidence.store", "evidence.stores", "run", "swap"), *WAITING
    ),
    "pipeline.execution.rehearse": execution_room(
        "rehearse", "azure", "claims", "run", "swap", *WAITING
    ),
    "pipeline.execution.roll": execution_room(
        *("roll", "azure", "claims", "run", "swap", "watch"), *WAITING
    ),
    "pipeline.execution.revoke": execution_room(
        *("revoke", "azure", "claims.held", "run", "swap.survey"), *WAITING
    ),
    "pipeline.execution.preflight": execution_room("preflight", "azure", "run"),
    "pipeline.execution.doctor": execution_room(
        *("doctor", "azure", "build.way", "landing_zone.survey", "packer.tools"),
        *("preflight.survey", "run", "winrm", "evidence.keys", "evidence.signing"),
    ),
    "pipeline.execution.runner": execution_room(
        *("run", "claims", "build.steps", "landing_zone.steps", "prune.steps", "report"),
        *("rehearse.steps", "revoke.steps", "roll.steps", "swap.steps", "watch.steps"),
    ),
    "pipeline.execution.commands": Part(  # `nightly` starts a program of ours
        execution_room(
            *("ages", "checks", "claims", "commands", "dashboard", "fleet", "packages", "packer"),
            *("report", "run", "runner", "winrm"),
            *(
                "adopt.survey",
                "azure.bases",
                "azure.vault",
                "azure.versions",
                "build.fitness",
                "build.survey",
                "cost.survey",
                "doctor.survey",
                "evidence",
            ),
            "landing_zone.survey",
            *("preflight.survey", "prune.evidence", "prune.survey", "revoke.survey"),
            *("swap.protected", "swap.survey", "azure.side_by_side", *WAITING),
        ).ours
        | {"pipeline.project_root"}
    ),
}

_PROVIDERS = {"authorization", "compute", "insights", "network", "policy", "resources", "vault"}

_OF_TASKS = (
    SHARED
    | {"pipeline.cli_tasks", "pipeline.definition", "pipeline.output", "pipeline.local"}
    | {"pipeline.execution.report.keeping"}
    | {"pipeline.execution.run.session", "pipeline.execution.wait", "pipeline.project_root"}
    | {"pipeline.demo", "pipeline.scaffold"}
)

_OF_PAGES = SHARED | {
    f"pipeline.{name}"
    for name in ("output.drawing", "planning.ages", "planning.fleet", "planning.report")
}

PARTS = {
    "pipeline": Part(frozenset()),  # the package itself, with no code
    "pipeline.errors": Part(SHARED),
    "pipeline.arm": Part(SHARED),
    "pipeline.advice": Part(SHARED),
    "pipeline.state_files": Part(SHARED),
    "pipeline.version": Part(SHARED),
    "pipeline.project_root": Part(frozenset()),
    "pipeline.scaffold": Part(
        SHARED | {f"pipeline.{name}" for name in ("output", "scaffold", "state_files", "version")}
    ),
    "pipeline.output": Part(
        SHARED | {"pipeline.output", "pipeline.planning.table"}, frozenset({"rich"})
    ),
    "pipeline.output.replaying": Part(SHARED | {"pipeline.output.facts", "pipeline.planning.plan"}),
    "pipeline.output.page": Part(_OF_PAGES, frozenset({"jinja2"})),
    "pipeline.output.drawing": Part(_OF_PAGES),
    "pipeline.definition": Part(
        SHARED | {"pipeline.definition", "pipeline.project_root"},
        frozenset({"hcl2", "lark"}),  # lark is python-hcl2's parser: its tree has the lines
        pure=True,
    ),
    "pipeline.hygiene": Part(frozenset({"pipeline.hygiene"}), pure=True),
    "pipeline.hygiene.test_bakeswap_hygiene": Part(  # run by pytest, in a process of its own
        frozenset({"pipeline.hygiene"}), frozenset({"pytest", "testinfra"})
    ),
    **PLANNING,
    **EXECUTION,
    **EMULATOR,
    "pipeline.demo": Part(
        SHARED
        | {"pipeline.output", "pipeline.execution.watch.prober"}
        | {"pipeline.definition.balancing", "pipeline.definition.files"}
        | {"pipeline.definition.project", "pipeline.planning.watch", "pipeline.project_root"}
    ),  # a user of the commands, scripted
    "pipeline.local": Part(  # the emulator as a process, without importing it
        SHARED
        | {"pipeline.state_files", "pipeline.execution.azure.credential_file"}
        | {"pipeline.project_root"}
        | {f"pipeline.execution.{module}" for module in WAITING}
    ),
    "pipeline.cli": Part(
        SHARED | {"pipeline.completion", "pipeline.project_root", "pipeline.version"},
        frozenset({"invoke"}),
    ),
    "pipeline.completion": Part(frozenset({"pipeline.seen_versions"})),
    "pipeline.seen_versions": Part(frozenset()),  # written by commands, read while somebody types
    "pipeline.required_plugins": Part(  # what set-up asks, by the virtual environment's Python
        frozenset({"pipeline.definition"})
    ),
    "pipeline.setup": Part(frozenset({"pipeline.setup"})),  # runs before any library is there
    "pipeline.cli_tasks": Part(_OF_TASKS, frozenset({"invoke"})),
    "pipeline.cli_tasks.adopt": Part(
        _OF_TASKS | {"pipeline.execution.commands"}, frozenset({"invoke"})
    ),
    "pipeline.cli_tasks.holding": Part(
        _OF_TASKS | {"pipeline.execution.commands"}, frozenset({"invoke"})
    ),
    "pipeline.cli_tasks.costing": Part(
        _OF_TASKS | {"pipeline.execution.commands"}, frozenset({"invoke"})
    ),
    "pipeline.cli_tasks.rehearsing": Part(
        _OF_TASKS | {"pipeline.execution.commands"}, frozenset({"invoke"})
    ),
    "pipeline.cli_tasks.reporting": Part(
        _OF_TASKS | {"pipeline.execution.commands"}, frozenset({"invoke"})
    ),
    "pipeline.cli_tasks.evidence": Part(
        _OF_TASKS | {"pipeline.execution.commands"}, frozenset({"invoke"})
    ),
    "pipeline.cli_tasks.revoking": Part(
        _OF_TASKS | {"pipeline.execution.commands"}, frozenset({"invoke"})
    ),
    "pipeline.cli_tasks.nightly_job": Part(
        _OF_TASKS | {"pipeline.execution.commands"}, frozenset({"invoke"})
    ),
    "pipeline.cli_tasks.packages": Part(
        _OF_TASKS | {"pipeline.execution.commands"}, frozenset({"invoke"})
    ),
    "pipeline.cli_tasks.rolling": Part(
        _OF_TASKS | {"pipeline.execution.commands", "pipeline.planning.roll.steps"},
        frozenset({"invoke"}),
    ),
    "tasks": Part(
        _OF_TASKS | {"pipeline.cli", "pipeline.execution.commands"},
        frozenset({"invoke"}),
    ),
}


@cache
def modules() -> dict[str, Path]:
    """Every module of ours by its dotted name, but tests."""
    files = [*REPOSITORY.glob("pipeline/**/*.py"), *REPOSITORY.glob("tasks.py")]
    return {dotted(file.relative_to(REPOSITORY)): file for file in files}


def dotted(file: Path) -> str:
    """The name a file in the repository is imported by."""
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The name of the row for a module: the longest that it is in."""
    return max((room for room in PARTS if _under(module, frozenset({room}))), key=len)


def part_of(module: str) -> Part:
    """The row of the table for a module."""
    return PARTS[room_of(module)]


def imported_rooms(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Which rooms the modules of each room import."""
    graph: dict[str, set[str]] = {room: set() for room in PARTS}
    for module, imported in imported_modules(sources).items():
        graph[room_of(module)] |= {room_of(other) for other in imported} - {room_of(module)}
    return graph


def imported_modules(sources: Mapping[str, str]) -> dict[str, set[str]]:
    """Which modules of ours each module imports, wherever in it, also for types only.

    `from package import name` means the module of that name where there is one.
    """
    return {
        module: {
            found
            for name in imports(source)
            if (found := _module_of(name, sources)) and found != module
        }
        for module, source in sources.items()
    }


def _module_of(name: str, known: Collection[str]) -> str:
    """`a.b.c` → the longest of `a.b.c`, `a.b` and `a` that is a module; "" for a library."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


def circles(graph: Mapping[str, set[str]]) -> list[tuple[str, ...]]:
    """Groups of modules that import each other, directly or through others."""
    reached = {module: _reached(graph, module) for module in graph}
    groups = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in graph
        if module in reached[module]
    }
    return sorted(groups)


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    """All modules that a module imports, directly or through others."""
    found: set[str] = set()
    waiting = set(graph[start])
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting |= graph[module]
    return found


@cache
def imports(source: str) -> tuple[str, ...]:
    """The dotted names a module imports, wherever in it; `from a import b` gives `a.b`."""
    return tuple(_imports(ast.parse(source)))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield "pipeline.relative_import"  # the table would not see where it leads
            else:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def forbidden(module: str, source: str) -> list[str]:
    """What a module imports and may not."""
    part = part_of(module)
    return [name for name in imports(source) if not part.allows(name)]


def _is_edge(module: str) -> bool:
    return module.startswith("pipeline.emulator.edge")


def provider_names(source: str) -> list[str]:
    """Namespaces and packages of the emulator's resource providers, wherever in a source."""
    packages = f"pipeline.emulator.({'|'.join(sorted(_PROVIDERS))})"
    named = [name for name in imports(source) if re.match(packages.replace(".", r"\."), name)]
    return [*named, *re.findall(r"microsoft\.\w+", source, re.IGNORECASE)]


def reads_files(source: str) -> bool:
    """Whether a module calls something that looks at the file system."""
    called = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    names = (
        func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in called
    )
    return any(name in READS_FILES for name in names)


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_imports_only_what_its_row_of_the_table_allows(module: str) -> None:
    assert forbidden(module, modules()[module].read_text()) == []


def test_no_module_imports_itself_through_others() -> None:
    sources = {name: file.read_text() for name, file in modules().items()}

    assert circles(imported_modules(sources)) == []


def test_no_room_imports_itself_through_others() -> None:
    sources = {name: file.read_text() for name, file in modules().items()}

    assert circles(imported_rooms(sources)) == []


def test_a_circle_of_rooms_is_found_where_no_module_imports_itself() -> None:
    sources = {
        "pipeline.execution.build.steps": "from pipeline.execution.swap import records",
        "pipeline.execution.swap.records": "",
        "pipeline.execution.swap.steps": "from pipeline.execution.build import survey",
        "pipeline.execution.build.survey": "",
    }

    assert circles(imported_modules(sources)) == []
    assert circles(imported_rooms(sources)) == [
        ("pipeline.execution.build", "pipeline.execution.swap")
    ]


def test_each_room_of_planning_has_its_namesake_in_execution() -> None:
    rooms = {
        layer: {
            folder.name
            for folder in (REPOSITORY / "pipeline" / layer).iterdir()
            if (folder / "__init__.py").exists()
        }
        for layer in ("planning", "execution")
    }
    assert rooms["planning"] <= rooms["execution"]


def test_a_circle_of_imports_is_found_also_when_it_is_for_types_only() -> None:
    sources = {
        "a": "from b import x\nimport sys",
        "a.inner": "from a import inner",
        "b": "def f() -> None:\n    import c.inner",
        "c.inner": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import T",
        "d": "import a",
    }

    assert circles(imported_modules(sources)) == [("a", "b", "c.inner")]


@pytest.mark.parametrize("module", sorted(name for name in modules() if _is_edge(name)))
def test_the_edge_of_the_emulator_knows_no_provider_by_name(module: str) -> None:
    assert provider_names(modules()[module].read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        'if namespace == "microsoft.network": pass',
        "LOOKUPS = {'Microsoft.Compute': None}",
        "from pipeline.emulator.network import POLLING",
        "import pipeline.emulator.compute",
        "from pipeline.emulator import resources",
    ],
)
def test_a_provider_s_name_in_the_edge_is_found(source: str) -> None:
    assert len(provider_names(source)) == 1


def test_planning_reads_no_file_and_definition_in_one_module_only() -> None:
    readers = {name for name, file in modules().items() if reads_files(file.read_text())}

    assert {name for name in readers if name.startswith("pipeline.planning")} == set()
    assert len({name for name in readers if name.startswith("pipeline.definition")}) <= 1


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_says_what_it_owns_and_is_no_longer_than_a_reader_holds_in_mind(
    module: str,
) -> None:
    source = modules()[module].read_text()

    assert ast.get_docstring(ast.parse(source))
    assert source.count("\n") <= LONGEST_MODULE


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pipeline.definition.load", "import subprocess"),
        ("pipeline.definition.load", "from pipeline.planning import plan"),
        ("pipeline.definition.load", "import invoke"),
        ("pipeline.planning.plan", "import time"),
        ("pipeline.planning.plan", "def now():\n    from datetime import UTC"),
        ("pipeline.planning.plan", "import azure.core"),
        ("pipeline.planning.plan", "from pipeline.execution import cloud"),
        ("pipeline.planning.plan", "from .. import execution"),
        ("pipeline.planning.build.build", "from pipeline.planning.swap import survey"),
        ("pipeline.planning.swap.staging", "from pipeline.planning import steps"),
        ("pipeline.planning.new_room", "from pipeline.planning import names"),
        ("pipeline.execution.azure.clients", "from pipeline import emulator"),
        ("pipeline.execution.azure.clients", "import pipeline.emulator.arm"),
        ("pipeline.execution.azure.clients", "import invoke"),
        ("pipeline.execution.azure.clients", "import hcl2"),
        ("pipeline.execution.azure.clients", "from pipeline.execution.run import session"),
        ("pipeline.execution.run.work", "from pipeline.execution import runner"),
        ("pipeline.execution.run.work", "import azure.core"),
        ("pipeline.execution.build.steps", "from pipeline.execution.swap import records"),
        ("pipeline.execution.swap.steps", "from pipeline.execution.packer import build"),
        ("pipeline.execution.runner", "from pipeline.execution.commands import build"),
        ("pipeline.execution.commands.build", "from pipeline.execution.build import steps"),
        ("pipeline.execution.new_room", "from pipeline.execution import wait"),
        ("pipeline.emulator.edge.server", "from pipeline import arm"),
        ("pipeline.emulator.edge.server", "from pipeline.errors import PipelineError"),
        ("pipeline.emulator.edge.server", "import azure.mgmt.compute"),
        ("pipeline.emulator.edge.server", "from pipeline.emulator import network"),
        ("pipeline.emulator.edge.server", "from pipeline.emulator.compute import sizes"),
        ("pipeline.emulator.edge.server", "from pipeline.emulator.machines import qemu"),
        ("pipeline.emulator.arm.manager", "from pipeline.emulator.edge import polling"),
        ("pipeline.emulator.arm.manager", "from pipeline.emulator.network import references"),
        ("pipeline.emulator.compute.fleet", "from pipeline.emulator.network import common"),
        ("pipeline.emulator.network.interfaces", "import pipeline.emulator.compute.guests"),
        ("pipeline.emulator.resources.groups", "from pipeline.emulator import compute"),
        ("pipeline.emulator.balancer.process", "from pipeline.emulator.arm import store"),
        ("pipeline.emulator.machines.qemu", "from pipeline.emulator.arm.store import Store"),
        ("pipeline.emulator.machines.qemu", "import aiohttp"),
        ("pipeline.emulator.identity.tokens", "from pipeline.emulator.edge import exchange"),
        ("pipeline.emulator.new_room", "from pipeline.emulator.arm import store"),
        ("pipeline.setup.python", "import aiohttp"),
        ("pipeline.errors", "from pipeline.definition import model"),
        ("tasks", "import pipeline.emulator"),
        ("tasks", "from azure.identity import DefaultAzureCredential"),
    ],
)
def test_an_import_across_the_layers_is_caught(module: str, source: str) -> None:
    assert len(forbidden(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pipeline.definition.load", "from pathlib import Path\nimport hcl2"),
        ("pipeline.planning.plan", "from pipeline.definition.model import Image"),
        (
            "pipeline.execution.packer.build",
            "import subprocess\nfrom pipeline.planning import plan",
        ),
        ("pipeline.execution.runner", "from pipeline.execution.build import steps"),
        ("pipeline.emulator.edge.server", "from aiohttp import web"),
        ("pipeline.emulator.edge.server", "from pipeline.emulator import arm"),
        ("pipeline.emulator.compute.guests", "from pipeline.emulator.machines.seam import Machine"),
        ("tasks", "from invoke import task\nfrom pipeline.execution.commands import build"),
    ],
)
def test_an_import_within_the_layers_is_let_through(module: str, source: str) -> None:
    assert forbidden(module, source) == []


@pytest.mark.parametrize("call", ["path.read_text()", "open(name)", "Path(name).exists()"])
def test_a_look_at_the_file_system_is_seen(call: str) -> None:
    assert reads_files(call)


def test_every_test_file_of_ours_is_collected() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["pytest"]
    left_out = set(settings["ini_options"]["norecursedirs"])
    folders = {
        file.parent.relative_to(REPOSITORY) for file in REPOSITORY.glob("tests/**/test_*.py")
    }
    of_images = {folder for folder in folders if "images" in folder.parts}
    assert {folder for folder in folders - of_images if left_out & set(folder.parts)} == set()
    assert REPOSITORY / "tests/execution/packer" in {REPOSITORY / folder for folder in folders}
