"""The only place where definitions touch the disk: texts, folders, and what goes into an image."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pipeline.definition import hcl
from pipeline.definition.model import Input
from pipeline.definition.reading import Report

# What tools and editors leave beside the files they work on.
_DROPPINGS = (
    "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", "*.pyc", ".DS_Store",
    "*~", ".*.sw?", "#*#", ".#*", "packer_cache", "crash.log",
)  # fmt: skip


def parse(root: Path, path: Path, report: Report) -> hcl.Body | None:
    """An HCL file; None when it cannot be read, the mistake reported."""
    name = relative(root, path)
    try:
        return hcl.parse(path.read_text(encoding="utf-8"))
    except hcl.NotHcl as error:
        what = f"not HCL in column {error.column}: {error.reason}"
        report.add(name, error.line, what, error.right)
    except UnicodeDecodeError:
        report.add(name, 1, "not UTF-8 text", "save it as UTF-8")
    except (FileNotFoundError, IsADirectoryError):
        report.add(name, 1, "there is no such file", "write it, or go to the folder that holds it")
    except OSError as error:
        report.add(name, 1, f"cannot be read: {error.strerror}")
    return None


def relative(root: Path, path: Path) -> str:
    """The name people know a file by, in `root`: as a whole where it is elsewhere."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def folders(path: Path) -> list[Path]:
    """The folders in a folder, by name; none when there is no such folder."""
    if not path.is_dir():
        return []
    return sorted(entry for entry in path.iterdir() if entry.is_dir() and not _is_dropping(entry))


def has_folder(path: Path) -> bool:
    """Whether there is a folder."""
    return path.is_dir()


def is_there(path: Path) -> bool:
    """Whether there is a file or a folder."""
    return path.exists()


def has_file(path: Path) -> bool:
    """Whether there is a file."""
    return path.is_file()


def content(path: Path) -> bytes | None:
    """The bytes of a file; None where they cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return None


def named(folder: Path, pattern: str) -> list[Path]:
    """The files whose path in a folder matches a pattern, such as `**/test_*.py`; sorted."""
    return sorted(path for path in folder.glob(pattern) if path.is_file())


def any_has(paths: Iterable[Path], wanted: bytes) -> bool:
    """Whether any file has these bytes; of one that cannot be read `inputs` tells."""
    return any(_has(path, wanted) for path in paths)


def _has(path: Path, wanted: bytes) -> bool:
    found = content(path)
    return found is not None and wanted in found


def inputs(
    root: Path,
    paths: Iterable[Path],
    report: Report,
    *,
    uploaded: Path | None = None,
    written: Callable[[str], bool] = lambda name: False,
) -> tuple[Input, ...]:
    """Every file at or below the paths, sorted by name, without what tools and editors leave there.

    Of the folder that is `uploaded` every file counts, because every file gets into the image.
    What is `written` by the bake itself, by its name, does not.
    Links are refused: what they point to could change without anybody noticing.
    """
    files = {
        file
        for path in paths
        for file in _walk(path)
        if not _is_dropping(file) and not written(relative(root, file))
    }
    if uploaded:
        files.update(_walk(uploaded, everything=True))
    found = []
    for file in files:
        name = relative(root, file)
        if file.is_symlink():
            report.add(name, 1, "a symbolic link", "put the file itself there")
        elif not file.is_file():
            report.add(name, 1, "not an ordinary file", "remove it")
        else:
            found.append(Input(name, _digest(file)))
    return tuple(sorted(found, key=lambda item: item.name))


def names_below(folder: Path) -> list[str]:
    """The names of all files in a folder, relative to it."""
    return sorted(file.relative_to(folder).as_posix() for file in _walk(folder))


def _walk(path: Path, *, everything: bool = False) -> Iterator[Path]:
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for entry in path.iterdir():
        if everything or not _is_dropping(entry):
            yield from _walk(entry, everything=everything)


def _is_dropping(path: Path) -> bool:
    return any(fnmatch.fnmatchcase(path.name, pattern) for pattern in _DROPPINGS)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256")
    if file.stat().st_mode & 0o100:
        digest.update(b"executable")
    return digest.hexdigest()
