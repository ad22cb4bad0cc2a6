"""libsolv, asked about a repository on loopback. Nothing is installed, and there is no rpm here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import Unreachable
from pipeline.execution.packages.indexes import Indexes
from pipeline.planning.packages.changes import Change
from pipeline.planning.packages.rpm_state import RpmState
from tests.execution.packages.rpm_repository import Package, Repository, advisory, served, state_of

pytest.importorskip("solv", reason="the extra `rpm` is not here")

RELEASE = Package(
    "rocky-release",
    "9.5-1.el9",
    provides=("system-release(releasever) = 9",),
    architecture="noarch",
)
BASH = Package("bash", "5.1.8-9.el9", provides=("/bin/sh",), files=("/usr/bin/bash",))
LIBSSL = Package("openssl-libs", "1:3.0.7-27.el9", ("/bin/sh",), ("libssl.so.3()(64bit)",))
NGINX = Package(
    "nginx", "2:1.20.1-14.el9", ("libssl.so.3()(64bit)", "/bin/sh"), recommends=("nginx-doc",)
)
DOC = Package("nginx-doc", "2:1.20.1-14.el9", architecture="noarch")
OWN = Package("shop-agent", "7-1")
BASE = (RELEASE, BASH, LIBSSL)


def newer(package: Package, version: str, **fields: tuple[str, ...]) -> Package:
    """The same package in another version."""
    return replace(package, version=version, **fields)  # type: ignore[arg-type] # as given


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    """A repository with what was there when the version was baked."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with served(tmp_path) as made:
        made.publish(*BASE, NGINX, DOC)
        yield made


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache of the test's own."""
    return tmp_path / "cache"


def baked(repository: Repository, *more: Package, text: str = "", **files: str) -> RpmState:
    """A version whose bake installed nginx upon three packages, and more."""
    return state_of(repository.settings(text, **files), BASE, (*BASE, NGINX, *more))


def told(indexes: Indexes, state: RpmState, *, upgrades: bool = False) -> list[str]:
    """What would be different today, in words."""
    return [str(one) for one in indexes.foretell(state, upgrades=upgrades).changes]


def test_with_nothing_new_a_bake_would_install_the_same(
    repository: Repository, cache: Path
) -> None:
    found = Indexes(cache).foretell(baked(repository), upgrades=False)
    assert found.changes == ()
    assert found.way == "bake"
    assert [one.name for one in found.packages] == [
        "bash",
        "nginx",
        "openssl-libs",
        "rocky-release",
    ]
    assert found.packages[1].source == "nginx"


def test_a_newer_package_is_named_with_its_class(repository: Repository, cache: Path) -> None:
    state = baked(repository)
    assert told(Indexes(cache), state) == []
    fixed = newer(NGINX, "2:1.20.1-16.el9")
    repository.publish(*BASE, NGINX, fixed, advisories=[advisory("RLSA-1", fixed)])
    assert told(Indexes(cache), state) == ["nginx 2:1.20.1-14.el9 -> 2:1.20.1-16.el9 (security)"]


def test_what_no_advisory_names_is_of_the_other_class(repository: Repository, cache: Path) -> None:
    bugs = advisory("RLBA-1", newer(NGINX, "2:1.20.1-16.el9"), kind="bugfix")
    repository.publish(*BASE, newer(NGINX, "2:1.20.1-16.el9"), advisories=[bugs])
    (change,) = Indexes(cache).foretell(baked(repository), upgrades=False).changes
    assert change.kind == "other"


def test_a_version_that_was_skipped_gives_its_fixes_to_a_later_one(
    repository: Repository, cache: Path
) -> None:
    fix = advisory("RLSA-1", newer(NGINX, "2:1.20.1-15.el9"))
    repository.publish(*BASE, newer(NGINX, "2:1.22.0-1.el9"), advisories=[fix])
    assert told(Indexes(cache), baked(repository)) == [
        "nginx 2:1.20.1-14.el9 -> 2:1.22.0-1.el9 (security)"
    ]


