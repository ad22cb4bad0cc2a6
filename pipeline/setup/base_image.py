"""The emulator's base image, made ahead of its first use while other slow things are made."""

from __future__ import annotations

import time

from pipeline.setup import commands
from pipeline.setup.places import Places
from pipeline.setup.reporting import Reporter

SECONDS_WORTH_A_LINE = 5.0


def ensure(places: Places, reporter: Reporter) -> None:
    """Let the emulator make what its machines boot from; it knows when nothing is to do."""
    if not (places.repository / "pipeline" / "emulator" / "__main__.py").exists():
        return
    began = time.monotonic()
    commands.run_logged(
        "base image",
        [places.python, "-m", "pipeline.emulator", "prepare"],
        log=places.logs / "base-image.log",
        reporter=reporter,
        cwd=places.repository,
        remedy=f"cd {places.repository} && .venv/bin/python -m pipeline.emulator prepare",
    )
    if (took := time.monotonic() - began) > SECONDS_WORTH_A_LINE:
        reporter.say(f"base image: ready after {took:.0f} s")
