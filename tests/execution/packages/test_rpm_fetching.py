"""Fetching what rpm repositories publish: what is asked, what is refused, and how that is said."""

from __future__ import annotations

import hashlib
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import Unreachable
from pipeline.execution.packages import rpm_fetching, rpm_unpacking, rpm_web
from pipeline.execution.packages.indexes import Indexes
from pipeline.planning.packages.rpm_state import RpmState
from tests.execution.packages.rpm_repository import (
    HEAD,
    PACKED,
    SPACES,
    Package,
    Repository,
    advisory,
    served,
    state_of,
)

pytest.importorskip("solv", reason="the extra `rpm` is not here")

BASH = Package("bash", "5.1.8-9.el9")
NGINX = Package("nginx", "2:1.20.1-14.el9", ("bash",))
NEWER = Package("nginx", "2:1.20.1-16.el9", ("bash",))
TOLD = ["nginx 2:1.20.1-14.el9 -> 2:1.20.1-16.el9"]
FIX = advisory("RLSA-1", NEWER)
REPOMD = "/repodata/repomd.xml"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository with what was there when the version was baked."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with served(tmp_path) as made:
        made.publish(BASH, NGINX)
        yield made


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of the test's own."""
    return tmp_path / "cache"


def at(address: str, key: str = "baseurl", text: str = "") -> RpmState:
    """A version whose bake installed nginx from there."""
    settings = {"etc/yum.repos.d/a.repo": f"[main-repo]\n{key}={address}\n{text}"}
    return state_of(settings, (BASH,), (BASH, NGINX))


def told(cache: Path, state: RpmState) -> list[str]:
    """What would be different today, in words."""
    return [str(one) for one in Indexes(cache).foretell(state, upgrades=False).changes]


def refused(cache: Path, state: RpmState) -> str:
    """Why the repository could not be asked."""
    with pytest.raises(Unreachable) as caught:
        Indexes(cache).foretell(state, upgrades=False)
    return str(caught.value)


@pytest.mark.parametrize("packed", PACKED)
def test_lists_are_packed_in_every_way(repository: Repository, cache: Path, packed: str) -> None:
    repository.publish(BASH, NEWER, advisories=[FIX], packed=packed)
    assert told(cache, at(repository.url)) == [f"{TOLD[0]} (security)"]


def test_what_did_not_change_is_not_fetched_again(repository: Repository, cache: Path) -> None:
    repository.publish(BASH, NGINX, advisories=[FIX])
    told(cache, at(repository.url))
    assert len(repository.asked(200)) == 3
    repository.requests.clear()
    indexes = Indexes(cache)
    for _ in range(2):
        indexes.foretell(at(repository.url), upgrades=False)
    indexes.open_fixes(at(repository.url))
    assert repository.requests == [f"{REPOMD} 304"]


def test_only_the_lists_that_changed_are_fetched(repository: Repository, cache: Path) -> None:
    told(cache, at(repository.url))
    repository.publish(BASH, NGINX, advisories=[FIX])
    repository.requests.clear()
    told(cache, at(repository.url))
    assert len(repository.asked(200)) == 2
    assert any("updateinfo" in one for one in repository.requests)
    repository.publish(BASH, NEWER)
    told(cache, at(repository.url))
    (folder,) = cache.glob("*/*/")
    assert {one.name.partition("-")[0] for one in folder.iterdir()} == {
        *("answered.json", "primary", "repomd.xml"),
    }
    assert len(list(folder.iterdir())) == 4


def test_a_repository_that_is_gone_is_said_by_name(repository: Repository, cache: Path) -> None:
    told(cache, at(repository.url))
    shutil.rmtree(repository.folder / "repodata")
    assert refused(cache, at(repository.url)) == f"main-repo: {repository.url}{REPOMD}: HTTP 404"
    indexes = Indexes(cache)
    for _ in range(2):
        with pytest.raises(Unreachable, match="main-repo"):
            indexes.foretell(at(repository.url), upgrades=False)


def test_a_server_that_is_down_is_said(repository: Repository, cache: Path, tmp_path: Path) -> None:
    with served(tmp_path / "down") as down:
        address = down.url
    assert refused(cache, at(address)) == f"main-repo: {address}{REPOMD}: Connection refused"
    assert told(cache, at(f"{address}\n  {repository.url}")) == []


def test_mirrors_are_asked_one_after_another(repository: Repository, cache: Path) -> None:
    repository.publish(BASH, NEWER)
    (repository.folder / "mirrors").write_text(
        f"# a list\n{repository.url}/gone/\n{repository.url}/\nrsync://127.0.0.1/x\n"
    )
    assert told(cache, at(f"{repository.url}/mirrors", "mirrorlist")) == TOLD
    assert repository.asked(404) == [f"/gone{REPOMD}"]


def test_a_metalink_says_what_the_index_is(repository: Repository, cache: Path) -> None:
    repository.publish(BASH, NEWER)
    repository.metalink(f"{repository.url}/gone", repository.url)
    state = at(f"{repository.url}/metalink", "metalink")
    assert told(cache, state) == TOLD
    repository.requests.clear()
    assert told(cache, state) == TOLD
    assert repository.requests == ["/metalink 200"]
    repository.publish(BASH, NGINX)
    repository.metalink(repository.url, digest="0" * 64)
    assert "another one than" in refused(cache, state)