def test_a_bake_leaves_packages_of_the_base_alone(repository: Repository, cache: Path) -> None:
    repository.publish(*BASE, newer(LIBSSL, "1:3.0.7-28.el9"), NGINX)
    assert told(Indexes(cache), baked(repository)) == []


def test_a_bake_that_upgrades_would_upgrade_the_base(repository: Repository, cache: Path) -> None:
    repository.publish(*BASE, newer(LIBSSL, "1:3.0.7-28.el9"), NGINX)
    assert told(Indexes(cache), baked(repository), upgrades=True) == [
        "openssl-libs 1:3.0.7-27.el9 -> 1:3.0.7-28.el9"
    ]


def test_what_the_bake_upgraded_is_upgraded_again(repository: Repository, cache: Path) -> None:
    renewed = (RELEASE, BASH, newer(LIBSSL, "1:3.0.7-28.el9"), NGINX)
    repository.publish(RELEASE, BASH, newer(LIBSSL, "1:3.0.7-29.el9"), NGINX)
    assert told(Indexes(cache), state_of(repository.settings(), BASE, renewed)) == [
        "openssl-libs 1:3.0.7-28.el9 -> 1:3.0.7-29.el9"
    ]


def test_a_dependency_upgrades_the_base_where_it_must(repository: Repository, cache: Path) -> None:
    repository.publish(
        *(RELEASE, BASH, newer(LIBSSL, "1:3.0.7-28.el9")),
        newer(NGINX, "2:1.20.1-16.el9", requires=("openssl-libs >= 1:3.0.7-28.el9",)),
    )
    assert told(Indexes(cache), baked(repository)) == [
        "nginx 2:1.20.1-14.el9 -> 2:1.20.1-16.el9",
        "openssl-libs 1:3.0.7-27.el9 -> 1:3.0.7-28.el9",
    ]


def test_new_dependencies_are_named_and_recommended_packages_are_not(
    repository: Repository, cache: Path
) -> None:
    core = Package("nginx-core", "2:1.20.1-16.el9")
    repository.publish(
        *(*BASE, DOC, core, newer(NGINX, "2:1.20.1-16.el9", requires=("(nginx-core if bash)",)))
    )
    assert told(Indexes(cache), baked(repository)) == [
        "nginx 2:1.20.1-14.el9 -> 2:1.20.1-16.el9",
        "nginx-core 2:1.20.1-16.el9 (new)",
    ]


def test_what_was_recommended_is_still_there(repository: Repository, cache: Path) -> None:
    state = baked(repository, DOC)
    assert told(Indexes(cache), state) == []
    repository.publish(*BASE, NGINX, newer(DOC, "2:1.20.1-15.el9"))
    assert told(Indexes(cache), state) == ["nginx-doc 2:1.20.1-14.el9 -> 2:1.20.1-15.el9"]


def test_what_no_repository_has_stays_as_it_is(repository: Repository, cache: Path) -> None:
    repository.publish(*BASE, newer(NGINX, "2:1.20.1-16.el9", requires=("shop-agent",)))
    found = Indexes(cache).foretell(baked(repository, OWN), upgrades=False)
    assert [str(one) for one in found.changes] == ["nginx 2:1.20.1-14.el9 -> 2:1.20.1-16.el9"]
    assert found.unasked == ("shop-agent",)
    assert OWN.version in {package.version for package in found.packages}


def test_what_the_bake_removed_stays_removed(repository: Repository, cache: Path) -> None:
    state = state_of(repository.settings(), (*BASE, OWN), (*BASE, NGINX))
    assert told(Indexes(cache), state, upgrades=True) == []


def test_without_the_base_all_that_is_installed_counts(repository: Repository, cache: Path) -> None:
    fix = newer(LIBSSL, "1:3.0.7-28.el9")
    repository.publish(RELEASE, BASH, fix, NGINX, advisories=[advisory("RLSA-1", fix)])
    state = replace(baked(repository), base=())
    found = Indexes(cache).foretell(state, upgrades=False)
    assert found.way == "installed"
    assert [str(one) for one in found.security] == [
        "openssl-libs 1:3.0.7-27.el9 -> 1:3.0.7-28.el9 (security)"
    ]


