"""What is adopted is read by our own reader, and then plays the roles that it plays."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.arm import ResourceId
from pipeline.definition.balancing import PRODUCTION, STAGING
from pipeline.definition.model import Environment, Image
from pipeline.definition.project import read as read_project
from pipeline.errors import Refused, UsageError
from pipeline.planning.adopt.adoption import Adopted, Adoption, adopt
from pipeline.planning.adopt.estate import Estate, pools, services
from pipeline.planning.landing_zone.unmanaged import refuse_lacking
from pipeline.planning.names import declared_id
from pipeline.planning.swap.backend import ScaleSet
from pipeline.planning.swap.load_balancer import read
from pipeline.planning.swap.survey import Survey
from tests.planning.adopt.estates import (
    any_estate,
    balancer,
    child,
    members_of,
    probe,
    rule,
    scale_set,
)
from tests.planning.swap.examples import ENVIRONMENT, PROJECT

GOOD = Path(__file__).parents[2] / "definition" / "good"
SEEDS = range(60)
_LACKED = re.compile(r"no rule ([\w.-]+): |no frontend (staging)$|^.*: ([\w.-]+) is probed")


def written(root: Path, adoption: Adoption) -> tuple[Environment, dict[str, Image]]:
    """The project with the text of an adoption in its files, read by the definitions' reader."""
    environments = (GOOD / "environments.hcl").read_text()
    head = environments[environments.index('environment "production"') :]
    head = head[: head.index('  load_balancer "web"')]
    blocks = "\n".join(str(one.load_balancer or "") for one in adoption.adopted)
    (root / "environments.hcl").write_text(f"{head}{blocks}\n}}\n")
    shutil.rmtree(root / "images", ignore_errors=True)
    for one in adoption.adopted:
        folder = shutil.copytree(GOOD / "images" / "web", root / "images" / one.image)
        (Path(folder) / "image.hcl").write_text(_image(one))
    project = read_project(root)
    project.refuse_mistakes()
    (environment,) = project.environments
    return environment, {image.name: image for image in project.images}


def _image(one: Adopted) -> str:
    scale = one.scale_set or 'scale_set {\nsku = "Standard_D2s_v5"\ncapacity = 1\n}'
    health = one.health or 'health {\nprotocol = "tcp"\nport = 1\n}'
    return (
        f'image "{one.image}" {{\n  template = "linux"\n  version = "1.0"\n  checks = "checks"\n'
        '  variables = { flavour = "plain" }\n'
        '  base {\n publisher = "Debian"\n offer = "debian-12"\n sku = "12-gen2"\n}\n'
        f"{scale}\n{health}\n}}\n"
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose images and environment are what was adopted last."""
    return Path(shutil.copytree(GOOD, tmp_path_factory.mktemp("adopted") / "project"))


def surveyed(estate: Estate, environment: Environment, image: Image) -> Survey:
    """What a swap of the image would see."""
    declared = environment.load_balancer_of(image.name)
    assert declared is not None
    sets = tuple(
        ScaleSet(
            *(str(one["name"]), ResourceId.parse(str(one["id"])), {}, 3, "Succeeded"),
            tuple(pools(one)),
        )
        for one in estate.scale_sets
    )
    return Survey(environment, image, declared, read(estate.load_balancer, {}), sets, ())


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_adopted_is_read_and_plays_its_roles(project: Path, seed: int) -> None:
    estate = any_estate(seed)
    before = repr(estate)
    adoption = adopt(estate, replace(ENVIRONMENT, resource_group="shop"), ())
    environment, images = written(project, adoption)

    for service, one in zip(services(estate), adoption.adopted, strict=True):
        if one.load_balancer is None:
            continue  # no rule of it can be declared: that was told
        now = surveyed(estate, environment, images[one.image])
        names = {str(found["name"]) for found in service.scale_sets}
        assert now.production_pool == service.pool
        serving = now.backend(service.pool)
        assert names <= set(serving.owners)
        moved = {*now.rules(PRODUCTION), *now.followers, *(r.name for r in now.astray)}
        assert {str(found["name"]) for found in service.rules} <= moved
        _lacks_no_more_than_staging(estate, environment, now)
    assert repr(estate) == before


def _lacks_no_more_than_staging(estate: Estate, environment: Environment, now: Survey) -> None:
    """Of the load balancer nothing is missing but staging rules, and what they stand on."""
    one = replace(environment, load_balancers=(now.declared,))
    project = replace(PROJECT, images=(now.image,))
    try:
        refuse_lacking(project, one, {declared_id(one, now.declared): estate.load_balancer})
    except Refused as refused:
        for line in str(refused).splitlines()[:-1]:
            staging = {pair.rule(STAGING) for pair in now.declared.pairs}
            found = _LACKED.search(line)
            assert found, line
            assert (found[1] or found[2] or found[3]) in staging | {"staging"}


def test_the_text_of_an_estate() -> None:
    extensions = [
        {
            "name": "health",
            "properties": {
                "publisher": "Microsoft.ManagedServices",
                "type": "ApplicationHealthLinux",
                "typeHandlerVersion": "1.0",
                "settings": {"protocol": "http", "port": 8080, "requestPath": "/up"},
            },
        }
    ]
    body = balancer(
        [
            rule("lbrule-443", 443, 8443, "bepool", probe=child("probes", "alive")),
            rule("dns", 53, 53, "bepool", protocol="Udp"),
            rule("quic", 443, 9443, "bepool", protocol="Quic"),
        ],
        {"bepool": members_of("app")},
        [probe("alive", 8443)],
    )
    found = scale_set("app", "bepool", extensionProfile={"extensions": extensions})
    adoption = adopt(Estate(body, (found,)), ENVIRONMENT, ("web",))

    assert (
        str(adoption)
        == """\
# environments.hcl, in environment "production":
load_balancer "web" {
  image               = "web"
  name                = "lb-shop"
  resource_group      = "platform"
  managed             = false
  production_frontend = "Public"
  staging_frontend    = "Public"

  rule "lbrule-443" {
    production_port = 443
    staging_port    = 8443
    backend_port    = 8443

    probe {
      name = "alive"
    }
  }

  rule "dns" {
    protocol        = "udp"
    production_port = 53
    staging_port    = 8053
    backend_port    = 53
  }
}

# images/web/image.hcl, in image "web":
scale_set {
  sku      = "Standard_D4s_v5"
  capacity = 3
}

health {
  protocol = "http"
  port     = 8080
  path     = "/up"
  states   = "binary"
  version  = "none"
}

# Left out of web:
#   rule quic, which moves with swaps undeclared: its protocol is quic
#   app: it runs None:None:None: what a base and scripts of an image make of that is yours to say
#   app: custom data and passwords: Azure does not tell them
#   health.version: whether a page tells it cannot be seen; say json or text if one does"""
    )
    (document,) = (one.document for one in adoption.adopted)
    assert adoption.document["images"] == [document]
    assert str(document["health"]).startswith("health {")