@pytest.mark.parametrize("content", ["", "<html>", "<metalink/>", "ftp://127.0.0.1/"])
def test_a_list_without_mirrors_is_said(repository: Repository, cache: Path, content: str) -> None:
    (repository.folder / "mirrors").write_text(content)
    said = refused(cache, at(f"{repository.url}/mirrors", "mirrorlist"))
    assert said.startswith(f"main-repo: {repository.url}/mirrors: ")


def test_a_list_that_is_not_what_the_index_names_is_refused(
    repository: Repository, cache: Path
) -> None:
    repository.publish(BASH, NEWER)
    for file in repository.lists("primary"):
        content = bytearray(file.read_bytes())
        content[-1] ^= 1
        file.write_bytes(content)
    assert "not what repomd.xml names (sha256 differs)" in refused(cache, at(repository.url))
    repository.publish(BASH, NEWER)
    assert told(cache, at(repository.url)) == TOLD


def test_a_list_that_is_larger_than_the_index_says_is_refused(
    repository: Repository, cache: Path
) -> None:
    (file,) = repository.lists("primary")
    file.write_bytes(file.read_bytes() * 2)
    assert f"more than {file.stat().st_size // 2} bytes" in refused(cache, at(repository.url))


def named(repository: Repository, name: str, content: bytes, more: str = "") -> None:
    """Publish a list of packages whatever it is, with its checksum."""
    (repository.folder / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    repository.index(
        f'<data type="primary"><checksum type="sha256">{digest}</checksum>'
        f'<location href="{name}"/>{more}</data>'
    )


ENTITIES = (
    f'{HEAD}\n<!DOCTYPE metadata [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>\n'
    f"<metadata {SPACES} packages='0'>&b;</metadata>"
)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("p.xml.gz", PACKED[".gz"](ENTITIES.encode()), "not XML without a document type"),
        ("p.xml", ENTITIES.encode(), "not XML without a document type"),
        ("p.xml", ENTITIES.encode("utf-16"), "not XML without a document type"),
        ("p.xml", HEAD.replace("UTF-8", "UTF-7").encode() + b"<a/>", "not XML without a"),
        ("p.xml", b"\n" * 100_000 + b"<a/>", "not XML without a document type"),
        ("p.xml.gz", b"no gzip", "damaged"),
        ("p.xml.gz", PACKED[".gz"](b"<a/>" * 9999)[:-9], "damaged"),
        ("p.xml.xz", PACKED[".xz"](b"<a/>" * 9999)[:-9], "damaged"),
        ("p.xml.zst", PACKED[".zst"](b"<a/>" * 9999)[:-9], "damaged"),
        ("p.xml.zst", b"\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff", "damaged"),
        ("p.xml.bz2", b"BZh9nothing", "damaged"),
        ("p.xml.zck", b"zck", "damaged"),
        ("p.xml", b"<metadata><package></metadata>", "line 1"),
    ],
    ids=[
        *("entities", "plain entities", "utf-16", "utf-7", "no beginning", "no gzip", "short gzip"),
        *("short xz", "short zstd", "no zstd", "no bzip2", "unknown", "no xml"),
    ],
)
def test_a_hostile_list_is_refused(
    repository: Repository, cache: Path, name: str, content: bytes, reason: str
) -> None:
    named(repository, name, content)
    assert reason in refused(cache, at(repository.url))


@pytest.mark.parametrize("packed", PACKED)
def test_what_unpacks_to_more_than_is_said_is_refused(
    repository: Repository, cache: Path, packed: str
) -> None:
    bomb = b"<metadata>" + b" " * 50_000_000
    named(repository, f"p.xml{packed}", PACKED[packed](bomb), "<open-size>1000000</open-size>")
    assert "more than 1000000 bytes are in it" in refused(cache, at(repository.url))


def test_what_unpacks_to_more_than_anybody_has_is_refused(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpm_unpacking, "LARGEST", 1_000_000)
    named(repository, "p.xml.gz", PACKED[".gz"](b"<metadata>" + b" " * 50_000_000))
    assert "more than 1000000 bytes are in it" in refused(cache, at(repository.url))


def test_streams_may_follow_each_other(repository: Repository, cache: Path) -> None:
    repository.publish(BASH, NEWER, packed="")
    (file,) = (one for one in repository.lists("primary") if one.suffix == ".xml")
    plain = file.read_bytes()
    for kind in (".xz", ".zst", ".bz2", ".gz"):
        named(repository, f"p.xml{kind}", PACKED[kind](plain[:700]) + PACKED[kind](plain[700:]))
        assert told(cache, at(repository.url)) == TOLD


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        ("", "it names no list of packages"),
        ("<data", "not XML"),
        ('<data type="primary"/>', "primary has no address or no checksum"),
        (
            '<data type="primary"><checksum type="md5">00</checksum><location href="a"/></data>',
            "not a checksum that is believed: md5",
        ),
        (
            '<data type="primary"><checksum type="sha256">../../x</checksum>'
            '<location href="a"/></data>',
            "not a checksum that is believed: sha256",
        ),
    ],
)
def test_an_index_that_says_nothing_is_refused(
    repository: Repository, cache: Path, index: str, reason: str
) -> None:
    repository.index(index)
    assert reason in refused(cache, at(repository.url))


