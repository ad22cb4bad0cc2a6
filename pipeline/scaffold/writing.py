"""`init`: write a team's repository, and overwrite nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline import advice
from pipeline.advice import Advice, Shell
from pipeline.errors import Refused
from pipeline.output.facts import Output
from pipeline.state_files import naming
from pipeline.version import version

OWN = Path(__file__).with_name("files")
"""What only a team's repository has; `@VERSION@` is ours."""
SHARED = Path(__file__).parent
CHECKOUT = Path(__file__).parents[2]
"""Where the others are: the build backend puts the checkout's files beside this module."""

TEMPLATES = {
    "tasks.py": "tasks.py.in",
    "requirements.txt": "requirements.txt.in",
    "README.md": "README.md.in",
    ".gitignore": "gitignore.in",
    ".github/dependabot.yml": "dependabot.yml.in",
    ".github/actions/bakeswap/action.yml": "action.yml.in",
    ".azure-pipelines/setup.yml": "setup.yml.in",
    ".azure-pipelines/work-item.yml": "work-item.yml.in",
    ".azure-pipelines/nightly.yml": "nightly.yml.in",
    ".azure-pipelines/promote.yml": "promote.yml.in",
}
FROM_CHECKOUT = (
    "images/web",
    "packer/linux",
    "packer/windows",
    "environments.hcl",
    ".github/actions/issue/action.yml",
    ".github/workflows/nightly.yml",
    ".github/workflows/promote.yml",
)
"""Files and folders of this project that a team starts from; pyproject.toml packs the same."""
LEFT_BY_TOOLS = frozenset({"__pycache__", ".pytest_cache"})


@dataclass(frozen=True, slots=True)
class File:
    """A file to write: its name in the repository, its content, whether it is run."""

    name: str
    content: bytes
    is_executable: bool = False

    def differs(self, folder: Path) -> bool:
        """Whether something else has its place already."""
        path = folder / self.name
        if path.is_symlink() or path.exists():
            return not path.is_file() or path.read_bytes() != self.content
        return False

    def write(self, folder: Path) -> None:
        """Put it there."""
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content)
        path.chmod(0o755 if self.is_executable else 0o644)


def write(folder: Path, output: Output) -> None:
    """Write the repository; Refused, with nothing written, when a file is there that differs.

    Files that are as they should be stay, so that a command that died can be run again.
    """
    wanted = sorted(files(), key=lambda file: file.name)
    taken = [file.name for file in wanted if file.differs(folder)]
    if taken:
        raise Refused(f"{folder}: would overwrite {', '.join(taken)}")
    for file in wanted:
        with naming(folder / file.name):
            file.write(folder)
    output.truth(f"{folder}: {len(wanted)} files", _next(folder))


def _next(folder: Path) -> tuple[Advice, ...]:
    go_there = (Advice("first", Shell(f"cd {folder}")),) if folder.resolve() != Path.cwd() else ()
    return (
        *go_there,
        Advice("try it on this machine", advice.demo()),
        Advice("then say where to deploy", Shell("$EDITOR environments.hcl")),
    )


def files() -> Iterator[File]:
    """Everything that a repository begins with."""
    for name, template in TEMPLATES.items():
        text = (OWN / template).read_text()
        yield File(name, text.replace("@VERSION@", version()).encode())
    for name in FROM_CHECKOUT:
        root = SHARED if (SHARED / name).exists() else CHECKOUT
        found = (root / name).rglob("*") if (root / name).is_dir() else [root / name]
        for path in found:
            if path.is_file() and not LEFT_BY_TOOLS.intersection(path.parts):
                is_executable = bool(path.stat().st_mode & 0o100)
                yield File(str(path.relative_to(root)), path.read_bytes(), is_executable)
