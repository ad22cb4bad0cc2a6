"""A project of one small image in a folder, and an emulator to build it in."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.definition.project import read
from pipeline.errors import Unreachable
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.commands.build import Outcome, build_image, check_image
from pipeline.execution.commands.environment import create_environment
from pipeline.execution.packer.tools import find_tools
from pipeline.execution.patience import Patience
from pipeline.execution.run.session import Session
from pipeline.execution.wait import Clock, wait_until
from pipeline.output.people import ForPeople
from pipeline.planning.versions import ImageVersion
from tests.conftest import ROOT, Emulator

ENVIRONMENT = """\
environment "lab" {{
  subscription   = "{subscription}"
  tenant         = "{tenant}"
  location       = "westeurope"
  resource_group = "shared-lab"
  ssh_port       = 2222

  cloud {{
    name             = "BakeswapEmulator"
    resource_manager = "{resource_manager}"
    authority        = "{authority}"
    ca_bundle        = "{ca_file}"
    credential       = "{credentials_file}"
  }}

  gallery {{
    name = "shared_lab"
  }}

  network {{
    name           = "shared-lab"
    address_space  = "10.80.0.0/16"
    subnet         = "machines"
    subnet_prefix  = "10.80.0.0/20"
    nat_gateway    = "shared-lab-nat"
    security_group = "shared-lab-machines"
  }}
}}
"""

IMAGE = """\
image "{name}" {{
  template = "linux"
  version  = "1.0"
  base {{
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
    version   = "latest"
  }}
  scripts = ["scripts/install.sh"]
  files   = "files"
  checks  = "checks"
  scale_set {{
    sku      = "Standard_D2s_v5"
    capacity = 1
  }}
  promote {{
    soak = "0s"
  }}
  health {{
    protocol = "http"
    port     = 8080
    path     = "/healthz"
  }}
}}
"""

GOOD_CHECK = """\
import os


def test_the_machine_is_there(host):
    assert host.run("true").rc == 0
    assert os.environ["IMAGE_VERSION"].startswith("1.0.")
"""

BAD_CHECK = """\
def test_the_page_is_there(host):
    page = "not what you want"
    assert page == "what you want"
