"""Real apt, asked in folders of our own about a repository on loopback. Nothing is installed."""

from __future__ import annotations

import base64
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import Unreachable
from pipeline.execution.packages import apt, folders
from pipeline.execution.packages.folders import cache_folder
from pipeline.execution.packages.indexes import Indexes
from pipeline.planning.packages.state import NOTHING, AptState
from tests.execution.packages.repository import (
    MAIN,
    SECURITY,
    Deb,
    Repository,
    served,
    snapshot,
    state_of,
)

pytestmark = pytest.mark.skipif(not shutil.which("apt-get"), reason="there is no apt here")

LIBC = Deb("libc6", "2.36-9")
OPENSSL = Deb("openssl", "3.0.15-1", "libssl3")
LIBSSL = Deb("libssl3", "3.0.15-1", "libc6", source="openssl")
NGINX = Deb("nginx", "1.22-1", "libssl3", recommends="nginx-doc")
DOC = Deb("nginx-doc", "1.22-1", architecture="amd64")
OWN = Deb("shop-agent", "7")


def newer(deb: Deb, version: str, **fields: str) -> Deb:
    """The same package in another version."""
    return replace(deb, version=version, **fields)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository with what was there when the version was baked."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with served(tmp_path) as made:
        made.publish(MAIN, LIBC, OPENSSL, LIBSSL, NGINX, DOC)
        made.publish(SECURITY)
        yield made


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of the test's own."""
    return tmp_path / "cache"


def baked(repository: Repository, *more: Deb, automatic: tuple[str, ...] = ()) -> AptState:
    """A version whose bake installed nginx upon libc6 and libssl3, and more."""
    sources = repository.sources(MAIN, SECURITY)
    base = snapshot(sources, (LIBC, LIBSSL))
    return state_of(base, snapshot(sources, (LIBC, LIBSSL, NGINX, *more), automatic))


def told(indexes: Indexes, state: AptState, *, upgrades: bool = False) -> list[str]:
    """What would be different today, in words."""
    return [str(one) for one in indexes.foretell(state, upgrades=upgrades).changes]


def test_with_nothing_new_a_bake_would_install_the_same(
    repository: Repository, cache: Path
) -> None:
    found = Indexes(cache).foretell(baked(repository), upgrades=False)
    assert found.changes == ()
    assert found.way == "bake"
    assert [package.name for package in found.packages] == ["libc6", "libssl3", "nginx"]


def test_a_newer_package_is_named_with_its_class(repository: Repository, cache: Path) -> None:
    state = baked(repository)
    assert told(Indexes(cache), state) == []
    repository.publish(SECURITY, newer(NGINX, "1.22-1+deb12u1"))
    assert told(Indexes(cache), state) == ["nginx 1.22-1 -> 1.22-1+deb12u1 (security)"]


def test_a_point_release_carries_a_fix_that_was_skipped(
    repository: Repository, cache: Path
) -> None:
    repository.publish(SECURITY, newer(NGINX, "1.22-1+deb12u1"))
    repository.publish(MAIN, LIBC, LIBSSL, newer(NGINX, "1.24-1"))
    assert told(Indexes(cache), baked(repository)) == ["nginx 1.22-1 -> 1.24-1 (security)"]


def test_what_is_newer_elsewhere_is_of_the_other_class(repository: Repository, cache: Path) -> None:
    repository.publish(MAIN, LIBC, LIBSSL, newer(NGINX, "1.24-1"))
    (change,) = Indexes(cache).foretell(baked(repository), upgrades=False).changes
    assert change.kind == "other"
    assert change.document["class"] == "other"


def test_a_bake_leaves_packages_of_the_base_alone(repository: Repository, cache: Path) -> None:
    repository.publish(SECURITY, newer(LIBC, "2.36-9+deb12u4"))
    assert told(Indexes(cache), baked(repository)) == []


def test_a_bake_that_upgrades_would_upgrade_the_base(repository: Repository, cache: Path) -> None:
    repository.publish(SECURITY, newer(LIBC, "2.36-9+deb12u4"))
    assert told(Indexes(cache), baked(repository), upgrades=True) == [
        "libc6 2.36-9 -> 2.36-9+deb12u4 (security)"
    ]


