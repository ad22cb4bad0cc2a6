"""`python -m pipeline.emulator`: arguments in, one JSON line and exit codes out."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from ipaddress import IPv4Network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.emulator.address_block import AddressesInUse
from pipeline.emulator.app import Settings, make_machines, serve
from pipeline.emulator.files import FileError
from pipeline.emulator.machines.seam import MachineError, Marketplace
from pipeline.emulator.state_folder import OtherMachines, StateFolderInUse

_DESCRIPTION = "A local Azure Resource Manager with real virtual machines, on loopback only."
_EPILOG = """exit codes: 0 stopped as asked; 1 the host could not do it; 2 wrong arguments, or
another emulator has the state folder or addresses of the block, or it was made with other
machines"""


_LONGEST_LATENCY = 100.0
"""Times what was recorded."""

Announce = Callable[[dict[str, Any]], None]


def main(arguments: Sequence[str] | None = None, announce: Announce | None = None) -> int:
    """Run one command; answers the exit code. `announce` gets the facts in place of stdout."""
    chosen = _parser().parse_args(arguments)
    logging.basicConfig(level=chosen.log_level.upper(), format="%(asctime)s %(name)s %(message)s")
    try:
        if chosen.command == "prepare":
            asyncio.run(_prepare(chosen.cache, chosen.image))
        else:
            settings = Settings(
                state=chosen.state,
                cache=chosen.cache,
                port=chosen.port,
                addresses=chosen.addresses,
                machines=chosen.machines,
                poll_wait=chosen.poll_wait,
                latency=chosen.latency,
                record=chosen.record,
            )
            asyncio.run(serve(settings, announce or _print))
    except (AddressesInUse, OtherMachines, StateFolderInUse) as refusal:
        return _refuse(str(refusal), 2)
    except (FileError, MachineError) as failure:
        return _refuse(str(failure), 1)
    except OSError as failure:
        named = FileError.of(Path(failure.filename), failure) if failure.filename else failure
        return _refuse(str(named), 1)
    return 0


def _print(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _refuse(text: str, code: int) -> int:
    sys.stderr.write(f"emulator: {text}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.emulator", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("--log-level", default="warning", help="debug, info, warning (default)")
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser(
        "serve",
        help="serve until stopped",
        description="Prints one JSON line (addresses, CA file, where the credentials are) once it "
        "answers requests, and serves until SIGTERM, SIGINT or POST /emulator/stop.",
    )
    _serve_options(server)
    prepare = commands.add_parser(
        "prepare",
        help="make the marketplace base image ahead of time",
        description="Makes the newest marketplace base image into the cache, where every emulator "
        "finds it.",
    )
    prepare.add_argument(
        "--image",
        type=_sku,
        default="Debian:debian-12:12-gen2",
        help="publisher:offer:sku (default: %(default)s)",
    )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bakeswap"
    for command in (server, prepare):
        command.add_argument(
            "--cache", type=Path, default=cache, help="base images (default: %(default)s)"
        )
    return parser


def _serve_options(server: argparse.ArgumentParser) -> None:
    server.add_argument("--state", type=Path, required=True, help="folder that survives restarts")
    server.add_argument("--port", type=int, help="0 is any free one (default: that of last time)")
    server.add_argument(
        "--addresses",
        type=_block,
        default="127.80.0.0/15",
        help="loopback block for NICs and frontends (default: %(default)s)",
    )
    server.add_argument(
        "--machines",
        choices=("qemu", "simulated"),
        default="qemu",
        help="real ones, or responders without an operating system (default: %(default)s)",
    )
    server.add_argument(
        "--poll-wait",
        type=float,
        default=10.0,
        help="seconds that a poll waits for its operation to end (default: %(default)s)",
    )
    server.add_argument(
        "--latency",
        type=_latency,
        metavar="recorded[:FACTOR]",
        help="operations take what was recorded of Azure, times FACTOR, and polls are answered at"
        " once with Azure's Retry-After (default: as long as the work takes)",
    )
    recorded = os.environ.get("BAKESWAP_EMULATOR_RECORD")
    server.add_argument(
        "--record",
        type=Path,
        default=Path(recorded) if recorded else None,
        help="folder for a recording of requests and answers, without secrets "
        "(default: $BAKESWAP_EMULATOR_RECORD, or none)",
    )


def _latency(text: str) -> float:
    kind, _, factor = text.partition(":")
    try:
        times = float(factor or 1)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{factor}' is not a factor") from error
    if kind != "recorded" or not 0 < times <= _LONGEST_LATENCY:
        raise argparse.ArgumentTypeError(f"'{text}' is not recorded or recorded:FACTOR")
    return times


def _block(text: str) -> str:
    try:
        is_loopback = IPv4Network(text).is_loopback
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if not is_loopback:
        raise argparse.ArgumentTypeError(f"{text} is not within 127.0.0.0/8")
    return text


def _sku(text: str) -> str:
    if len(text.split(":")) != len(("publisher", "offer", "sku")):
        raise argparse.ArgumentTypeError(f"'{text}' is not publisher:offer:sku")
    return text


async def _prepare(cache: Path, image: str) -> None:
    publisher, offer, sku = image.split(":")
    cache.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="prepare-", dir=cache) as state:
        machines = make_machines("qemu", Path(state), cache)
        await machines.recover()
        try:
            versions = machines.marketplace_versions(publisher, offer, sku)
            if not versions:
                raise MachineError(f"no marketplace image {image} can be made on this machine")
            await machines.provide(Marketplace(publisher, offer, sku, versions[-1]), "base")
        finally:
            await machines.close()
    _print({"image": f"{image}:{versions[-1]}", "cache": str(cache)})
