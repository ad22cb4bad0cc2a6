"""What a client meets before it has a token, and with a bad one."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from pipeline.emulator.identity.credentials import credentials
from pipeline.emulator.identity.tokens import LIFETIME, InvalidToken, Tokens
from tests.conftest import Emulator, Reply

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BASE = "https://127.0.0.1:8443"


def ask_token(emulator: Emulator, path: str, **changes: str) -> Reply:
    """Ask for a token as the service principal, some fields changed."""
    form = {
        "grant_type": "client_credentials",
        "client_id": emulator.facts["client_id"],
        "client_secret": emulator.secret,
        **changes,
    }
    tenant = emulator.facts["tenant"]
    content = urlencode(form).encode()
    return emulator.call("POST", f"/{tenant}{path}", content, headers=FORM, token="")


def test_the_metadata_is_an_object_for_new_clients_and_an_array_for_old_ones(
    emulator: Emulator,
) -> None:
    new = emulator.call("GET", "/metadata/endpoints?api-version=2022-09-01", token="").body
    assert new["name"] == "BakeswapEmulator"
    assert new["resourceManager"] == new["authentication"]["loginEndpoint"] == emulator.base
    assert new["authentication"]["tenant"] == "common"
    assert new["authentication"]["identityProvider"] == "AAD"
    for old in ("2020-06-01", "2019-05-01"):
        listed = emulator.call("GET", f"/metadata/endpoints?api-version={old}", token="").body
        assert [cloud["name"] for cloud in listed] == ["BakeswapEmulator"]


def test_a_token_of_the_first_endpoint_has_its_times_as_text(emulator: Emulator) -> None:
    answer = ask_token(emulator, "/oauth2/token", resource=f"{emulator.base}/")
    assert answer.status == 200
    assert int(answer.body["expires_on"]) > time.time() + 3600
    assert isinstance(answer.body["expires_in"], str)
    assert answer.body["resource"] == f"{emulator.base}/"
    listed = emulator.call("GET", "/subscriptions", token=answer.body["access_token"])
    assert listed.body["value"][0]["subscriptionId"] == emulator.subscription


def test_a_token_of_the_second_endpoint_works_for_its_scope(emulator: Emulator) -> None:
    answer = ask_token(emulator, "/oauth2/v2.0/token", scope=f"{emulator.base}//.default")
    assert answer.body["expires_in"] > 20 * 60
    assert emulator.call("GET", "/subscriptions", token=answer.body["access_token"]).status == 200


def test_a_token_for_another_resource_is_refused(emulator: Emulator) -> None:
    answer = ask_token(emulator, "/oauth2/token", resource="https://vault.bakeswap.invalid")
    refused = emulator.call("GET", "/subscriptions", token=answer.body["access_token"])
    assert (refused.status, refused.code) == (401, "InvalidAuthenticationTokenAudience")


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 400, "unauthorized_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_assertion": "x"}, 401, "invalid_client"),
        ({"scope": ""}, 400, "invalid_request"),
    ],
)
def test_a_wrong_request_for_a_token_is_refused(
    emulator: Emulator, changes: dict[str, str], status: int, error: str
) -> None:
    given = {"scope": f"{emulator.base}/.default", **changes}
    answer = ask_token(emulator, "/oauth2/v2.0/token", **given)
    assert (answer.status, answer.body["error"]) == (status, error)
    assert emulator.secret not in str(answer.body)


def test_a_request_without_a_token_is_answered_with_the_tenant(emulator: Emulator) -> None:
    answer = emulator.call("GET", f"/subscriptions/{emulator.subscription}", token="")
    assert (answer.status, answer.code) == (401, "AuthenticationFailed")
    expected = f'Bearer authorization_uri="{emulator.base}/{emulator.facts["tenant"]}"'
    assert answer.headers["www-authenticate"].startswith(expected)


def test_a_forged_token_is_refused(emulator: Emulator) -> None:
    header, _, signature = emulator.token().split(".")
    for forged in ("x", "a.b.c", f"{header}.e30.{signature}", emulator.token()[:-4]):
        answer = emulator.call("GET", "/subscriptions", token=forged)
        assert (answer.status, answer.code) == (401, "InvalidAuthenticationToken")


def test_a_token_is_good_until_it_expires(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "key.pem", credentials(tmp_path / "credentials.json"))
    tokens.check(tokens.issue(BASE, f"{BASE}/"), BASE)
    with pytest.raises(InvalidToken, match="earlier than current UTC time") as refusal:
        tokens.check(tokens.issue(BASE, BASE, now=time.time() - LIFETIME - 1), BASE)
    assert refusal.value.code == "ExpiredAuthenticationToken"


def test_a_token_that_is_not_valid_yet_is_refused(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "key.pem", credentials(tmp_path / "credentials.json"))
    tokens.check(tokens.issue(BASE, BASE, now=time.time() + 60), BASE)
    with pytest.raises(InvalidToken, match="later than current UTC time"):
        tokens.check(tokens.issue(BASE, BASE, now=time.time() + 3600), BASE)


def test_a_token_of_another_emulator_is_refused(tmp_path: Path) -> None:
    known = credentials(tmp_path / "credentials.json")
    ours, theirs = (Tokens(tmp_path / f"{name}.pem", known) for name in ("ours", "theirs"))
    with pytest.raises(InvalidToken) as refusal:
        ours.check(theirs.issue(BASE, BASE), BASE)
    assert refusal.value.code == "InvalidAuthenticationToken"
    with pytest.raises(InvalidToken) as refusal:
        ours.check(ours.issue("https://127.0.0.1:1", BASE), BASE)
    assert refusal.value.code == "InvalidAuthenticationTokenTenant"


def test_the_authority_describes_itself(emulator: Emulator) -> None:
    tenant = emulator.facts["tenant"]
    described = emulator.call(
        "GET", f"/{tenant}/v2.0/.well-known/openid-configuration", token=""
    ).body
    assert described["token_endpoint"] == f"{emulator.base}/{tenant}/oauth2/v2.0/token"
    keys = described["jwks_uri"].removeprefix(emulator.base)
    assert emulator.call("GET", keys, token="").body["keys"][0]["kty"] == "RSA"
