"""What is planned for an image of Windows, as people read it, and what Packer says of its bake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.definition.model import Base, Environment, Image, Project
from pipeline.definition.operating_system import OperatingSystem
from pipeline.errors import Refused, Unreachable
from pipeline.execution.packer.tools import find_tools
from pipeline.planning import windows
from pipeline.planning.build.build import plan_build
from pipeline.planning.build.packer_variables import variables
from pipeline.planning.build.steps import BakeVersion
from pipeline.planning.build.survey import BuildSurvey
from pipeline.planning.landing_zone.plan import plan_landing_zone
from pipeline.planning.landing_zone.wanted import wanted
from pipeline.planning.names import load_balancer_id
from pipeline.planning.swap.load_balancer import read
from pipeline.planning.swap.staging import plan_stage
from pipeline.planning.swap.survey import Survey
from pipeline.planning.traits import Traits
from pipeline.planning.versions import ImageVersion

PLANS = Path(__file__).parent / "plans"
PINNED = Base("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-core-g2", "20348.1.1")
RUN = "20261123T120000Z-builder-00aa"
SERVER = Traits(os="Windows")
PLUGINS = sorted(Path(sys.prefix, "share", "packer").glob("plugins-*"))


@pytest.fixture
def environment(project: Project) -> Environment:
    """The only one."""
    (found,) = project.environments
    return found


@pytest.fixture
def image(project: Project) -> Image:
    """The only one."""
    (found,) = project.images
    return found


@pytest.fixture
def survey(environment: Environment, image: Image) -> BuildSurvey:
    """An empty gallery, whose definition is of Windows."""
    return BuildSurvey(
        image=image,
        environment=environment,
        base=PINNED,
        definition_tags={},
        versions=(),
        groups=(),
        run=RUN,
        commit="uncommitted",
        runs_here=frozenset(),
        young="20261123T100000Z",
        definition=SERVER,
    )


def compare(name: str, told: str, config: pytest.Config) -> None:
    """With what was reviewed; `--update-golden` writes it."""
    file = PLANS / f"{name}.txt"
    if config.getoption("--update-golden"):
        file.write_text(f"{told}\n")
    assert f"{told}\n" == file.read_text()


def test_the_template_says_that_it_is_of_windows(image: Image) -> None:
    line = _line_of(image.template.folder / "windows.pkr.hcl", 'os_type         = "Windows"')

    assert image.system == OperatingSystem("Windows")
    assert image.system.at == f"packer/windows/windows.pkr.hcl:{line}"


def test_a_build_is_planned(survey: BuildSurvey, pytestconfig: pytest.Config) -> None:
    compare("build", str(plan_build(survey).plan), pytestconfig)


def test_a_build_whose_machines_are_public_is_planned(
    survey: BuildSurvey, pytestconfig: pytest.Config
) -> None:
    outside = replace(survey.environment, access="public")
    now = replace(survey, environment=outside, runner="203.0.113.7")

    compare("build-public", str(plan_build(now).plan), pytestconfig)


def test_a_stage_is_planned(
    project: Project, environment: Environment, image: Image, pytestconfig: pytest.Config
) -> None:
    (declared,) = environment.load_balancers
    passed = ImageVersion("1.0.0", exclude_from_latest=False, tags={"check": "passed"})
    now = Survey(
        environment=environment,
        image=image,
        declared=declared,
        load_balancer=_load_balancer(project, environment),
        scale_sets=(),
        versions=(passed,),
    )

    compare("stage", str(plan_stage(now)), pytestconfig)


def test_an_environment_is_planned(
    project: Project, environment: Environment, pytestconfig: pytest.Config
) -> None:
    plan = plan_landing_zone(project, environment, False, {}, bases={"shop": SERVER})

    compare("environment", str(plan), pytestconfig)


def test_no_definition_is_made_of_another_system_than_the_base(
    project: Project, environment: Environment, image: Image
) -> None:
    with pytest.raises(Refused) as refused:
        plan_landing_zone(project, environment, False, {}, bases={"shop": Traits()})

    assert str(refused.value) == (
        "images/shop/image.hcl:8: the base MicrosoftWindowsServer:WindowsServer:"
        f"2022-datacenter-core-g2:latest is Linux, and {image.system.at} bakes Windows;"
        " choose another base, or another template"
    )


@pytest.mark.parametrize(
    ("image", "prefix"),
    [("shop", "shop"), ("storefront-api", "storefron"), ("web-shop-api", "web-shop"), ("a", "a")],
)
def test_a_computer_name_leaves_room_for_what_azure_adds(image: str, prefix: str) -> None:
    assert windows.computer_prefix(image) == prefix
    assert len(prefix) + 6 <= 15


@pytest.mark.packer
@pytest.mark.parametrize("plugin", PLUGINS or [None], ids=lambda path: path and path.name)
@pytest.mark.parametrize("group", ["", "shop-builds"])
def test_packer_takes_what_it_is_given(
    survey: BuildSurvey, tmp_path: Path, plugin: Path | None, group: str
) -> None:
    """The var-file is written as the pipeline writes it, but for the sign-in."""
    named: Any = (("build_key_vault_name", "shop-bakes"),) if group else ()
    image = replace(survey.image, variables=(*survey.image.variables, *named))
    environment = replace(survey.environment, build_resource_group=group)
    (bake, *_) = plan_build(replace(survey, image=image, environment=environment)).plan.steps
    assert isinstance(bake, BakeVersion)
    here = {"client_id": "id", "tenant_id": "tenant", "cloud_environment_name": "Public"}

    file = tmp_path / "shop.pkrvars.json"
    given = variables(bake, image, environment, here)
    file.write_text(json.dumps(given))
    ended = _packer(plugin, "validate", f"-var-file={file}", str(image.template.folder))

    assert (ended.returncode, ended.stdout) == (0, "The configuration is valid.\n")
    assert given["winrm_timeout"] == "20m"


def _packer(plugin: Path | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    chosen = {"PACKER_PLUGIN_PATH": str(plugin)} if plugin else {}
    try:
        tools = find_tools({**os.environ, **chosen})
    except Unreachable as error:
        pytest.skip(str(error))
    return subprocess.run(
        [str(tools.packer), *arguments],
        env={**os.environ, **tools.environment(), "PKR_VAR_client_secret": "not-real"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _load_balancer(project: Project, environment: Environment) -> Any:
    own = load_balancer_id(environment, "shop")
    body = next(one.body for one in wanted(project, environment) if one.resource == own)
    properties = body["properties"]
    for kind in ("frontendIPConfigurations", "backendAddressPools", "probes", "loadBalancingRules"):
        for one in properties[kind]:
            one["id"] = str(own.child(kind, one["name"]))
    addresses = {
        own.child("frontendIPConfigurations", one["name"]): f"203.0.113.{number}"
        for number, one in enumerate(properties["frontendIPConfigurations"], start=1)
    }
    return read({**body, "id": str(own), "name": own.name, "etag": 'W/"1"'}, addresses)


def _line_of(file: Path, text: str) -> int:
    lines = file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)
