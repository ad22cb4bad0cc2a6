"""Which Packer and which generation of its Azure plugin are here.

Two generations matter: 1.4.5, which speaks go-autorest, and 2.x, which speaks go-azure-sdk. They
take the same template, but are told a cloud's address and a federated token differently.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.advice import Advice, AdviceList, Shell
from pipeline.errors import Unreachable
from pipeline.planning.plugin import bring, install

AZURE = "packer-plugin-azure_v"
OLDEST_PLUGIN = (1, 4, 5)

QUIET = {
    "CHECKPOINT_DISABLE": "1",  # no call home
    "PACKER_NO_COLOR": "1",
    "HCP_PACKER_REGISTRY": "off",  # not even when the machine is signed in there
}


def newer() -> AdviceList:
    """How to get a newer plugin."""
    return (Advice("install a newer one", Shell(install())),)


def bring_it() -> AdviceList:
    """How to get Packer and its plugin."""
    return (Advice("install Packer and its plugin", Shell(bring())),)


@dataclass(frozen=True, slots=True)
class Tools:
    """Packer, where it looks for plugins ("" for its own places), and the Azure plugin it finds."""

    packer: Path
    plugin_path: str
    plugin_version: tuple[int, ...]

    @property
    def takes_any_federated_token(self) -> bool:
        """Whether `client_jwt` may be a token without `x5t` header: since plugin 2.2.0."""
        return self.plugin_version >= (2, 2, 0)

    @property
    def asks_github(self) -> bool:
        """Whether it takes `oidc_request_url` and `oidc_request_token`: since plugin 2.0.0."""
        return self.plugin_version >= (2,)

    @property
    def wants_security_type(self) -> bool:
        """Whether the two switches alone make no Trusted Launch machine: since plugin 2.1.0."""
        return self.plugin_version >= (2, 1, 0)

    def metadata_host(self, resource_manager: str) -> str:
        """The address that describes a cloud: the older plugin wants it without a scheme."""
        if self.plugin_version >= (2,):
            return resource_manager
        return resource_manager.removeprefix("https://")

    def environment(self) -> dict[str, str]:
        """What Packer needs in its environment to find the plugin and be quiet."""
        return {**QUIET, **({"PACKER_PLUGIN_PATH": self.plugin_path} if self.plugin_path else {})}


def find_tools(
    environ: Mapping[str, str] = os.environ,
    scripts: Path = Path(sys.executable).parent,
    prefix: Path = Path(sys.prefix),
) -> Tools:
    """The Packer beside this Python, else the one on PATH, and its newest Azure plugin.

    Raises Unreachable when one is missing.
    """
    beside = scripts / "packer"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("packer")
    if found is None:
        raise Unreachable("packer: not in the virtual environment, not on PATH", advice=bring_it())
    shared = prefix / "share" / "packer" / "plugins"
    plugin_path = environ.get("PACKER_PLUGIN_PATH") or (str(shared) if shared.is_dir() else "")
    tools = Tools(Path(found), plugin_path, ())
    return Tools(tools.packer, plugin_path, _plugin_version(tools))


def packer_version(tools: Tools) -> tuple[int, ...]:
    """Packer's own version; () where it does not say it."""
    said = _output([str(tools.packer), "version"], tools.environment())
    return _numbers(said.partition("\n")[0])


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])


def installed_plugins(tools: Tools) -> list[Path]:
    """The binaries of the plugins that Packer finds, each below the address of its source."""
    listed = _output([str(tools.packer), "plugins", "installed"], tools.environment()).splitlines()
    return [Path(line) for line in listed if "packer-plugin-" in line]


def _plugin_version(tools: Tools) -> tuple[int, ...]:
    plugins = [path for path in installed_plugins(tools) if path.name.startswith(AZURE)]
    versions = [_describe(plugin, tools) for plugin in plugins]
    newest = max(versions, default=())
    if newest < OLDEST_PLUGIN:
        where = tools.plugin_path or "its own folders"
        raise Unreachable(
            f"packer: no Azure plugin of version 1.4.5 or newer in {where}", advice=bring_it()
        )
    return newest


def _describe(plugin: Path, tools: Tools) -> tuple[int, ...]:
    described = _output([str(plugin), "describe"], tools.environment())
    try:
        version = str(json.loads(described)["version"])
    except (ValueError, KeyError, TypeError):
        return ()
    return _numbers(version)


def _output(command: list[str], environment: Mapping[str, str]) -> str:
    try:
        ended = subprocess.run(
            command,
            check=False,
            text=True,
            capture_output=True,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise Unreachable(f"{command[0]}: {error.strerror}", advice=bring_it()) from error
    return ended.stdout
