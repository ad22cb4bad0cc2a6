"""An image whose template needs a secret that a key vault holds, baked with the real Packer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import AzureRefused, DefinitionError, PipelineError, Unreachable
from tests.conftest import Emulator
from tests.emulator.vault_client import Vault, vault_in
from tests.execution.image_project import ImageProject, image_project, packer_or_skip

pytestmark = pytest.mark.packer

VALUE = "first-line-of-the-secret\nsecond-line-of-it"

TEMPLATE = """\
variable "token" {
  sensitive = true
}
"""

OBSERVER = """\
build {
  sources = ["source.azure-arm.linux"]

  provisioner "shell-local" {
    inline = [
      "printf %s '${var.token}' | sha256sum > FOLDER/seen",
      "ps -eo args > FOLDER/processes",
      "echo '${var.token}'",
      "exit $(cat FOLDER/code)",
    ]
  }
"""

SECRET = """\
  template = "linux"

  secret "token" {
    name = "package-token"
  }
"""


@pytest.fixture
def project(tmp_path: Path, emulator: Emulator) -> ImageProject:
    """An image of the shipped template, which takes a secret besides and looks around with it."""
    packer_or_skip()
    made = image_project(tmp_path, emulator)
    template = made.root / "packer/linux/linux.pkr.hcl"
    looking = OBSERVER.replace("FOLDER", str(tmp_path))
    (tmp_path / "code").write_text("0")
    begins = 'build {\n  sources = ["source.azure-arm.linux"]\n'
    assert begins in template.read_text()
    template.write_text(TEMPLATE + template.read_text().replace(begins, looking))
    image = (made.folder / "image.hcl").read_text()
    made.write("image.hcl", image.replace('  template = "linux"\n', SECRET))
    return made


@pytest.fixture
def vault(project: ImageProject, emulator: Emulator) -> Vault:
    """The vault that the environment names."""
    made = vault_in(emulator, "secrets-of-bakes")
    environments = project.root / "environments.hcl"
    text = environments.read_text()
    text = text.replace("  ssh_port ", f'  key_vault      = "{made.name}"\n  ssh_port ')
    addresses = f'    key_vaults       = "{emulator.facts["key_vaults"]}"\n'
    environments.write_text(text.replace("  cloud {\n", f"  cloud {{\n{addresses}"))
    return made


def shown_in(project: ImageProject) -> Iterator[Path]:
    """The files of the project that hold the secret, or a line of it."""
    for file in project.root.rglob("*"):
        if file.is_file() and any(line.encode() in file.read_bytes() for line in VALUE.split("\n")):
            yield file


def writes(project: ImageProject) -> list[str]:
    """What was written for the image, but for claims."""
    paths = project.requests("PUT", project.image)
    return [path for path in paths if "/TXT/" not in path]


def test_a_template_gets_the_secret_and_nobody_else_sees_it(
    project: ImageProject, vault: Vault, tmp_path: Path
) -> None:
    vault.set("package-token", VALUE)

    assert project.build(verbose=True).version == "1.0.0"

    assert (tmp_path / "seen").read_text().split()[0] == hashlib.sha256(VALUE.encode()).hexdigest()
    assert not [line for line in VALUE.split("\n") if line in (tmp_path / "processes").read_text()]
    assert list(shown_in(project)) == []
    assert "line-of" not in project.output
    told = " ".join(project.output.split())
    assert f"with token from secret package-token of key vault {vault.name}" in told
    logs = [file.read_text() for file in project.root.rglob("packer.log")]
    assert any("azure-arm.linux: <sensitive>" in log for log in logs)
    tags = project.versions()["1.0.0"].tags
    assert not [value for value in tags.values() if "line-of" in value]


def test_a_failing_bake_shows_the_secret_in_no_error_and_no_file(
    project: ImageProject, vault: Vault, tmp_path: Path
) -> None:
    vault.set("package-token", VALUE)
    (tmp_path / "code").write_text("3")

    with pytest.raises(PipelineError) as caught:
        project.build(verbose=True)

    assert "line-of" not in str(caught.value)
    assert "line-of" not in project.output
    assert list(shown_in(project)) == []


def test_a_rotated_secret_is_no_reason_to_build_and_a_pinned_version_is(
    project: ImageProject, vault: Vault, tmp_path: Path
) -> None:
    first = vault.set("package-token", VALUE)
    project.build()
    vault.set("package-token", "another-one-of-them")

    assert "has these inputs and passed its check" in project.build(plan_only=True).why

    text = (project.folder / "image.hcl").read_text()
    pinned = f'    name = "package-token"\n    version = "{first}"\n'
    project.write("image.hcl", text.replace('    name = "package-token"\n', pinned))
    planned = project.build(plan_only=True)
    assert "image.hcl changed" in planned.why
    assert project.build().version == "1.0.1"
    assert (tmp_path / "seen").read_text().split()[0] == hashlib.sha256(VALUE.encode()).hexdigest()


def test_what_keeps_the_secret_from_being_read_is_told_before_the_first_write(
    project: ImageProject, vault: Vault
) -> None:
    at = f"images/{project.image}/image.hcl:4: token from secret package-token"

    before = writes(project)

    def refused() -> AzureRefused:
        with pytest.raises(AzureRefused) as caught:
            project.build()
        assert str(caught.value).startswith(f"{at} of key vault {vault.name}: https://")
        assert "nothing was baked" in str(caught.value)
        assert writes(project) == before
        return caught.value

    missing = refused()
    assert missing.code == "SecretNotFound"
    assert f"az keyvault secret list --vault-name {vault.name}" in str(missing.advice)

    vault.set("package-token", VALUE, enabled=False)
    disabled = refused()
    assert disabled.code == "SecretDisabled"
    assert "--enabled true" in str(disabled.advice)

    vault.make(networkAcls={"defaultAction": "Deny"})
    assert "network-rule add" in str(refused().advice)

    vault.make(enableRbacAuthorization=False, accessPolicies=[])
    forbidden = refused()
    assert forbidden.code == "ForbiddenByPolicy"
    assert "Key Vault Secrets User" in str(forbidden)
    assert 'role assignment create --role "Key Vault Secrets User"' in str(forbidden.advice)

    failing = {"status": 401, "code": "Unauthorized", "message": "AKV10032: Invalid issuer."}
    project.fault({"path": "/key-vaults/"}, {"fail": failing})
    assert "AKV10032: Invalid issuer." in str(refused())

    project.fault({"path": "/key-vaults/"}, {"fail": {"status": 400, "code": "BadParameter"}})
    assert refused().advice == ()


def test_a_vault_that_is_not_there_is_named_with_where_its_name_is_from(
    project: ImageProject, vault: Vault
) -> None:
    environments = project.root / "environments.hcl"
    environments.write_text(environments.read_text().replace(vault.name, "nobodys-vault"))

    before = writes(project)

    with pytest.raises(Unreachable, match="No vault of the name nobodys-vault may be there"):
        project.build()

    assert writes(project) == before


def test_a_reference_without_a_vault_or_a_cloud_with_vaults_is_a_mistake_of_the_file(
    project: ImageProject,
) -> None:
    with pytest.raises(DefinitionError, match="no vault is named here or in environment lab"):
        project.build()