def test_what_the_bake_upgraded_by_name_is_upgraded_again(
    repository: Repository, cache: Path
) -> None:
    state = baked(repository)
    renewed = snapshot(repository.sources(MAIN, SECURITY), (LIBC, newer(LIBSSL, "3.0.16-1"), NGINX))
    repository.publish(SECURITY, newer(LIBSSL, "3.0.17-1"))
    assert told(Indexes(cache), replace(state, now=renewed)) == [
        "libssl3 3.0.16-1 -> 3.0.17-1 (security)"
    ]


def test_a_dependency_upgrades_the_base_where_it_must(repository: Repository, cache: Path) -> None:
    repository.publish(
        SECURITY, newer(NGINX, "1.22-2", depends="libssl3 (>= 3.0.17)"), newer(LIBSSL, "3.0.17-1")
    )
    assert told(Indexes(cache), baked(repository)) == [
        "libssl3 3.0.15-1 -> 3.0.17-1 (security)",
        "nginx 1.22-1 -> 1.22-2 (security)",
    ]


def test_new_and_dropped_dependencies_are_named(repository: Repository, cache: Path) -> None:
    repository.publish(
        MAIN, LIBC, LIBSSL, newer(NGINX, "1.24-1", depends="libssl3, nginx-common"),
        Deb("nginx-common", "1.24-1"),
    )  # fmt: skip
    assert told(Indexes(cache), baked(repository)) == [
        "nginx 1.22-1 -> 1.24-1",
        "nginx-common 1.24-1 (new)",
    ]


def test_what_was_recommended_is_still_there(repository: Repository, cache: Path) -> None:
    state = baked(repository, DOC, automatic=("nginx-doc",))
    assert told(Indexes(cache), state) == []
    repository.publish(MAIN, LIBC, LIBSSL, NGINX, newer(DOC, "1.22-2"))
    assert told(Indexes(cache), state) == ["nginx-doc 1.22-1 -> 1.22-2"]


def test_what_no_index_has_stays_as_it_is(repository: Repository, cache: Path) -> None:
    repository.publish(SECURITY, newer(NGINX, "1.22-1+deb12u1"))
    found = Indexes(cache).foretell(baked(repository, OWN), upgrades=False)
    assert [str(one) for one in found.changes] == ["nginx 1.22-1 -> 1.22-1+deb12u1 (security)"]
    assert found.unasked == ("shop-agent",)
    assert OWN.version in {package.version for package in found.packages}


def test_without_the_base_all_that_is_installed_counts(repository: Repository, cache: Path) -> None:
    repository.publish(SECURITY, newer(LIBC, "2.36-9+deb12u4"))
    found = Indexes(cache).foretell(replace(baked(repository), base=NOTHING), upgrades=False)
    assert found.way == "installed"
    assert [str(one) for one in found.security] == ["libc6 2.36-9 -> 2.36-9+deb12u4 (security)"]


def test_open_fixes_are_those_of_all_that_is_installed(repository: Repository, cache: Path) -> None:
    repository.publish(SECURITY, newer(LIBC, "2.36-9+deb12u4"))
    repository.publish(MAIN, LIBC, newer(NGINX, "1.24-1"))
    found = Indexes(cache).open_fixes(baked(repository))
    assert [str(one) for one in found] == ["libc6 2.36-9 -> 2.36-9+deb12u4 (security)"]


def test_lists_are_fetched_again_only_where_they_changed(
    repository: Repository, cache: Path
) -> None:
    state = baked(repository)
    Indexes(cache).foretell(state, upgrades=False)
    repository.requests.clear()
    indexes = Indexes(cache)
    indexes.foretell(state, upgrades=False)
    indexes.foretell(replace(state, base=NOTHING), upgrades=False)
    assert {one.rpartition(" ")[2] for one in repository.requests} <= {"304", "404"}
    asked = [one for one in repository.requests if f"/{MAIN}/Release " in one]
    assert len(asked) == 1


