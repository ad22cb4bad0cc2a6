"""What is read from definitions without mistakes: those of the tests, and this repository's own."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.balancing import (
    PRODUCTION,
    STAGING,
    Health,
    LoadBalancer,
    RulePair,
    RuleProbe,
)
from pipeline.definition.evidence import NOTHING_REQUIRED, EvidencePolicy
from pipeline.definition.given import PROVIDED, Joined, Map, Reference, VaultSecret
from pipeline.definition.health import NO_HEALTH
from pipeline.definition.hygiene import KINDS, ON, Hygiene
from pipeline.definition.model import Base, Cloud, Network
from pipeline.definition.project import read
from pipeline.definition.promotion import Promotion
from pipeline.definition.replication import Replication
from pipeline.definition.shape import ScaleSetShape
from pipeline.errors import DefinitionError

REPOSITORY = Path(__file__).resolve().parents[2]


def test_an_image_is_read_as_it_was_written(good: Path) -> None:
    image = read(good).images[0]

    folder = good.resolve() / "images/web"
    assert (image.name, image.folder, image.version_series) == ("web", folder, "1.0")
    assert image.base == Base("Debian", "debian-12", "12-gen2", "0.20261101.2000")
    assert image.build_size == "Standard_D4s_v5"
    assert image.scripts == (folder / "scripts/install.sh", folder / "scripts/configure.sh")
    assert (image.files, image.checks) == (folder / "files", folder / "checks")
    assert image.variables == (("flavour", "plain"), ("workers", 4), ("debug", True))
    assert image.secrets == (
        VaultSecret("password", "web-password", "shop-bakes", "4387e9f3d6e14c459867679a90fd0f79"),
    )
    assert re.fullmatch(r"images/web/image\.hcl:\d+", image.secrets[0].at)
    assert (image.scale_set.sku, image.scale_set.capacity) == ("Standard_D2s_v5", 3)
    assert image.health == Health("https", 8080, "/healthz")
    assert sorted(image.rebuild_on) == ["inputs", "security"]
    assert image.max_age == 30 * 86400
    assert image.promotion == Promotion(
        rate=50,
        lost_budget=3,
        timeout=15,
        soak=600,
        keep_previous=7 * 86400,
        drain=90,
        patience=120,
    )


def test_an_image_that_says_nothing_is_rebuilt_for_what_needs_no_index(good: Path) -> None:
    file = good / "images/web/image.hcl"
    said = file.read_text()
    file.write_text(re.sub(r"(?m)^  (rebuild_on|max_age) .*\n", "", said))
    image = read(good).images[0]
    assert sorted(image.rebuild_on) == ["base", "inputs", "parent"]
    assert image.max_age == 0
    file.write_text(re.sub(r"(?m)^  rebuild_on .*$", "  rebuild_on = []", said))
    assert read(good).images[0].rebuild_on == frozenset()


def test_what_is_required_of_evidence_is_read_as_it_was_written(good: Path) -> None:
    loose, strict = (one.evidence for one in read(good).environments)

    assert strict == EvidencePolicy(
        store="https://shop.blob.core.windows.net/evidence",
        sign_with="https://shop.vault.azure.net/keys/release",
        required=("provenance", "checks"),
        signed_by=("keys/release.pub",),
        keep="with_versions",
    )
    assert (strict.goes_with_versions, loose.goes_with_versions) == (True, False)
    assert (strict.is_container, strict.signs_in_vault, strict.is_required) == (True, True, True)
    assert loose == NOTHING_REQUIRED
    assert (loose.is_container, loose.signs_in_vault, loose.is_required) == (False, False, False)


def test_an_image_whose_checks_are_marked_soak_is_told_from_others(good: Path) -> None:
    assert not read(good).images[0].has_soak_checks
    checks = good / "images/web/checks"
    (checks / "more").mkdir()
    (checks / "more" / "notes.py").write_text("import pytest\nmark = pytest.mark.soak\n")
    assert not read(good).images[0].has_soak_checks
    (checks / "more" / "test_more.py").write_text("import pytest\nmark = pytest.mark.soak\n")
    assert read(good).images[0].has_soak_checks
    assert read(good).images[0].checks_named == "images/web/checks"


def test_a_template_is_read_with_its_variables_and_builders(good: Path) -> None:
    template = read(good).images[0].template

    assert template.name == "linux"
    assert [builder.name for builder in template.builders] == ["azure-arm.linux"]
    assert template.variables - PROVIDED == {"flavour", "password", "workers", "debug"}
    assert template.sensitive == {"password"}
    assert template.required == template.variables - {"password", "workers", "debug"}


HARDENED = """
variable "arm_secret" { sensitive = true }
variable "features" {}
variable "instance_type" {}
variable "label" {}
variable "packages" {}
variable "sig_image" {}
variable "sig_version" {}
variable "tags" {}
variable "token" { sensitive = true }

