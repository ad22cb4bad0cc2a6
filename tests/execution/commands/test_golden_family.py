"""A golden base and its child, baked by the real Packer into a gallery of another subscription."""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.definition.project import read
from pipeline.execution.azure.versions import image_versions
from pipeline.execution.commands import swap
from pipeline.execution.commands.build import build_image
from pipeline.execution.commands.environment import create_environment
from pipeline.execution.commands.nightly import nightly
from pipeline.execution.run.session import Session, choose_environment
from pipeline.execution.swap.survey import survey_swap
from pipeline.execution.watch.answers import version_at
from pipeline.output.people import ForPeople
from pipeline.planning.names import Tag
from pipeline.planning.versions import ImageVersion
from tests.conftest import ROOT, Emulator
from tests.execution.image_project import ENVIRONMENT, GOOD_CHECK, IMAGE, packer_or_skip

pytestmark = pytest.mark.packer

OF_SHOP = """
  load_balancer "family-child" {
    image = "child"
    rule "http" {
      production_port = 80
      staging_port    = 8081
      backend_port    = 8080
    }
  }
}
"""
GALLERY = """
    name           = "family_images"
    managed        = false
    resource_group = "family-images"
    subscription   = "{subscription}"
"""
FROM_GOLDEN = """  base {
    image = "golden"
  }
"""


@dataclass
class Family:
    """A project of two images and two environments, of which `images` owns the gallery."""

    root: Path
    said: io.StringIO = field(default_factory=io.StringIO)

    def session(self, environment: str = "shop") -> Session:
        """What a command is given, the definitions read anew."""
        project = read(self.root)
        return Session(project, choose_environment(project, environment), ForPeople(self.said))

    def versions(self, image: str) -> dict[str, ImageVersion]:
        """An image's versions in the gallery, by name."""
        return {one.name: one for one in image_versions(self.session().azure, image)}

    @property
    def output(self) -> str:
        """Everything that was told so far, in one line."""
        return " ".join(self.said.getvalue().split())


@pytest.fixture
def family(tmp_path: Path, emulator: Emulator) -> Family:
    packer_or_skip()
    shutil.copytree(ROOT / "packer", tmp_path / "packer")
    facts = {name: str(value) for name, value in emulator.facts.items()}
    _, other = emulator.facts["subscriptions"]
    owner, shop = (
        ENVIRONMENT.format(**{**facts, "subscription": subscription})
        .replace('"lab"', f'"{name}"')
        .replace("shared-lab", f"family-{name}")
        .replace("shared_lab", "family_images")
        for name, subscription in (("images", other), ("shop", emulator.subscription))
    )
    elsewhere = GALLERY.format(subscription=other)
    shop = re.sub(r"(?s)(  gallery \{).*?(  \}\n)", rf"\1{elsewhere}\2", shop)
    environments = f"{owner}\n{shop.rstrip().removesuffix('}')}{OF_SHOP}"
    (tmp_path / "environments.hcl").write_text(environments)
    for name in ("golden", "child"):
        folder = tmp_path / "images" / name
        for part in ("files", "scripts", "checks"):
            (folder / part).mkdir(parents=True)
        (folder / "image.hcl").write_text(IMAGE.format(name=name))
        (folder / "files/page.html").write_text(f"{name}\n")
        (folder / "scripts/install.sh").write_text("#!/bin/sh\ntrue\n")
        (folder / "checks/test_it.py").write_text(GOOD_CHECK)
    child = tmp_path / "images" / "child" / "image.hcl"
    child.write_text(re.sub(r"(?s)  base \{.*?\n  \}\n", FROM_GOLDEN, child.read_text(), count=1))
    return Family(tmp_path)


def test_a_family_is_baked_into_another_subscription_and_its_child_promoted(
    family: Family, emulator: Emulator
) -> None:
    create_environment(family.session("images"))
    create_environment(family.session())

    nightly(family.session())

    golden, child = family.versions("golden"), family.versions("child")
    assert golden["1.0.0"].is_eligible
    assert child["1.0.0"].is_eligible
    _, other = emulator.facts["subscriptions"]
    assert child["1.0.0"].tags[Tag.BASE] == f"{other}/family-images/family_images/golden/1.0.0"
    seen = emulator.call("GET", "/emulator/requests").body["value"]
    made = [str(one["path"]) for one in seen if one["method"] == "PUT"]
    versions = [path for path in made if re.search(r"/family_images/images/\w+/versions/", path)]
    assert versions
    assert all(path.startswith(f"/subscriptions/{other}/") for path in versions)

    swap.stage(family.session(), "child", "")
    swap.promote(family.session(), "child")
    frontend = survey_swap(family.session(), "child").health_url("production")
    assert version_at(frontend) == "1.0.0"

    (family.root / "images/golden/files/page.html").write_text("golden, newer\n")
    build_image(family.session(), "golden")
    assert family.versions("golden")["1.0.1"].is_eligible
    swap.status(family.session())
    waits = "child 1.0.0 is made of golden 1.0.0, and golden 1.0.1 passed its check"
    assert f"{waits}: invoke build-image child" in family.output
    nightly(family.session())
    assert family.versions("child")["1.0.1"].is_eligible
    assert "golden/1.0.0 -> " in family.output
    swap.status(family.session())
    assert family.output.endswith("child 1.0.1 is made of golden 1.0.1")
