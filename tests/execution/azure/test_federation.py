"""A CI run's sign-in lasts as long as the run: each access token is bought with a new id token."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzurePipelinesCredential, ClientAssertionCredential

from pipeline.execution.azure.federation import of_run
from tests.conftest import Emulator
from tests.execution.packer.test_credential import token_service

TENANT = "b5a4e5a0-0000-4000-8000-0000000000ff"
PIPELINES = {
    "SYSTEM_OIDCREQUESTURI": "https://dev.azure.invalid/oidc",
    "SYSTEM_ACCESSTOKEN": "of-the-job",
    "AZURESUBSCRIPTION_CLIENT_ID": "c",
    "AZURESUBSCRIPTION_TENANT_ID": TENANT,
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "s",
}


def test_on_github_each_access_token_is_bought_with_a_new_id_token(emulator: Emulator) -> None:
    options = {
        "authority": emulator.base,
        "disable_instance_discovery": True,
        "connection_verify": emulator.ca_file,
    }
    with token_service(200, b'{"value": "header.body.signature"}') as (address, asked):
        environ = {
            "AZURE_CLIENT_ID": "the-client",
            "ACTIONS_ID_TOKEN_REQUEST_URL": address,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
        }
        credential = of_run(TENANT, environ, options)
        assert isinstance(credential, ClientAssertionCredential)
        for _ in range(2):
            with pytest.raises(ClientAuthenticationError, match="the-client"):
                credential.get_token(f"{emulator.base}/.default")

    assert len(asked) == 2


def test_on_azure_pipelines_azure_identity_asks_by_itself() -> None:
    assert isinstance(of_run(TENANT, PIPELINES, {}), AzurePipelinesCredential)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"AZURE_CLIENT_ID": "c"},
        {**PIPELINES, "SYSTEM_ACCESSTOKEN": ""},
        {**PIPELINES, "AZURE_CLIENT_SECRET": "s3cret"},
    ],
)
def test_elsewhere_and_with_a_secret_there_is_none(environ: dict[str, str]) -> None:
    assert of_run(TENANT, environ, {}) is None
