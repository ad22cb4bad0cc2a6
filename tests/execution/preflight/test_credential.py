"""How long a process can go on signing in, by what signs in."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from pipeline.definition.model import Cloud
from pipeline.execution.preflight.credential import ASSERTION, assertion_end, credential
from pipeline.planning.preflight.facts import Credential

NOW = 1_000_000.0


def assertion(folder: Path, claims: object) -> Path:
    """A file as a CI runner writes it."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    path = folder / "token"
    path.write_bytes(b"e30." + payload + b".c2ln")
    return path


def environ(path: Path) -> dict[str, str]:
    """What azure-identity's workload identity needs."""
    return {"AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", ASSERTION: str(path)}


def test_an_assertion_has_an_end_of_its_own(tmp_path: Path) -> None:
    path = assertion(tmp_path, {"exp": NOW + 300})
    assert credential(Cloud(), NOW + 3600, NOW, environ(path)) == Credential(3600, str(path), 300)


def test_other_credentials_renew_themselves(tmp_path: Path) -> None:
    named = environ(assertion(tmp_path, {"exp": NOW + 300}))
    assert credential(Cloud(), NOW + 60, NOW, {}) == Credential(60)
    assert credential(Cloud(), NOW + 60, NOW, {**named, "AZURE_CLIENT_SECRET": "s"}).proof == ""
    with_file = Cloud(credential=tmp_path / "credential.json")
    assert credential(with_file, NOW + 60, NOW, named) == Credential(60)


@pytest.mark.parametrize("claims", [{}, {"exp": "soon"}, [], {"exp": None}])
def test_a_token_without_an_end_is_not_judged(tmp_path: Path, claims: object) -> None:
    assert assertion_end(assertion(tmp_path, claims)) is None


@pytest.mark.parametrize("content", [b"", b"one part", b"a.%%%.c", b"a.\xff.c"])
def test_a_file_that_is_no_token_is_not_judged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)
    assert assertion_end(path) is None
    assert assertion_end(tmp_path / "gone") is None
