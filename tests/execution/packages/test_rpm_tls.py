"""Whom a repository is believed over TLS: the authorities of this machine, and nobody without."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.emulator.identity.certificates import server_context
from pipeline.errors import Unreachable
from pipeline.execution.packages.indexes import Indexes
from pipeline.planning.packages.rpm_state import RpmState
from tests.execution.packages.repository import serving
from tests.execution.packages.rpm_repository import Package, Repository, served, state_of

pytest.importorskip("solv", reason="the extra `rpm` is not here")

BASH = Package("bash", "5.1.8-9.el9")


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate, and the authority that signed it in `ca.pem`."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    return server_context(tmp_path)


@pytest.fixture
def repository(tmp_path: Path, tls: ssl.SSLContext) -> Iterator[Repository]:
    """A repository by plain HTTP."""
    with served(tmp_path) as made:
        made.publish(BASH)
        yield made


def at(address: str, text: str = "") -> RpmState:
    """A version that takes packages from there."""
    settings = {"etc/yum.repos.d/a.repo": f"[main-repo]\nbaseurl={address}\n{text}"}
    return state_of(settings, (), (BASH,))


def refused(cache: Path, state: RpmState) -> str:
    """Why the repository could not be asked."""
    with pytest.raises(Unreachable) as caught:
        Indexes(cache).foretell(state, upgrades=False)
    return str(caught.value)


def test_an_authority_of_this_machine_is_believed(
    repository: Repository, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(repository.folder, tls) as (address, requests):
        said = refused(tmp_path / "cache", at(address, "sslverify=0\n"))
        assert "certificate verify failed" in said
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        state = at(address, f"sslclientcert={tmp_path / 'server.pem'}\n")
        assert Indexes(tmp_path / "cache").foretell(state, upgrades=False).changes == ()
        assert len(requests) == 2


def test_nobody_is_followed_to_an_address_without_tls(
    repository: Repository, tls: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with serving(repository.folder, tls, leads_to=repository.url) as (address, _):
        said = refused(tmp_path / "cache", at(address))
    assert said.endswith("a redirection to an address without TLS")
    assert repository.requests == []


def test_a_redirection_is_followed(repository: Repository, tmp_path: Path) -> None:
    with serving(repository.folder, leads_to=repository.url) as (address, requests):
        state = at(address)
        assert Indexes(tmp_path / "cache").foretell(state, upgrades=False).changes == ()
    assert len(requests) == 2
    assert len(repository.requests) == 2


def test_a_certificate_that_cannot_be_read_is_said(repository: Repository, tmp_path: Path) -> None:
    file = tmp_path / "client.pem"
    file.write_text("no certificate")
    said = refused(tmp_path / "cache", at(repository.url, f"sslclientcert={file}\n"))
    assert f"main-repo: the client certificate {file}: " in said
