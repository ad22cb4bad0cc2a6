"""An image, an environment and surveys to plan builds with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.definition.balancing import Health
from pipeline.definition.model import (
    Base,
    Cloud,
    Environment,
    Gallery,
    Image,
    Input,
    Network,
    Template,
)
from pipeline.definition.shape import ScaleSetShape
from pipeline.planning.build.fingerprint import fingerprint, input_tags
from pipeline.planning.build.leftovers import Group
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.versions import ImageVersion

BASE = Base("Debian", "debian-12", "12-gen2", "0.20260101.1")
NEWER_BASE = replace(BASE, version="0.20260201.1")
RUN = "20261123T120000Z-builder-00aa"

FOLDER = Path("/project/images/web")
INPUTS = (
    Input("images/web/checks/test_web.py", "c" * 64),
    Input("images/web/files/index.html", "1" * 64),
    Input("images/web/image.hcl", "2" * 64),
    Input("packer/linux/linux.pkr.hcl", "3" * 64),
)

TEMPLATE = Template(
    name="linux",
    folder=Path("/project/packer/linux"),
    variables=frozenset({"location", "image_name", "image_version", "scripts", "files", "tags"}),
    sensitive=frozenset({"client_secret"}),
    builders=(),
    inputs=INPUTS[-1:],
)

WEB = Image(
    name="web",
    folder=FOLDER,
    template=TEMPLATE,
    version_series="1.0",
    base=replace(BASE, version="latest"),
    build_size="Standard_D2s_v5",
    scripts=(FOLDER / "scripts/install.sh",),
    files=FOLDER / "files",
    checks=FOLDER / "checks",
    variables=(),
    scale_set=ScaleSetShape("Standard_D2s_v5", 2),
    health=Health("http", 8080, "/healthz"),
    inputs=INPUTS,
)

LOCAL = Environment(
    name="local",
    subscription="b5a4e5a0-0000-4000-8000-000000000001",
    tenant="b5a4e5a0-0000-4000-8000-0000000000ff",
    location="westeurope",
    resource_group="bakeswap-local",
    gallery=Gallery("bakeswap"),
    replica_regions=("northeurope",),
    ssh_port=2222,
    ssh_username="azureuser",
    cloud=Cloud("Lab", "https://127.0.0.1:9443", "https://127.0.0.1:9443"),
    network=Network("vnet", "10.0.0.0/16", "machines", "10.0.0.0/24", "nat", "nsg"),
    load_balancers=(),
)


def with_input(image: Image, name: str, digest: str) -> Image:
    """The image after one input became another, or came in."""
    others = tuple(item for item in image.inputs if item.name != name)
    return replace(image, inputs=(*others, Input(name, digest)))


def survey(image: Image = WEB, *, base: Base = BASE, **seen: object) -> BuildSurvey:
    """What is known about an image in an empty gallery, but for what is given."""
    empty = BuildSurvey(
        image=image,
        environment=LOCAL,
        base=base,
        definition_tags={},
        versions=(),
        groups=(),
        run=RUN,
        commit="uncommitted",
        runs_here=frozenset(),
        young="20261123T100000Z",
    )
    return replace(empty, **seen)  # type: ignore[arg-type]  # a survey's fields, by name


def baked(name: str, image: Image = WEB, *, base: Base = BASE, **marks: str) -> ImageVersion:
    """A version of these inputs, as a run of ours tagged it; `check` decides on eligibility."""
    tags = {
        **ours(name),
        "bake": "succeeded",
        "fingerprint": fingerprint(image, base),
        "base": str(base),
        **input_tags(image),
        **marks,
    }
    return ImageVersion(name, exclude_from_latest=marks.get("check") != "passed", tags=tags)


def ours(version: str, run: str = RUN) -> dict[str, str]:
    """The tags of something we made for a version of web."""
    return {
        "system": "bakeswap",
        "image": "web",
        "version": version,
        "environment": "local",
        "run": run,
    }


def group(name: str, run: str, **tags: str) -> Group:
    """A resource group of ours."""
    return Group(name, {**ours("1.0.0", run), **tags})
