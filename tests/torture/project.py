"""Two images that share one load balancer, with checked versions, and folders of many machines."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.definition.model import Environment
from pipeline.definition.project import read
from pipeline.execution.commands.environment import create_environment
from pipeline.execution.run.session import Session
from pipeline.output.people import ForPeople
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone
from tests.sources import ROOT
from tests.torture.commands import Command

IMAGES = ("web", "api")
VERSIONS = ("1.0.0", "1.0.1", "1.0.2", "1.0.3")

_ENVIRONMENT = """\
environment "lab" {{
  subscription   = "{subscription}"
  tenant         = "{tenant}"
  location       = "westeurope"
  resource_group = "{group}"
  ssh_port       = 2222

  cloud {{
    name             = "BakeswapEmulator"
    resource_manager = "{resource_manager}"
    authority        = "{authority}"
    ca_bundle        = "{ca_file}"
    credential       = "{credentials_file}"
  }}

  gallery {{
    name = "{gallery}"
  }}

  network {{
    name           = "net"
    address_space  = "10.80.0.0/16"
    subnet         = "machines"
    subnet_prefix  = "10.80.0.0/20"
    nat_gateway    = "nat"
    security_group = "machines-security"
  }}

  load_balancer "web" {{
    name  = "front"
    image = "web"

    rule "http" {{
      production_port = 8080
      staging_port    = 8081
      backend_port    = 8080
    }}
  }}

  load_balancer "api" {{
    name  = "front"
    image = "api"

    rule "api" {{
      production_port = 9080
      staging_port    = 9081
      backend_port    = 8080
    }}
  }}
}}
"""

_IMAGE = """\
image "{name}" {{
  template = "linux"
  version  = "1.0"
  base {{
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
    version   = "latest"
  }}
  scripts = ["install.sh"]
  checks  = "checks"
  scale_set {{
    sku      = "Standard_D2s_v5"
    capacity = {capacity}
  }}
  health {{
    protocol = "http"
    port     = 8080
    path     = "/healthz"
  }}
  promote {{
    rate          = 5
    soak          = "1s"
    keep_previous = "0s"
    drain         = "{drain}"
  }}
}}
"""

_numbers = itertools.count(1)


@dataclass
class TwoImages:
    """A landing zone of two images on one load balancer, and the machines that work on it."""

    root: Path
    """The first machine's folder."""
    emulator: Emulator
    machines: list[Path] = field(default_factory=list)

    @property
    def environment(self) -> Environment:
        """As the definitions have it."""
        return read(self.root).environments[0]

    def zone(self, image: str) -> LandingZone:
        """The landing zone as tests of one image see it."""
        project = read(self.root)
        found = next(one for one in project.images if one.name == image)
        return LandingZone(self.root, project.environments[0], found, self.emulator)

    def machine(self, number: int) -> Path:
        """The folder of a machine, made when it is first asked for."""
        while len(self.machines) <= number:
            folder = self.root.with_name(f"machine{len(self.machines)}")
            shutil.copytree(self.root, folder, ignore=shutil.ignore_patterns(".pipeline"))
            self.machines.append(folder)
        return self.machines[number]

    def begin(self, number: int, *words: str) -> Command:
        """Start a command on a machine."""
        return Command(self.machine(number), words)

    def run(self, *words: str) -> str:
        """Run a command on the first machine, to a good end; what it printed."""
        command = self.begin(0, *words)
        assert command.wait() == 0, command.output
        return command.output


def two_images(
    folder: Path, emulator: Emulator, *, capacity: int = 1, drain: str = "0s"
) -> TwoImages:
    """A new landing zone with all versions of both images; nothing is staged."""
    made = TwoImages(folder / "project", emulator)
    shutil.copytree(ROOT / "packer", made.root / "packer")
    facts = {name: str(value) for name, value in emulator.facts.items()}
    number = next(_numbers)
    names = {"group": f"torture-{number}", "gallery": f"torture_{number}"}
    (made.root / "environments.hcl").write_text(_ENVIRONMENT.format(**facts, **names))
    for image in IMAGES:
        home = made.root / "images" / image
        (home / "checks").mkdir(parents=True)
        (home / "checks" / "test_it.py").write_text("def test_it(host): ...\n")
        (home / "install.sh").write_text("#!/bin/sh\ntrue\n")
        text = _IMAGE.format(name=image, capacity=capacity, drain=drain)
        (home / "image.hcl").write_text(text)
    zones = {image: made.zone(image) for image in IMAGES}
    project = read(made.root)
    said = ForPeople(next(iter(zones.values())).said)
    create_environment(Session(project, project.environments[0], said))
    for zone in zones.values():
        zone.add_versions(*VERSIONS)
    return made