def test_open_fixes_are_those_of_all_that_is_installed(repository: Repository, cache: Path) -> None:
    fix = newer(LIBSSL, "1:3.0.7-28.el9")
    old = newer(NGINX, "2:1.20.1-2.el9")
    repository.publish(*BASE, NGINX, advisories=[advisory("RLSA-1", fix), advisory("RLSA-0", old)])
    found = Indexes(cache).open_fixes(baked(repository))
    assert [str(one) for one in found] == [
        "openssl-libs 1:3.0.7-27.el9 -> 1:3.0.7-28.el9 (security)"
    ]


def test_changes_of_others_get_their_classes(repository: Repository, cache: Path) -> None:
    fixed = newer(NGINX, "2:1.20.1-16.el9")
    repository.publish(*BASE, fixed, advisories=[advisory("RLSA-1", fixed)])
    change = Change("nginx", "x86_64", NGINX.version, fixed.version)
    state = baked(repository)
    with pytest.raises(Unreachable, match="not asked on this machine yet"):
        Indexes(cache, fetches=False).classes(state, [change])
    assert Indexes(cache).classes(state, [change])[0].is_security
    repository.requests.clear()
    assert Indexes(cache, fetches=False).classes(state, [change])[0].is_security
    assert repository.requests == []


def test_a_package_may_change_its_architecture(repository: Repository, cache: Path) -> None:
    native = replace(newer(DOC, "2:1.20.1-15.el9"), architecture="x86_64")
    repository.publish(*BASE, NGINX, native)
    assert told(Indexes(cache), baked(repository, DOC)) == [
        "nginx-doc 2:1.20.1-14.el9 (gone)",
        "nginx-doc 2:1.20.1-15.el9 (new)",
    ]


def test_an_upgrade_replaces_what_a_newer_package_obsoletes(
    repository: Repository, cache: Path
) -> None:
    shell = Package("shell", "6-1.el9", provides=("/bin/sh",), obsoletes=("bash < 6",))
    repository.publish(*BASE, NGINX, shell)
    assert told(Indexes(cache), baked(repository), upgrades=True) == [
        "bash 5.1.8-9.el9 (gone)",
        "shell 6-1.el9 (new)",
    ]


def test_what_the_bake_asks_for_may_be_obsoleted_by_another_package(
    repository: Repository, cache: Path
) -> None:
    core = Package("nginx-core", "2:1.22-1.el9", obsoletes=("nginx < 2:1.22",))
    repository.publish(*BASE, NGINX, core)
    assert told(Indexes(cache), baked(repository)) == [
        "nginx 2:1.20.1-14.el9 (gone)",
        "nginx-core 2:1.22-1.el9 (new)",
    ]
    assert told(Indexes(cache), baked(repository, text="exclude=nginx-core")) == []


def test_a_newer_kernel_is_installed_beside_the_old_ones(
    repository: Repository, cache: Path
) -> None:
    kernels = [Package("kernel-core", f"5.14.0-{n}.el9") for n in ("427.9", "427.13", "503.1")]
    repository.publish(*BASE, NGINX, *kernels)
    state = state_of(repository.settings(), (*BASE, kernels[0]), (*BASE, NGINX, *kernels[:2]))
    for upgrades in (False, True):
        found = Indexes(cache).foretell(state, upgrades=upgrades)
        assert [str(one) for one in found.changes] == [
            "kernel-core 5.14.0-427.13.el9 -> 5.14.0-503.1.el9"
        ]
    assert told(Indexes(cache), replace(state, base=())) == [
        "kernel-core 5.14.0-427.13.el9 -> 5.14.0-503.1.el9"
    ]