def test_an_image_is_named_or_called_like_what_serves() -> None:
    one = Estate(
        balancer([rule("a", 1, 2, "p")], {"p": members_of("App_1")}), (scale_set("App_1", "p"),)
    )
    both = Estate(
        balancer(
            [rule("a", 1, 2, "p"), rule("b", 3, 4, "q")],
            {"p": members_of("app"), "q": members_of("app"), "r": members_of("idle")},
        ),
        (scale_set("app", "p", "q"),),
    )

    def named(estate: Estate, images: tuple[str, ...] = (), image: str = "") -> list[str]:
        return [found.image for found in adopt(estate, ENVIRONMENT, images, image).adopted]

    assert named(one) == ["app-1"]
    assert named(one, ("web",)) == ["web"]
    assert named(one, ("web", "api"), "api") == ["api"]
    assert named(both, ("web",)) == ["app", "app-2"]
    with pytest.raises(UsageError, match=r"serves from 2 pools \(p, q\), and one image is named"):
        named(both, (), "web")
    with pytest.raises(Refused, match="no rule leads to a pool that something is in"):
        named(Estate(balancer([rule("a", 1, 2, "p")], {"p": []})))


def test_rules_that_cannot_be_pairs_are_told() -> None:
    several = rule("several", 5, 5, "p")
    several["properties"]["backendAddressPools"].append(child("backendAddressPools", "q"))
    rules = [
        rule("a", 1, 2, "p"),
        rule("a-staging", 9, 3, "q"),
        rule("floating", 4, 2, "p", enableFloatingIP=True),
        rule("other", 1, 7, "p", front="Second"),
        rule("all", 0, 0, "p", protocol="All"),
        several,
    ]
    fronts = {"Public": True, "Second": True}
    body = balancer(rules, {"p": members_of("app"), "q": []}, fronts=fronts)
    (one,) = adopt(Estate(body, (scale_set("app", "p"),)), ENVIRONMENT, ("web",)).adopted
    undeclared = ", which moves with swaps undeclared: "
    assert [line for line in one.left_out if line.startswith("rule ")] == [
        f"rule floating{undeclared}another rule leads to its backend port 2",
        f"rule other{undeclared}it is on the frontend Second, the others on Public",
        f"rule all{undeclared}it is for all ports, and not the only one",
        f"rule several{undeclared}it leads to several pools, and no swap moves it",
    ]
    assert 'staging_rule    = "a-staging-2"' in str(one.load_balancer)


