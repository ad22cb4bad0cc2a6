"""`python3 -m pipeline.setup [PART ...]`: bring what is missing, say what that was."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.setup import base_image, golang, packages, packer, places, plugin, python
from pipeline.setup.places import Places
from pipeline.setup.reporting import Reporter, SetupError

PARTS = {
    "machines": "the system packages of the emulator's machines and load balancer",
    "python": "the virtual environment",
    "packer": "Packer and its Azure plugin",
    "image": "the emulator's base image",
    "browser": "Chromium, in which tests look at pages",
}


def main() -> int:
    """Set up the parts asked for (all, unless told); 0 when they are there, 1 when one is not."""
    parser = argparse.ArgumentParser(
        prog="python3 -m pipeline.setup",
        description="Install what is missing: " + "; ".join(f"{k}: {v}" for k, v in PARTS.items()),
    )
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], help="all of them unless named")
    wanted = parser.parse_args().part or list(PARTS)
    reporter = Reporter()
    try:
        set_up(frozenset(wanted), places.here(), reporter)
    except SetupError as error:
        sys.stderr.write(f"Set-up failed: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Set-up was interrupted. Run the same command again to continue.\n")
        return 130
    if reporter.said_something:
        reporter.say(f"set-up is complete: {', '.join(wanted)}")
    return 0


def set_up(parts: frozenset[str], folders: Places, reporter: Reporter) -> None:
    """Bring the parts, the slow ones beside each other; SetupError names the first that fails."""
    needs = packages.FOR_PYTHON + (packages.FOR_MACHINES if "machines" in parts else ())
    needs += packages.FOR_BROWSER if "browser" in parts else ()
    with places.only_one(folders.repository, reporter), places.only_one(folders.cache, reporter):
        packages.ensure(needs, folders, reporter)
        if parts & {"python", "packer", "image"}:
            python.ensure(folders, reporter)
        with ThreadPoolExecutor() as pool:
            slow = []
            if "image" in parts:
                slow.append(pool.submit(base_image.ensure, folders, reporter))
            if "packer" in parts:
                slow.append(pool.submit(_packer_and_plugin, folders, reporter))
            for each in slow:
                each.result()


def _packer_and_plugin(folders: Places, reporter: Reporter) -> None:
    if not (packer.ready(folders) and plugin.in_place(folders)):
        core, default = _obtain(folders, reporter)
        packer.link(core, folders)
        plugin.make_default(plugin.install(default, folders), folders)
    if extra := plugin.given(folders):
        plugin.install(extra, folders)


def _obtain(folders: Places, reporter: Reporter) -> tuple[Path, Path]:
    """Packer and plugin: each found, else fetched, else built; both builds beside each other."""
    core = packer.find(folders) or packer.fetch(folders, reporter)
    default = (
        plugin.in_place(folders)
        or (core and plugin.find_installed(core))
        or plugin.find_cached(folders)
        or (core and plugin.fetch(core, folders, reporter))
    )
    if core and default:
        return core, default
    go = golang.ensure(folders, reporter)
    with ThreadPoolExecutor() as pool:
        building = pool.submit(lambda: core or packer.build(folders, reporter, go))
        building_plugin = pool.submit(lambda: default or plugin.build(folders, reporter, go))
        return building.result(), building_plugin.result()


if __name__ == "__main__":
    sys.exit(main())
