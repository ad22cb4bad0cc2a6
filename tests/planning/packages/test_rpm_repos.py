"""Where an rpm machine takes packages from, out of its settings."""

from __future__ import annotations

import pytest

from pipeline.planning.packages.rpm_repos import USUAL_PRIORITY, Repository, repositories

FILES = {
    "etc/yum.repos.d/rocky.repo": (
        "# comment\n[baseos]\nname=Rocky $releasever\n"
        "mirrorlist=https://example.com/list?arch=$basearch&release=$releasever$rltype\n"
        "#baseurl=http://example.com/x\ngpgcheck=1\nenabled=1\n\n"
        "[crb]\nbaseurl=https://example.com/crb\nenabled=0\n"
    ),
    "etc/yum.repos.d/extra.repo": (
        "[extra]\nbaseurl=https://one.example.com/${basearch}/$releasever_major/,\n"
        "  https://two.example.com/$arch\npriority=10\nexcludepkgs=a, b*\n"
        "includepkgs = c\nsslclientcert=/etc/pki/$infra.pem\nsslclientkey=/etc/pki/key.pem\n"
        "repo_gpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/A-$releasever_major https://example.com/B\n"
        "[linked]\nenabled = True\npriority=first\nmetalink=https://example.com/metalink\n"
    ),
    "etc/dnf/dnf.conf": "[main]\nbest=True\nexclude=kernel*\n",
    "etc/dnf/vars/infra": "stock\nand more\n",
    "etc/yum/vars/infra": "old\n",
    "etc/yum/vars/rltype": "-vault\n",
}


def test_repositories_are_those_that_are_enabled() -> None:
    assert repositories(FILES, "9.5", "x86_64") == (
        Repository(
            "baseos",
            (),
            "https://example.com/list?arch=x86_64&release=9.5-vault",
            USUAL_PRIORITY,
            ("kernel*",),
        ),
        Repository(
            "extra",
            ("https://one.example.com/x86_64/9", "https://two.example.com/x86_64"),
            "",
            10,
            ("kernel*", "a", "b*"),
            ("c",),
            "/etc/pki/stock.pem",
            "/etc/pki/key.pem",
            ("etc/pki/rpm-gpg/A-9", "https://example.com/B"),
        ),
        Repository("linked", (), "https://example.com/metalink", excluded=("kernel*",)),
    )


def test_a_variable_of_the_machine_may_be_the_release() -> None:
    files = {
        "etc/yum.repos.d/a.repo": "[a]\nbaseurl=http://example.com/$releasever/$releasever_minor\n",
        "etc/yum/vars/releasever": "8.6\n",
    }
    assert repositories(files, "8", "x86_64")[0].addresses == ("http://example.com/8.6/6",)


def test_a_variable_may_be_empty_and_one_that_nobody_defines_stays() -> None:
    files = {
        "etc/yum.repos.d/a.repo": (
            "[a]\nmirrorlist=http://example.com/?repo=BaseOS-$releasever$rltype&infra=$infra\n"
        ),
        "etc/dnf/vars/rltype": "\n",
    }
    (found,) = repositories(files, "9", "x86_64")
    assert found.listed == "http://example.com/?repo=BaseOS-9&infra=$infra"
    (found,) = repositories(files, "", "x86_64")
    assert found.listed == "http://example.com/?repo=BaseOS-$releasever&infra=$infra"


def test_all_repositories_may_have_to_be_signed() -> None:
    files = {
        "etc/dnf/dnf.conf": "[main]\nrepo_gpgcheck=True\n",
        "etc/yum.repos.d/a.repo": (
            "[a]\nbaseurl=http://example.com\n[b]\nbaseurl=http://example.com\nrepo_gpgcheck=0\n"
        ),
    }
    found = repositories(files, "9", "x86_64")
    assert [one.signed_by for one in found] == [(), None]


def test_the_same_repository_is_that_of_the_last_file() -> None:
    files = {
        "etc/yum.repos.d/a.repo": "[a]\nbaseurl=http://example.com/a\n",
        "etc/yum.repos.d/b.repo": "[a]\nbaseurl=http://example.com/b\nbroken\n",
    }
    assert repositories(files, "9", "x86_64")[0].addresses == ("http://example.com/b",)
    assert repositories({}, "9", "x86_64") == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("baseurl=http://example.com\n", "/etc/yum.repos.d/a.repo: not settings"),
        ("[a]\nname=a\n", "the repository a has no address"),
    ],
)
def test_what_says_no_repository_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        repositories({"etc/yum.repos.d/a.repo": text}, "9", "x86_64")