def test_packages_of_module_streams_stay_as_they_are(repository: Repository, cache: Path) -> None:
    node = Package("nodejs", "1:18.0.0-1.module+el9.2.0+1+a")
    other = newer(node, "1:20.0.0-1.module+el9.2.0+2+b")
    plain = newer(node, "1:22.0.0-1.el9")
    repository.publish(*BASE, NGINX, node, other, plain, advisories=[advisory("RLSA-1", other)])
    state = baked(repository, node)
    found = Indexes(cache).foretell(state, upgrades=True)
    assert (found.changes, found.unasked) == ((), ("nodejs",))
    assert Indexes(cache).open_fixes(state) == ()


@pytest.mark.parametrize("text", ["excludepkgs=nginx*", "exclude=foo nginx.x86_64"])
def test_what_settings_exclude_is_not_there(repository: Repository, cache: Path, text: str) -> None:
    repository.publish(*BASE, newer(NGINX, "2:1.20.1-16.el9"))
    assert told(Indexes(cache), baked(repository, text=text)) == []
    conf = {"etc/dnf/dnf.conf": f"[main]\n{text}\n"}
    assert told(Indexes(cache), baked(repository, **conf)) == []


def test_only_what_settings_include_is_there(repository: Repository, cache: Path) -> None:
    repository.publish(*BASE, newer(NGINX, "2:1.20.1-16.el9"), newer(DOC, "2:1.20.1-16.el9"))
    assert told(Indexes(cache), baked(repository, DOC, text="includepkgs=nginx-doc")) == [
        "nginx-doc 2:1.20.1-14.el9 -> 2:1.20.1-16.el9"
    ]


def test_the_first_priority_has_its_way(
    repository: Repository, cache: Path, tmp_path: Path
) -> None:
    with served(tmp_path / "second") as second:
        second.publish(newer(NGINX, "2:1.20.1-15.el9"))
        repository.publish(*BASE, newer(NGINX, "2:1.20.1-16.el9"))
        path = "etc/yum.repos.d/second.repo"
        lines = f"[second]\nbaseurl={second.url}\n"
        state = baked(repository, **{path: lines})
        assert told(Indexes(cache), state) == ["nginx 2:1.20.1-14.el9 -> 2:1.20.1-16.el9"]
        state = baked(repository, **{path: f"{lines}priority=10\n"})
        assert told(Indexes(cache), state) == ["nginx 2:1.20.1-14.el9 -> 2:1.20.1-15.el9"]


def test_lists_of_files_are_fetched_where_a_dependency_needs_them(
    repository: Repository, cache: Path
) -> None:
    helper = Package("helper", "1-1", files=("/usr/libexec/helper",))
    repository.publish(*BASE, NGINX, helper)
    state = baked(repository)
    assert told(Indexes(cache), state) == []
    assert not any("filelists" in one for one in repository.requests)
    asks = newer(NGINX, "2:1.20.1-16.el9", requires=("/usr/libexec/helper",))
    repository.publish(*BASE, NGINX, helper, asks)
    for _ in range(2):
        assert told(Indexes(cache), state) == [
            "helper 1-1 (new)",
            "nginx 2:1.20.1-14.el9 -> 2:1.20.1-16.el9",
        ]
    assert len([one for one in repository.requests if "filelists" in one]) == 1


def test_what_is_owned_by_installed_packages_is_there(repository: Repository, cache: Path) -> None:
    asks = newer(NGINX, "2:1.20.1-16.el9", requires=("/usr/bin/bash",))
    repository.publish(asks)
    assert told(Indexes(cache), baked(repository)) == ["nginx 2:1.20.1-14.el9 -> 2:1.20.1-16.el9"]


def test_a_question_without_an_answer_is_said(repository: Repository, cache: Path) -> None:
    repository.publish(*BASE, newer(NGINX, "2:2-1", requires=("nowhere",)))
    with pytest.raises(Unreachable, match=r"libsolv: .*nowhere"):
        Indexes(cache).foretell(baked(repository), upgrades=False)


def test_a_damaged_form_of_libsolv_is_made_anew(repository: Repository, cache: Path) -> None:
    state = baked(repository)
    assert told(Indexes(cache), state) == []
    (own,) = cache.glob("*/*/*.solv")
    own.write_bytes(b"SOLV")
    assert told(Indexes(cache), state) == []
    assert own.stat().st_size > 4
