"""Which folder a command works in: the nearest one that holds environments.hcl."""

from __future__ import annotations

from pathlib import Path

ENVIRONMENTS = "environments.hcl"

PROGRAMS = Path(__file__).resolve().parents[1]
"""The folder that the package `pipeline` is in: `python -m pipeline.NAME` finds it from there."""


def project_root(folder: Path) -> Path:
    """The folder itself or the nearest one above it that holds environments.hcl.

    The folder itself where none does: whoever reads it then says what is missing.
    """
    holding = (one for one in (folder, *folder.parents) if (one / ENVIRONMENTS).is_file())
    return next(holding, folder)
