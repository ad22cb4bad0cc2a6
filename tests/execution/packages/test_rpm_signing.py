"""Indexes of repositories that are signed, by the keys of the image."""

from __future__ import annotations

import base64
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pipeline.errors import Unreachable
from pipeline.execution.packages.indexes import Indexes
from pipeline.planning.packages.rpm_state import RpmState
from tests.execution.packages.rpm_repository import Package, Repository, served, state_of

pytest.importorskip("solv", reason="the extra `rpm` is not here")
pytestmark = pytest.mark.skipif(
    not shutil.which("gpg") or not shutil.which("gpgv"), reason="there is no gpg here"
)

BASH, NEWER = Package("bash", "5.1.8-9.el9"), Package("bash", "5.1.8-10.el9")
KEY = "etc/pki/rpm-gpg/KEY"


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody with a key."""

    home: Path

    def gpg(self, *words: str) -> bytes:
        """What gpg answers."""
        command = ["gpg", "--homedir", str(self.home), "--batch", "--yes"]
        return subprocess.run([*command, *words], check=True, capture_output=True).stdout

    def sign(self, repository: Repository) -> None:
        """Sign the index as it is now."""
        index = repository.folder / "repodata" / "repomd.xml"
        self.gpg("--armor", "--detach-sign", "-o", f"{index}.asc", str(index))


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    """A key that signs, without a passphrase."""
    made = Signer(tmp_path_factory.mktemp("gnupg"))
    made.home.chmod(0o700)
    made.gpg("--passphrase", "", "--quick-generate-key", "test@example.com", "ed25519")
    yield made
    subprocess.run(["gpgconf", "--homedir", str(made.home), "--kill", "all"], check=False)


@pytest.fixture
def repository(
    tmp_path: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Repository]:
    """A repository that is signed."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with served(tmp_path) as made:
        made.publish(BASH)
        signer.sign(made)
        yield made


def state(repository: Repository, key: bytes | None) -> RpmState:
    """A version whose repository has to be signed, with a key of the image."""
    text = f"repo_gpgcheck=1\ngpgkey=file:///{KEY}\n"
    made = state_of(repository.settings(text), (), (BASH,))
    return replace(made, keys={KEY: base64.b64encode(key).decode()} if key is not None else {})


def refused(cache: Path, known: RpmState) -> str:
    """Why the repository could not be asked."""
    with pytest.raises(Unreachable) as caught:
        Indexes(cache).foretell(known, upgrades=False)
    return str(caught.value)


@pytest.mark.parametrize("armor", [("--armor",), ()], ids=["armored", "plain"])
def test_an_index_is_verified_by_the_keys_of_the_image(
    repository: Repository, signer: Signer, tmp_path: Path, armor: tuple[str, ...]
) -> None:
    known = state(repository, signer.gpg(*armor, "--export"))
    for packages, words in (((BASH,), []), ((NEWER,), ["bash 5.1.8-9.el9 -> 5.1.8-10.el9"])):
        repository.publish(*packages)
        signer.sign(repository)
        found = Indexes(tmp_path / "cache").foretell(known, upgrades=False)
        assert [str(one) for one in found.changes] == words


def test_an_index_that_was_changed_is_refused(
    repository: Repository, signer: Signer, tmp_path: Path
) -> None:
    known = state(repository, signer.gpg("--export"))
    assert Indexes(tmp_path / "cache").foretell(known, upgrades=False).changes == ()
    repository.publish(NEWER)
    for _ in range(2):
        said = refused(tmp_path / "cache", known)
        assert "repomd.xml.asc: not signed by a key of the image: " in said


def test_an_index_without_a_signature_is_refused(
    repository: Repository, signer: Signer, tmp_path: Path
) -> None:
    (repository.folder / "repodata" / "repomd.xml.asc").unlink()
    said = refused(tmp_path / "cache", state(repository, signer.gpg("--export")))
    assert said.endswith("repomd.xml.asc: HTTP 404")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (None, "its key is none of those in /etc/pki/rpm-gpg"),
        (b"", "not signed by a key of the image"),
        (
            b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabcde\n-----END PGP PUBLIC KEY BLOCK-----\n",
            "not signed by a key of the image",
        ),
    ],
    ids=["none", "empty", "damaged"],
)
def test_without_its_key_an_index_is_refused(
    repository: Repository, tmp_path: Path, key: bytes | None, reason: str
) -> None:
    assert reason in refused(tmp_path / "cache", state(repository, key))


def test_without_gpgv_that_is_said(
    repository: Repository, signer: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = state(repository, signer.gpg("--export"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "gpgv is not on this machine" in refused(tmp_path / "cache", known)
    program = tmp_path / "gpgv"
    program.write_text("#!/nowhere/sh\n")
    program.chmod(0o755)
    assert "gpgv: FileNotFoundError" in refused(tmp_path / "cache", known)