def test_members_that_are_in_no_scale_set_are_told() -> None:
    stranger = (
        "/subscriptions/s/resourceGroups/o/providers/Microsoft.Network/networkInterfaces/one"
        "/ipConfigurations/ip"
    )
    body = balancer([rule("a", 1, 2, "p")], {"p": [stranger, *members_of("x"), *members_of("y")]})
    found = (scale_set("x", "p"), scale_set("y", "p"))
    (one,) = adopt(Estate(body, found), ENVIRONMENT, ("web",)).adopted
    assert "networkInterfaces/one is a member, and no scale set" in one.left_out[0]
    assert one.left_out[1] == "y is in the pool as well"
    (alone,) = adopt(Estate(body), ENVIRONMENT, ()).adopted
    assert (alone.image, alone.scale_set, alone.health) == ("p", None, None)
    assert "scale_set {" not in str(adopt(Estate(body), ENVIRONMENT, ()))


def test_what_no_key_says_of_a_scale_set_is_told() -> None:
    found = scale_set("app", "p")
    found["sku"] = {"name": "D4", "capacity": 0}
    model = found["properties"]["virtualMachineProfile"]
    model |= {
        "osProfile": {"adminUsername": "root", "windowsConfiguration": {"timeZone": "UTC"}},
        "storageProfile": {
            "imageReference": {"id": "/gallery/version"},
            "dataDisks": [{"lun": 1, "createOption": "FromImage", "diskSizeGB": 4}],
        },
        "securityProfile": {"encryptionAtHost": True},
        "extensionProfile": {
            "extensions": [
                {"name": "a b", "properties": {}},
                {
                    "name": "script",
                    "properties": {
                        "publisher": "p",
                        "type": "t",
                        "typeHandlerVersion": "1.0",
                        "protectedSettingsFromKeyVault": {"secretUrl": "x"},
                    },
                },
            ]
        },
    }
    (interface,) = model["networkProfile"]["networkInterfaceConfigurations"]
    interface["properties"] |= {"networkSecurityGroup": {"id": "x"}}
    (address,) = interface["properties"]["ipConfigurations"]
    other = f"{declared_id(ENVIRONMENT, ENVIRONMENT.load_balancers[0])}/backendAddressPools/x"
    address["properties"] |= {
        "subnet": {"id": "/their/subnet"},
        "privateIPAddressVersion": "IPv6",
        "publicIPAddressConfiguration": {"name": "each"},
        "applicationSecurityGroups": [{"id": "x"}],
        "loadBalancerBackendAddressPools": [
            *address["properties"]["loadBalancerBackendAddressPools"],
            {"id": other},
        ],
    }
    model["networkProfile"]["networkInterfaceConfigurations"].append(
        {"name": "second", "properties": {}}
    )
    found |= {"identity": {"type": "SystemAssigned"}, "plan": {"name": "x"}, "tags": {"run": "x"}}
    found["properties"] |= {
        "orchestrationMode": "Flexible",
        "upgradePolicy": {"mode": "Rolling"},
        "scaleInPolicy": {"rules": ["OldestVM"]},
    }
    settings = tuple(
        {"name": name, "properties": {"targetResourceUri": uri}}
        for name, uri in (("cpu", str(found["id"]).upper()), ("other", "/else"))
    )
    body = balancer([rule("a", 1, 2, "p")], {"p": members_of("app")})
    (one,) = adopt(Estate(body, (found,), settings), ENVIRONMENT, ("web",)).adopted

    told = {line.removeprefix("app: ").split(":")[0] for line in one.left_out}
    assert told == {
        *("capacity 0", "size D4", "administrator root", "Windows", "2 network interfaces"),
        *("custom data and passwords", "virtualMachineProfile.securityProfile", "data disk 1"),
        *("networkSecurityGroup of nic", "subnet /their/subnet", "ip is of IPv6"),
        *("publicIPAddressConfiguration of ip", "applicationSecurityGroups of ip"),
        *("extension a b", "extension script", "upgrade policy Rolling", "scaleInPolicy"),
        *("an identity of its own", "the rights of its own identity", "a purchase plan"),
        *("tag run", "autoscale setting cpu", "health.version", "it runs /gallery/version"),
        next(line for line in told if line.startswith("it is behind")),
    }
    assert 'orchestration = "Flexible"' in str(one.scale_set)


def test_a_service_without_a_rule_that_can_be_declared_has_no_block() -> None:
    body = balancer([rule("a", 443, 443, "p", protocol="Quic")], {"p": members_of("app")})
    adoption = adopt(Estate(body, (scale_set("app", "p"),)), ENVIRONMENT, ("web",))
    assert adoption.adopted[0].load_balancer is None
    assert str(adoption).startswith("# images/web/image.hcl")
    assert adoption.adopted[0].document["load_balancer"] == ""
