"""How Packer signs in, and which generation of its plugin is asked how."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from pipeline.advice import Advice, Shell
from pipeline.definition.model import Cloud
from pipeline.errors import SignInFailed, StateFileError, Unreachable
from pipeline.execution.packer.credential import credential_for
from pipeline.execution.packer.tools import Tools, find_tools
from tests.planning.build.examples import LOCAL

OLD = Tools(Path("packer"), "", (1, 4, 5))
NEW = Tools(Path("packer"), "", (2, 6, 3))
PUBLIC = replace(LOCAL, cloud=Cloud())
CLIENT = {"AZURE_CLIENT_ID": "the-client", "AZURE_TENANT_ID": "the-tenant"}


def program(folder: Path, name: str, script: str) -> Path:
    """A program that does what the script says."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@contextmanager
def token_service(status: int, body: bytes) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The CI's token service on loopback; the paths and authorizations it was asked with."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/token?version=1", asked
        finally:
            server.shutdown()
            thread.join()


def test_a_cloud_with_a_credential_file_uses_that_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "credential.json"
    file.write_text(json.dumps({"tenant": "t", "client_id": "c", "client_secret": "s3cret"}))
    environment = replace(LOCAL, cloud=replace(LOCAL.cloud, credential=file))

    found = credential_for(environment, OLD, {**CLIENT, "AZURE_CLIENT_SECRET": "other"})

    assert found.variables == {"client_id": "c", "tenant_id": "t"}
    assert found.secrets == {"client_secret": "s3cret"}
    assert "s3cret" not in repr(found)


@pytest.mark.parametrize("text", ["", "[]", '{"tenant": "t", "client_secret": "s3cret"}'])
def test_a_broken_credential_file_is_named_but_not_quoted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "credential.json"
    file.write_text(text)
    environment = replace(LOCAL, cloud=replace(LOCAL.cloud, credential=file))

    with pytest.raises(StateFileError, match=r"credential\.json: ") as caught:
        credential_for(environment, OLD, {})

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("tools", [OLD, NEW])
def test_a_client_secret_is_what_both_plugins_take(tools: Tools) -> None:
    found = credential_for(PUBLIC, tools, {**CLIENT, "AZURE_CLIENT_SECRET": "s3cret"})

    assert found.variables == {"client_id": "the-client", "tenant_id": "the-tenant"}
    assert found.secrets == {"client_secret": "s3cret"}


def test_a_federated_token_comes_from_the_file_that_workload_identity_names(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("header.body.signature\n")
    environ = {**CLIENT, "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token")}

    assert credential_for(PUBLIC, NEW, environ).secrets == {"client_jwt": "header.body.signature"}


def test_a_federated_token_comes_from_the_ci_when_it_offers_one() -> None:
    with token_service(200, b'{"value": "header.body.signature"}') as (address, asked):
        environ = {
            **CLIENT,
            "ACTIONS_ID_TOKEN_REQUEST_URL": address,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
        }
        found = credential_for(PUBLIC, NEW, environ)

    assert found.secrets == {"client_jwt": "header.body.signature"}
    assert asked == [
        ("/token?version=1&audience=api://AzureADTokenExchange", "bearer of-the-runner")
    ]


def test_a_template_that_can_ask_github_is_told_how_and_given_no_token() -> None:
    environ = {
        **CLIENT,
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://runner.invalid/token",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
    }
    asking = ("oidc_request_url", "oidc_request_token")

    found = credential_for(PUBLIC, NEW, environ, asking)

    assert found.variables == {"client_id": "the-client", "tenant_id": "the-tenant"}
    assert found.secrets == {
        "oidc_request_url": "https://runner.invalid/token",
        "oidc_request_token": "of-the-runner",
    }
    with_secret = {**environ, "AZURE_CLIENT_SECRET": "s3cret"}
    assert credential_for(PUBLIC, NEW, with_secret, asking).secrets == {"client_secret": "s3cret"}


@pytest.mark.parametrize(("status", "body"), [(403, b""), (200, b"no JSON"), (200, b"{}")])
def test_a_token_service_that_gives_none_is_told_without_the_bearer(
    status: int, body: bytes
) -> None:
    with token_service(status, body) as (address, _):
        environ = {
            **CLIENT,
            "ACTIONS_ID_TOKEN_REQUEST_URL": address,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-runner",
        }
        with pytest.raises(Unreachable, match="GitHub's token service gave no token") as caught:
            credential_for(PUBLIC, NEW, environ)

    assert "of-the-runner" not in str(caught.value)


def test_the_older_plugin_refuses_federated_tokens_so_the_cli_signs_in(tmp_path: Path) -> None:
    program(tmp_path, "az", "exit 0")
    (tmp_path / "token").write_text("header.body.signature")
    environ = {
        **CLIENT,
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
        "PATH": str(tmp_path),
    }

    found = credential_for(PUBLIC, OLD, environ)

    assert found.variables == {"use_azure_cli_auth": True}
    assert found.secrets == {}


def test_without_any_way_to_sign_in_packer_is_not_started(tmp_path: Path) -> None:
    with pytest.raises(SignInFailed, match="no way for Packer to sign in") as caught:
        credential_for(PUBLIC, NEW, {"PATH": str(tmp_path)})

    assert caught.value.advice == (Advice("sign in", Shell("az login")),)


def test_only_the_newer_plugin_wants_a_scheme_in_the_metadata_host() -> None:
    address = "https://127.0.0.1:9443"

    assert OLD.metadata_host(address) == "127.0.0.1:9443"
    assert NEW.metadata_host(address) == "https://127.0.0.1:9443"


def installed(folder: Path, *versions: str) -> Path:
    """A Packer that knows plugins of these versions; the folder of programs."""
    plugins = [
        program(folder, f"packer-plugin-azure_v{version}", f'echo \'{{"version":"{version}"}}\'')
        for version in versions
    ]
    listing = "\n".join(f"echo {plugin}" for plugin in plugins)
    program(folder / "bin", "packer", f'[ "$*" = "plugins installed" ] || exit 1\n{listing}\n:')
    return folder / "bin"


def test_the_packer_beside_this_python_and_its_newest_plugin_are_taken(tmp_path: Path) -> None:
    scripts = installed(tmp_path, "1.4.5", "2.10.0", "2.6.3")

    found = find_tools({}, scripts, tmp_path)

    assert found == Tools(scripts / "packer", "", (2, 10, 0))


def test_the_plugins_of_the_virtual_environment_come_before_packers_own_places(
    tmp_path: Path,
) -> None:
    scripts = installed(tmp_path, "1.4.5")
    (tmp_path / "share/packer/plugins").mkdir(parents=True)

    assert find_tools({}, scripts, tmp_path).plugin_path == f"{tmp_path}/share/packer/plugins"
    given = {"PACKER_PLUGIN_PATH": "/given"}
    assert find_tools(given, scripts, tmp_path).plugin_path == "/given"


@pytest.mark.parametrize("versions", [(), ("1.4.4",)])
def test_a_plugin_that_is_missing_or_too_old_is_named_with_what_brings_it(
    tmp_path: Path, versions: tuple[str, ...]
) -> None:
    with pytest.raises(Unreachable, match=r"no Azure plugin of version 1\.4\.5 or newer") as caught:
        find_tools({}, installed(tmp_path, *versions), tmp_path)

    assert caught.value.advice == (Advice("install Packer and its plugin", Shell("make setup")),)