def test_several_images_ask_side_by_side(repository: Repository, cache: Path) -> None:
    indexes, found = Indexes(cache), []
    state = baked(repository)
    threads = [
        threading.Thread(target=lambda: found.append(told(indexes, state))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[]] * 4


def test_an_index_that_is_gone_is_said_by_name(repository: Repository, cache: Path) -> None:
    shutil.rmtree(repository.folder / "dists" / SECURITY)
    indexes = Indexes(cache)
    for _ in range(2):
        with pytest.raises(Unreachable, match=r"apt-get: .*stable-security"):
            indexes.foretell(baked(repository), upgrades=False)


def test_a_question_without_an_answer_is_said(repository: Repository, cache: Path) -> None:
    repository.publish(MAIN, LIBC, LIBSSL, newer(NGINX, "2", depends="nowhere"))
    with pytest.raises(Unreachable, match="apt-get: "):
        Indexes(cache).foretell(baked(repository), upgrades=False)


def test_without_apt_the_question_cannot_be_asked(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = baked(repository)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unreachable, match="apt-get is not on this machine"):
        Indexes(cache).foretell(state, upgrades=False)


@pytest.mark.skipif(not shutil.which("gpg"), reason="there is no gpg here")
def test_indexes_are_signed_by_the_keys_of_the_image(repository: Repository, cache: Path) -> None:
    key = repository.key()
    repository.publish(MAIN, LIBC, LIBSSL, NGINX)
    repository.publish(SECURITY, newer(NGINX, "1.22-1+deb12u1"))
    path = "usr/share/keyrings/test.gpg"
    sources = repository.sources(MAIN, SECURITY, option=f"signed-by=/{path}")
    base = snapshot(sources, (LIBC, LIBSSL))
    state = replace(
        state_of(base, snapshot(sources, (LIBC, LIBSSL, NGINX))),
        keyrings={path: base64.b64encode(key).decode()},
    )
    assert told(Indexes(cache), state) == ["nginx 1.22-1 -> 1.22-1+deb12u1 (security)"]
    with pytest.raises(Unreachable, match="apt-get: "):
        Indexes(cache).foretell(replace(state, keyrings={}), upgrades=False)


def test_mirrors_that_the_image_lists_are_asked(repository: Repository, cache: Path) -> None:
    repository.publish(SECURITY, newer(NGINX, "1.22-1+deb12u1"))
    listed = "".join(
        f"deb [trusted=yes] mirror+file:///etc/apt/mirrors/debian.list {suite} main\n"
        for suite in (MAIN, SECURITY)
    )
    files = {
        "etc/apt/sources.list": listed,
        "etc/apt/mirrors/debian.list": f"{repository.url}\n",
    }
    base = replace(snapshot("", (LIBC, LIBSSL)), sources=files)
    now = replace(snapshot("", (LIBC, LIBSSL, NGINX)), sources=files)
    assert told(Indexes(cache), state_of(base, now)) == [
        "nginx 1.22-1 -> 1.22-1+deb12u1 (security)"
    ]


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "bakeswap" / "packages"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_folder() == Path("/home/somebody/.cache/bakeswap/packages")


def test_folders_of_sources_that_nobody_asks_are_removed(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "KEPT", 1)
    Indexes(cache).foretell(baked(repository), upgrades=False)
    (old,) = cache.iterdir()
    os.utime(old / "lock", (1.0, 1.0))
    other = repository.sources(MAIN)
    state = state_of(snapshot(other, (LIBC,)), snapshot(other, (LIBC, LIBSSL)))
    Indexes(cache).foretell(state, upgrades=False)
    (left,) = cache.iterdir()
    assert left != old


def test_an_index_that_takes_too_long_is_said(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "SECONDS", 0.0001)
    with pytest.raises(Unreachable, match="apt-get: no answer in 0 s"):
        Indexes(cache).foretell(baked(repository), upgrades=False)


def test_an_apt_that_does_not_start_is_said(
    repository: Repository, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text("#!/nowhere/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    with pytest.raises(Unreachable, match="apt-get: No such file or directory"):
        Indexes(cache).foretell(baked(repository), upgrades=False)
