"""The tasks that somebody new types first: `demo` and `init`."""

# ruff: noqa: PLC0415 - what takes long to import is imported by the task that needs it

from __future__ import annotations

from pathlib import Path

from invoke.context import Context
from invoke.tasks import task

from pipeline.cli_tasks.running import (
    ADDRESSES,
    DEMO_IMAGES,
    FOLDER,
    MACHINES,
    output_for,
    words_and_exit_code,
)


@task(help={"images": DEMO_IMAGES, "machines": MACHINES, "addresses": ADDRESSES})
def demo(
    _context: Context, images: str = "web", machines: str = "qemu", addresses: str = ""
) -> None:
    """Run the whole pipeline on this machine: bake, stage, promote, roll back, under traffic."""
    from pipeline.demo import show
    from pipeline.project_root import project_root

    output = output_for("", json=False)
    with words_and_exit_code(output):
        show(project_root(Path.cwd()), images, machines, addresses, output)


@task(positional=["folder"], help={"folder": FOLDER})
def init(_context: Context, folder: str) -> None:
    """Write a repository: an image, its template, an environment, and CI; overwrite nothing."""
    from pipeline.scaffold.writing import write

    output = output_for("", json=False)
    with words_and_exit_code(output):
        write(Path(folder), output)
