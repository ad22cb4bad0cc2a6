"""What is read from definitions without mistakes: those of the tests, and this repository's own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pipeline.definition.model import (
    Base,
    Cloud,
    Health,
    Network,
    Promotion,
    RulePair,
    RuleProbe,
    ScaleSetShape,
)
from pipeline.definition.project import read
from pipeline.definition.template import ESSENTIAL, OPTIONAL

REPOSITORY = Path(__file__).resolve().parents[2]


def test_an_image_is_read_as_it_was_written(good: Path) -> None:
    image = read(good).images[0]

    folder = good.resolve() / "images/web"
    assert (image.name, image.folder, image.version_series) == ("web", folder, "1.0")
    assert image.base == Base("Debian", "debian-12", "12-gen2", "0.20261101.2000")
    assert image.build_size == "Standard_D4s_v5"
    assert image.scripts == (folder / "scripts/install.sh", folder / "scripts/configure.sh")
    assert (image.files, image.checks) == (folder / "files", folder / "checks")
    assert image.variables == (("flavour", "plain"), ("workers", "4"), ("debug", "true"))
    assert image.scale_set == ScaleSetShape("Standard_D2s_v5", 3)
    assert image.health == Health("https", 8080, "/healthz")
    assert image.promotion == Promotion(
        rate=50, lost_budget=3, soak=600, keep_previous=7 * 86400, drain=90, patience=120
    )


def test_an_image_whose_checks_are_marked_soak_is_told_from_others(good: Path) -> None:
    assert not read(good).images[0].has_soak_checks
    checks = good / "images/web/checks"
    (checks / "more").mkdir()
    (checks / "more" / "notes.py").write_text("import pytest\nmark = pytest.mark.soak\n")
    assert not read(good).images[0].has_soak_checks
    (checks / "more" / "test_more.py").write_text("import pytest\nmark = pytest.mark.soak\n")
    assert read(good).images[0].has_soak_checks
    assert read(good).images[0].checks_named == "images/web/checks"


def test_a_template_is_read_with_its_variables_and_sources(good: Path) -> None:
    template = read(good).images[0].template

    assert (template.name, template.sources) == ("linux", ("azure-arm.linux",))
    assert template.variables == ESSENTIAL | {"flavour", "password", "workers", "debug"}
    assert template.sensitive == {"password"}
    assert template.required == ESSENTIAL | {"flavour"}


def test_what_may_be_left_out_has_a_default(good: Path) -> None:
    (good / "images/web/image.hcl").write_text(
        """
        image "web" {
          template  = "linux"
          version   = "2.1"
          checks    = "checks"
          variables = { flavour = "plain" }
          base {
            publisher = "Debian"
            offer     = "debian-12"
            sku       = "12-gen2"
          }
          scale_set {
            sku      = "Standard_D2s_v5"
            capacity = 1
          }
          health {
            port = 8080
            path = "/"
          }
        }
        """
    )

    image = read(good).images[0]

    assert (image.base.version, image.build_size) == ("latest", "Standard_D2s_v5")
    assert (image.scripts, image.files, image.health.protocol) == ((), None, "http")
    assert image.promotion == Promotion(
        rate=20, lost_budget=0, soak=120, keep_previous=86400, drain=600, patience=60
    )


def test_an_environment_is_read_as_it_was_written(good: Path) -> None:
    local, production = read(good).environments

    root = good.resolve()
    assert (local.name, local.gallery, local.location) == ("local", "shop", "westeurope")
    assert local.replica_regions == ("northeurope", "uksouth")
    assert (local.ssh_port, local.ssh_username) == (2222, "operator")
    assert (local.access, local.runner_address) == ("public", "203.0.113.7")
    assert (production.access, production.runner_address) == ("private", "")
    assert local.cloud.ca_bundle == root / ".pipeline/ca.pem"
    assert local.cloud.credential == root / ".pipeline/credential.json"
    pinned = (("compute", "2024-07-01"), ("galleries", "2023-07-03"))
    assert (local.cloud.api_versions, production.cloud.api_versions) == (pinned, ())
    assert not local.cloud.is_public
    assert local.network.managed
    assert (production.cloud, production.ssh_port) == (Cloud(), 22)
    assert production.cloud.is_public
    assert production.network == Network(
        "platform", "", "shop", "", "", "", managed=False, resource_group="platform-network"
    )


def test_a_load_balancer_is_found_by_its_image(good: Path) -> None:
    local, production = read(good).environments

    balancer = local.load_balancer_of("web")
    assert balancer is not None
    assert (balancer.name, balancer.image) == ("shop-lb", "web")
    assert balancer.pairs == (
        RulePair("http", 80, 8081, 8080),
        RulePair("admin", 9000, 9001, 9000, RuleProbe("https", "/ready")),
    )
    assert [str(pair.probed(Health("http", 8080, "/up")).protocol) for pair in balancer.pairs] == [
        "http",
        "https",
    ]
    assert RulePair("x", 1, 2, 3).probed(Health("http", 8080, "/up")) == RuleProbe("tcp")
    assert (balancer.private, balancer.idle_timeout_minutes) == (True, 30)
    assert production.load_balancer_of("web") is None


def test_the_definitions_of_this_repository_have_no_mistakes() -> None:
    project = read(REPOSITORY)

    assert [image for image in project.images if image.name == "web"]
    assert [environment for environment in project.environments if environment.name == "local"]


def test_the_production_example_has_no_mistakes_once_its_comment_signs_are_gone(
    tmp_path: Path,
) -> None:
    for folder in ("images", "packer"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    text = (REPOSITORY / "environments.hcl").read_text()
    _, start, example = text.partition('# environment "production"')
    if not start:
        pytest.skip("the example has been taken into use")
    (tmp_path / "environments.hcl").write_text(re.sub(r"(?m)^# ?", "", start + example))

    (environment,) = read(tmp_path).environments

    assert (environment.name, environment.cloud) == ("production", Cloud())


def test_the_linux_template_takes_everything_the_pipeline_gives_that_all_plugins_take() -> None:
    template = next(image.template for image in read(REPOSITORY).images if image.name == "web")
    newer = {"security_type", "oidc_request_url", "oidc_request_token"}

    assert template.variables >= (ESSENTIAL | OPTIONAL) - newer
    assert not newer & template.variables  # plugin 1.4.5 refuses these arguments
    assert template.sensitive == {"client_secret", "client_jwt"}