source "azure-arm" "rocky" {
  client_secret                                    = var.arm_secret
  shared_gallery_image_version_exclude_from_latest = true
  shared_image_gallery_destination {
    resource_group = "images"
    gallery_name   = "images"
    image_name     = "${var.sig_image}"
    image_version  = var.sig_version
  }
}

source "docker" "rocky" {}

build {
  sources = ["source.azure-arm.rocky", "docker.rocky"]
}
"""


def test_a_template_from_elsewhere_is_given_what_the_image_maps_to_its_variables(
    good: Path,
) -> None:
    image_file = good / "images/web/image.hcl"
    text = re.sub(
        r'(?s)  (variables =|secret "password") \{.*?\n  \}\n', "", image_file.read_text()
    )
    image_file.write_text(
        text.replace(
            '  template = "linux"\n',
            """
            template "hardened" {
              variables = {
                sig_image     = name
                sig_version   = version
                instance_type = build.size
                label         = "${name}-${version}!"
                packages      = ["curl", base.sku, 3]
                features      = { fips = true, none = null }
                arm_secret    = credential.client_secret
                tags          = ["not", "ours"]
              }
              only = ["azure-*"]
            }
            """,
        )
    )
    (good / "packer/hardened").mkdir()
    (good / "packer/hardened/hardened.pkr.hcl").write_text(HARDENED)

    image = read(good).images[0]

    assert (image.template.name, image.only) == ("hardened", ("azure-*",))
    assert [one.name for one in image.template.builders] == ["azure-arm.rocky", "docker.rocky"]
    assert dict(image.variables) == {
        "sig_image": Reference("name"),
        "sig_version": Reference("version"),
        "instance_type": Reference("build.size"),
        "label": Joined((Reference("name"), "-", Reference("version"), "!")),
        "packages": ("curl", Reference("base.sku"), 3),
        "features": Map((("fips", True), ("none", None))),
        "arm_secret": Reference("credential.client_secret"),
        "tags": ("not", "ours"),
    }
    learned = {"image_name", "image_version", "vm_size", "base_sku", "client_secret"}
    assert image.told == learned


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
    assert image.scale_set == ScaleSetShape("Standard_D2s_v5", 1)
    assert image.promotion == Promotion(
        rate=20,
        lost_budget=0,
        timeout=5,
        soak=120,
        keep_previous=86400,
        drain=600,
        patience=60,
    )


def test_an_environment_is_read_as_it_was_written(good: Path) -> None:
    local, production = read(good).environments

    root = good.resolve()
    assert (local.name, local.gallery.name, local.location) == ("local", "shop", "westeurope")
    assert local.replica_regions == ("northeurope", "uksouth")
    assert local.replication == Replication(2, (("northeurope", 3),), "Standard_ZRS")
    assert local.replication.place("gallery.storage") == "environments.hcl:26"
    assert production.replication == Replication(is_shallow=True)
    assert production.replication.known == {"gallery.shallow": True}
    assert (local.ssh_port, local.ssh_username) == (2222, "operator")
    assert (local.access, local.runner_address) == ("public", "203.0.113.7")
    assert (production.access, production.runner_address) == ("private", "")
    assert (local.tags, production.tags) == ((("team", "shop"), ("cost-center", "4711")), ())
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
    up = Health("http", 8080, "/up")
    assert [balancer.probed(pair, up) for pair in balancer.pairs] == [
        RuleProbe("http", "/up", 8080),
        RuleProbe("https", "/ready", 9000),
    ]
    assert balancer.probed(RulePair("x", 1, 2, 3), up) == RuleProbe("tcp", port=3)
    assert (balancer.private, balancer.idle_timeout_minutes) == (True, 30)
    assert production.load_balancer_of("other") is None


def test_a_load_balancer_of_another_hand_is_named_with_its_parts(good: Path) -> None:
    local, production = read(good).environments

    pair = RulePair(
        *("https", 443, 8443, 8080),
        production_rule="lbrule-443",
        staging_rule="lbrule-8443",
        probe_name="alive",
    )
    assert production.load_balancers == (
        LoadBalancer(
            *("lb-shop", "web", (pair,)),
            managed=False,
            resource_group="shop-network",
            production_frontend="PublicIPAddress",
            staging_frontend="PublicIPAddress",
        ),
    )
    assert (production.other_groups, local.other_groups) == (("shop-network",), ())
    named = ("production", "staging", "http", "http-staging", "http")
    (first, _), balancer = local.load_balancers[0].pairs, local.load_balancers[0]
    assert named == (
        *(balancer.frontend(PRODUCTION), balancer.frontend(STAGING)),
        *(first.rule(PRODUCTION), first.rule(STAGING), first.probe_called),
    )


DNS = RulePair("dns", 53, 5353, 53, protocol="udp")
EVERYTHING = RulePair("all", 0, 0, 0, protocol="all")
WEB = RulePair("web", 443, 8443, 443)


@pytest.mark.parametrize(
    ("pairs", "asked"),
    [
        ((DNS, WEB), [RuleProbe("http", "/up", 8080)] * 2),
        (
            (DNS, replace(WEB, backend_port=8080), replace(WEB, name="x")),
            [
                RuleProbe("http", "/up", 8080),
                RuleProbe("http", "/up", 8080),
                RuleProbe("tcp", "", 443),
            ],
        ),
        ((EVERYTHING,), [RuleProbe("http", "/up", 8080)]),
        ((replace(EVERYTHING, probe=RuleProbe("tcp")),), [RuleProbe("tcp", "", 8080)]),
        ((replace(WEB, probe=RuleProbe("http", "/", 80)),), [RuleProbe("http", "/", 80)]),
    ],
)
def test_a_pair_is_probed_at_its_port_or_at_the_health_page(
    pairs: tuple[RulePair, ...], asked: list[RuleProbe]
) -> None:
    balancer = LoadBalancer("lb", "web", pairs)

    assert [balancer.probed(one, Health("http", 8080, "/up")) for one in pairs] == asked


def test_an_image_that_nothing_serves_needs_no_instances_and_tells_no_health(good: Path) -> None:
    folder = good / "images" / "golden"
    shutil.copytree(good / "images" / "web" / "checks", folder / "checks")
    (folder / "image.hcl").write_text(
        """
        image "golden" {
          template = "linux"
          version  = "1.0"
          checks   = "checks"
          variables = { flavour = "plain" }
          base {
            publisher = "Debian"
            offer     = "debian-12"
            sku       = "12-gen2"
          }
          build {
            size = "Standard_B2ms"
          }
        }
        """
    )

    golden, _ = read(good).images

    assert golden.scale_set == ScaleSetShape("Standard_B2ms", 0)
    assert golden.health == NO_HEALTH


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ('port = 1\nprotocol = "tcp"', Health("tcp", 1, "", "binary", "none")),
        ('port = 1\npath = "/"', Health("http", 1, "/", "rich", "json")),
        ('port = 1\npath = "/"\nstates = "binary"', Health("http", 1, "/", "binary", "none")),
        (
            'port = 1\npath = "/"\nstates = "binary"\nversion = "text"',
            Health("http", 1, "/", "binary", "text"),
        ),
        ('port = 1\npath = "/"\nversion = "none"', Health("http", 1, "/", "rich", "none")),
    ],
)
def test_health_is_a_page_of_either_kind_or_a_port(
    good: Path, written: str, read_as: Health
) -> None:
    file = good / "images/web/image.hcl"
    before, _, _ = file.read_text().partition("health {")
    file.write_text(f"{before}health {{\n{written}\n}}\n}}\n")
    (good / "environments.hcl").write_text(
        (good / "environments.hcl")
        .read_text()
        .replace("backend_port    = 8080", "backend_port = 1")
    )

    assert read(good).images[0].health == read_as


def test_udp_every_port_and_floating_ip_are_read(good: Path) -> None:
    file = good / "environments.hcl"
    text = file.read_text()
    admin = text.index('    rule "admin"')
    udp = """    rule "dns" {
      protocol        = "udp"
      floating_ip     = true
      production_port = 80
      staging_port    = 8081
      backend_port    = 8080

      probe {
        protocol = "tcp"
        port     = 5353
      }
    }

