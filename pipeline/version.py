"""Which bakeswap this is."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

from pipeline.advice import PACKAGE

SETTINGS = Path(__file__).resolve().parents[1] / "pyproject.toml"


def version() -> str:
    """Of the package that was installed, or of the checkout."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return str(tomllib.loads(SETTINGS.read_text())["project"]["version"])