"""


PLUGINS = {"1.x": "plugins-1.*", "2.x": "plugins-2.*"}
"""Where set-up puts the two generations of the Azure plugin, in share/packer."""


def plugin_or_skip(generation: str) -> Path:
    """The folder of a generation of the plugin."""
    folders = sorted(Path(sys.prefix, "share", "packer").glob(PLUGINS[generation]))
    if not folders:
        pytest.skip(f"no Azure plugin {generation} here (BAKESWAP_PACKER_PLUGIN brings one)")
    return folders[-1]


def packer_or_skip() -> None:
    """Skip a test where set-up was not asked to bring Packer."""
    try:
        find_tools()
    except Unreachable as missing:
        pytest.skip(str(missing))


@dataclass
class ImageProject:
    """One image of a name of its own, so that tests cannot meet in the emulator they share."""

    root: Path
    image: str
    emulator: Emulator
    said: io.StringIO = field(default_factory=io.StringIO)

    @property
    def folder(self) -> Path:
        """The image's folder."""
        return self.root / "images" / self.image

    @property
    def output(self) -> str:
        """Everything that was told so far."""
        return self.said.getvalue()

    def write(self, file: str, text: str) -> None:
        """Write a file of the image."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def session(self, *, plan_only: bool = False, verbose: bool = False) -> Session:
        """What a command is given, the definitions read anew."""
        project = read(self.root)
        output = ForPeople(self.said)
        return Session(
            project, project.environments[0], output, plan_only=plan_only, verbose=verbose
        )

    def build(self, *, rebuild: bool = False, keep: bool = False, **options: bool) -> Outcome:
        """`build-image`; `options` are those of a session."""
        session = replace(self.session(**options), keep=keep)
        return build_image(session, self.image, rebuild=rebuild)

    def check(self, version: str = "") -> Outcome:
        """`check-image`."""
        return check_image(self.session(), self.image, version)

    def versions(self) -> dict[str, ImageVersion]:
        """The image's versions in the gallery, by name."""
        found = image_versions(self.session().azure, self.image)
        return {version.name: version for version in found}

    def left_over(self) -> list[str]:
        """Resource groups of bakes and checks of this image."""
        groups = self.emulator.call("GET", f"{self.subscription}/resourcegroups").body["value"]
        return [group["name"] for group in groups if f"-{self.image}-" in group["name"]]

    def requests(self, method: str, part: str) -> list[str]:
        """The paths of requests that the emulator answered, by method and a part of the path."""
        seen = self.emulator.call("GET", "/emulator/requests").body["value"]
        paths = [str(one["path"]) for one in seen if one["method"] == method]
        return [path for path in paths if part.lower() in path.lower()]

    def fault(self, match: dict[str, str], action: dict[str, Any], times: int = 1) -> None:
        """Ask the emulator for a fault."""
        body = {"match": match, "action": action, "times": times}
        assert self.emulator.call("POST", "/emulator/faults", body).status == 201

    def make_group(self, name: str, tags: dict[str, str]) -> None:
        """A resource group as somebody else left it."""
        body = {"location": "westeurope", "tags": tags}
        assert self.emulator.call("PUT", f"/resourceGroups/{name}", body).status == 201

    @property
    def subscription(self) -> str:
        """The subscription's path."""
        return f"/subscriptions/{self.emulator.subscription}"

    @property
    def command(self) -> list[str]:
        """`build-image` as a process of its own; the project's tasks in this folder."""
        return self.typed("build-image", self.image)

    def typed(self, *words: str) -> list[str]:
        """Any command as a process of its own, started in the project's folder."""
        return [sys.executable, "-m", "invoke", "--search-root", str(ROOT), *words]

    def beside(self, parent: str = "") -> ImageProject:
        """One more image in the same project, made of another one of it where that is named."""
        made = replace(self, image=f"app{next(_numbers)}")
        text = IMAGE.format(name=made.image)
        if parent:
            begin, end = text.index("  base {"), text.index("  scripts")
            text = f'{text[:begin]}  base {{\n    image = "{parent}"\n  }}\n{text[end:]}'
        made.write("image.hcl", text)
        made.write_inputs()
        create_environment(made.session())
        return made

    def write_inputs(self) -> None:
        """What every image has besides its definition."""
        self.write("files/page.html", "Hello\n")
        self.write("scripts/install.sh", "#!/bin/sh\ntrue\n")
        self.write("checks/test_it.py", GOOD_CHECK)


_numbers = itertools.count(1)


def image_project(folder: Path, emulator: Emulator) -> ImageProject:
    """A new image in a project of its own, in the landing zone that all share."""
    made = ImageProject(folder / "project", f"app{next(_numbers)}", emulator)
    shutil.copytree(ROOT / "packer", made.root / "packer")
    facts = {name: str(value) for name, value in emulator.facts.items()}
    (made.root / "environments.hcl").write_text(ENVIRONMENT.format(**facts))
    made.write("image.hcl", IMAGE.format(name=made.image))
    made.write_inputs()
    create_environment(made.session())
    made.said.truncate(0)
    made.said.seek(0)
    return made


def kill_with_packer(process: subprocess.Popen[bytes]) -> None:
    """Kill (SIGKILL) a run, then its Packer: no time for either to remove what it made.

    A Packer that has ended by then is no mistake: nobody holds it in its last moments.
    """
    told = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    process.kill()
    for child in told.split():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(child), signal.SIGKILL)


def until(question: Callable[[], bool], patience: float = 300.0) -> None:
    """Ask until the answer is true; fails after `patience` seconds."""
    wait_until(
        lambda: True if question() else None,
        "a test",
        patience=Patience(patience, "no test waits longer"),
        clock=Clock(),
        every=0.1,
    )