"""
    file.write_text(text[:admin] + udp + text[admin:])

    assert read(good).environments[0].load_balancers[0].pairs[1] == RulePair(
        *("dns", 80, 8081, 8080, RuleProbe("tcp", "", 5353)), protocol="udp", floating_ip=True
    )
    first = text.index('    rule "http"')
    file.write_text(text[:first] + '    rule "all" {\n protocol = "all"\n}\n}\n}\n')

    assert read(good).environments[0].load_balancers[0].pairs == (EVERYTHING,)


def test_private_frontends_have_addresses_that_are_chosen(good: Path) -> None:
    file = good / "environments.hcl"
    private = "    private              = true\n"
    chosen = '    production_address = "10.0.4.7"\n    staging_address = "10.0.9.8"\n'
    file.write_text(file.read_text().replace(private, private + chosen))

    with pytest.raises(DefinitionError, match=r'staging_address: "10.0.9.8" is not in 10.0.4.0/22'):
        read(good).refuse_mistakes()
    file.write_text(file.read_text().replace("10.0.9.8", "10.0.4.8"))

    (balancer,) = read(good).environments[0].load_balancers
    assert balancer.addresses == {"production": "10.0.4.7", "staging": "10.0.4.8"}
    one = replace(balancer, production_frontend="front", staging_frontend="front")
    assert one.addresses == {"front": "10.0.4.7"}


def test_the_definitions_of_this_repository_have_no_mistakes() -> None:
    project = read(REPOSITORY)

    assert [image for image in project.images if image.name == "web"]
    assert [environment for environment in project.environments if environment.name == "local"]


def test_the_production_example_has_no_mistakes_once_its_comment_signs_are_gone(
    tmp_path: Path, good: Path
) -> None:
    for folder in ("images", "packer"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    shutil.copytree(good / "keys", tmp_path / "keys", dirs_exist_ok=True)
    text = (REPOSITORY / "environments.hcl").read_text()
    _, start, example = text.partition('# environment "production"')
    if not start:
        pytest.skip("the example has been taken into use")
    (tmp_path / "environments.hcl").write_text(re.sub(r"(?m)^# ?", "", start + example))

    (environment,) = read(tmp_path).environments

    assert (environment.name, environment.cloud) == ("production", Cloud())


def test_the_linux_template_takes_everything_the_pipeline_gives_that_all_plugins_take() -> None:
    template = next(image.template for image in read(REPOSITORY).images if image.name == "web")
    newer = {"security_type", "oidc_request_url", "oidc_request_token", "use_shallow_replication"}

    assert template.variables >= PROVIDED - newer
    assert not newer & template.variables  # plugin 1.4.5 refuses these arguments
    assert template.sensitive == {"client_secret", "client_jwt"}


def test_hygiene_and_the_end_of_life_are_read(good: Path) -> None:
    path = good / "images/web/image.hcl"
    text = path.read_text()
    assert read(good).images[-1].hygiene == ON
    said = (
        '  hygiene {\n    skip = ["all"]\n    allow = ["/opt/*"]\n  }\n  end_of_life = "90d"\n}\n'
    )
    path.write_text(text.rstrip().removesuffix("}") + said)
    image = next(one for one in read(good).images if one.name == "web")
    assert image.hygiene == Hygiene(("all",), ("/opt/*",))
    assert image.hygiene.skipped == frozenset(KINDS)
    assert Hygiene(("journal",)).skipped == {"journal"}
    assert image.end_of_life == 90 * 86400