def test_an_index_that_is_too_large_is_refused(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpm_web, "LARGEST_INDEX", 10)
    assert "more than 10 bytes" in refused(cache, at(repository.url))


def test_a_list_may_be_at_an_address_of_its_own(
    repository: Repository, cache: Path, tmp_path: Path
) -> None:
    with served(tmp_path / "second") as second:
        second.publish(BASH, NEWER)
        (file,) = second.lists("primary")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        repository.index(
            f'<data type="primary"><checksum type="sha256">{digest}</checksum>'
            f'<location xml:base="{second.url}/repodata" href="{file.name}"/></data>'
        )
        assert told(cache, at(repository.url)) == TOLD


@pytest.mark.parametrize(
    ("address", "text", "reason"),
    [
        ("file:///mnt/cdrom", "", "file:///mnt/cdrom/repodata/repomd.xml: only http and https"),
        ("http://[", "", "http://["),
        ("ftp://127.0.0.1/$nobody", "", "ftp://127.0.0.1/$nobody/repodata"),
        ("", "", "has no address"),
        ("http://127.0.0.1/", "enabled=0", "no repository is enabled"),
        (
            "https://127.0.0.1/",
            "sslclientcert=/nowhere/entitlement.pem",
            "asks for the client certificate /nowhere/entitlement.pem, which is not on this",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(cache: Path, address: str, text: str, reason: str) -> None:
    assert reason in refused(cache, at(address, text=text))


def test_settings_that_are_none_are_said(cache: Path) -> None:
    state = state_of({"etc/yum.repos.d/a.repo": "baseurl=x\n"}, (BASH,), (BASH,))
    assert "/etc/yum.repos.d/a.repo: not settings" in refused(cache, state)


def test_a_proxy_of_this_machine_is_used(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.publish(BASH, NEWER)
    monkeypatch.setenv("http_proxy", repository.url)
    monkeypatch.delenv("no_proxy")
    assert told(cache, at("http://packages.example.com")) == TOLD
    assert repository.requests[0] == f"http://packages.example.com{REPOMD} 200"


def test_nobody_is_waited_for_for_ever(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpm_web, "SECONDS", 0.0)
    assert "no answer in 0 s" in refused(cache, at(repository.url))


def test_several_images_ask_side_by_side(repository: Repository, cache: Path) -> None:
    indexes, found = Indexes(cache), []
    state = at(repository.url)

    def ask() -> None:
        found.append(indexes.foretell(state, upgrades=False).changes)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [()] * 4
    assert len(repository.requests) == 2


@pytest.mark.parametrize("library", ["solv", "backports.zstd"])
def test_what_is_not_installed_is_named(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    repository.publish(BASH, NEWER, packed=".zst")
    for name in {library, *(("compression.zstd",) if "zstd" in library else ())}:
        monkeypatch.setitem(sys.modules, name, None)
    said = refused(cache, at(repository.url))
    assert f"{library} is not on this machine" in said
    assert "pip install 'bakeswap[rpm]'" in said


def test_advisories_that_are_damaged_are_said(repository: Repository, cache: Path) -> None:
    repository.write({"primary": f"<metadata {SPACES}/>", "updateinfo": "<updates>"})
    with pytest.raises(Unreachable, match=r"main-repo: updateinfo-.*: not XML"):
        Indexes(cache).open_fixes(at(repository.url))


def test_a_list_of_files_that_is_gone_is_said(repository: Repository, cache: Path) -> None:
    asks = Package("nginx", "2:1.20.1-16.el9", ("/usr/libexec/helper",))
    repository.publish(BASH, asks)
    for file in repository.lists("filelists"):
        file.unlink()
    assert "main-repo: " in (said := refused(cache, at(repository.url)))
    assert said.endswith("filelists.xml.gz: HTTP 404")


def test_a_repository_may_have_no_list_of_files(repository: Repository, cache: Path) -> None:
    asks = Package("nginx", "2:1.20.1-16.el9", ("/usr/libexec/helper",))
    repository.write({"primary": f"<metadata {SPACES}>{asks.indexed}</metadata>"})
    assert "nothing provides /usr/libexec/helper" in refused(cache, at(repository.url))


def test_an_index_that_was_damaged_here_is_fetched_anew(
    repository: Repository, cache: Path
) -> None:
    told(cache, at(repository.url))
    for file in cache.glob("*/*/repomd.xml"):
        file.write_text("<repomd/>")
    with pytest.raises(Unreachable, match="not asked on this machine yet"):
        Indexes(cache, fetches=False).open_fixes(at(repository.url))
    assert told(cache, at(repository.url)) == []


def test_a_list_that_is_larger_than_any_is_refused(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rpm_fetching, "LARGEST", 10)
    assert "more than 10 bytes" in refused(cache, at(repository.url))
