"""Secrets of key vaults in plans: references by name, and never a value."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.definition.given import VaultSecret
from pipeline.definition.model import Cloud
from pipeline.errors import DefinitionError
from pipeline.planning.build.build import plan_build
from pipeline.planning.build.packer_variables import secrets_of_the_author
from pipeline.planning.build.steps import BakeVersion
from pipeline.planning.build.vault import audience, secret_references
from tests.planning.build.examples import LOCAL, TEMPLATE, WEB, survey

TOKEN = VaultSecret("token", "package-token", at="images/web/image.hcl:4")
PINNED = VaultSecret("key", "signing-key", "shop-keys", "0" * 32, "images/web/image.hcl:7")
PUBLIC = replace(LOCAL, cloud=Cloud(), key_vault="shop-bakes")
SECRETIVE = replace(WEB, secrets=(TOKEN, PINNED))


def test_a_secret_has_the_address_of_its_vault_in_the_environments_cloud() -> None:
    token, key = secret_references(SECRETIVE, PUBLIC)

    assert token.address == "https://shop-bakes.vault.azure.net/secrets/package-token"
    assert key.address == f"https://shop-keys.vault.azure.net/secrets/signing-key/{'0' * 32}"
    assert {token.audience, key.audience} == {"https://vault.azure.net"}
    assert token.at == TOKEN.at


@pytest.mark.parametrize(
    ("vaults", "expected"),
    [
        ("https://{vault}.vault.azure.cn", "https://vault.azure.cn"),
        ("https://127.0.0.1:9443/key-vaults/{vault}", "https://127.0.0.1:9443/key-vaults"),
    ],
)
def test_tokens_are_for_all_vaults_of_the_cloud(vaults: str, expected: str) -> None:
    assert audience(vaults) == expected


def test_the_plan_names_the_secrets_that_a_bake_reads() -> None:
    plan = plan_build(survey(SECRETIVE, environment=PUBLIC)).plan

    (bake,) = [step for step in plan.steps if isinstance(step, BakeVersion)]
    assert len(bake.secrets) == 2
    assert (
        "with Packer in bakeswap-build-web-1-0-0-2026112312000000aa, with token from secret"
        " package-token of key vault shop-bakes, with key from secret signing-key of key vault"
        " shop-keys"
    ) in str(bake)


def test_whoever_names_no_vault_is_told_where_to_name_one() -> None:
    with pytest.raises(DefinitionError) as caught:
        plan_build(survey(SECRETIVE))

    assert str(caught.value).splitlines() == [
        'images/web/image.hcl:4: secret "token": no vault is named here or in environment local;'
        ' add key_vault = "NAME" there',
    ]


def test_a_cloud_that_says_nothing_of_vaults_is_told_to() -> None:
    silent = replace(PUBLIC, cloud=replace(LOCAL.cloud, vaults=""))
    with pytest.raises(DefinitionError, match="has no address of key vaults; add"):
        secret_references(SECRETIVE, silent)


def test_what_a_vault_holds_need_not_be_in_the_environment_of_the_command() -> None:
    names = frozenset({"token", "password"})
    template = replace(TEMPLATE, variables=names, sensitive=names, required=names)
    image = replace(SECRETIVE, template=template)

    assert secrets_of_the_author(image) == ("password",)
