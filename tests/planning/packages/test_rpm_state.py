"""What rpm prints, as values, and what follows from two times of a machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.planning.evidence.inventory import Package
from pipeline.planning.packages import rpm_state
from pipeline.planning.packages.rpm_state import (
    Relation,
    RpmState,
    packages,
    question,
    reduced,
    release_of,
    rpms,
    source_of,
)
from pipeline.planning.packages.told import rpm_state_of

PRINTED = """\
P|lost|=|1
N|gpg-pubkey|(none)|8483c65d|5ccc5b19|(none)|(none)
P|gpg(Fedora)|=|1
N|nginx|2|1.20.1|14.el9|x86_64|nginx-1.20.1-14.el9.src.rpm
P|nginx|=|2:1.20.1-14.el9
R|/bin/sh||
R|/bin/sh||
R|/usr/libexec/helper||
R|rpmlib(FileDigests)|<=|4.6.0-1
R|(nginx-core if bash)||
C|(none)|(none)|(none)
O|nginx-old|<|2
F|/usr/sbin/nginx
F|/usr/share/doc/nginx/a b|c
F|/etc/nginx/nginx.conf
N|helper|(none)|1|1|noarch|(none)
F|/usr/libexec/helper
F|/usr/lib/sendmail
Q|what nobody asks for
N|||
R|nowhere
"""
STATE = RpmState(
    "x86_64",
    ("helper-1-1.noarch", "kernel-5-1.x86_64", "(none)"),
    reduced(
        f"{PRINTED}N|kernel|(none)|5|1|x86_64|\nN|kernel|(none)|5|2|x86_64|\n"
        "N|nodejs|1|18|1.module+el9+1|x86_64|\n"
    ),
    {"etc/yum.repos.d/a.repo": "[a]\nbaseurl=https://example.com\n"},
    {"etc/pki/rpm-gpg/KEY": "a2V5"},
)


def test_what_rpm_prints_is_read() -> None:
    nginx, helper = rpms(PRINTED)
    assert nginx.package == Package(
        *("nginx", "2:1.20.1-14.el9", "x86_64", "nginx", "1.20.1-14.el9")
    )
    assert nginx.relations["P"] == [Relation("nginx", "=", "2:1.20.1-14.el9")]
    assert nginx.relations["R"][-1] == Relation("(nginx-core if bash)")
    assert nginx.relations["O"] == [Relation("nginx-old", "<", "2")]
    assert "C" not in nginx.relations
    assert nginx.relations["F"][1] == Relation("/usr/share/doc/nginx/a b|c")
    assert (helper.package.version, helper.package.source) == ("1-1", "")
    assert list(rpms("")) == []


def test_what_nobody_resolves_by_is_left_out() -> None:
    text = reduced(PRINTED)
    nginx, helper = rpms(text)
    assert [one.name for one in nginx.relations["F"]] == [
        "/usr/sbin/nginx",
        "/etc/nginx/nginx.conf",
    ]
    assert [one.name for one in helper.relations["F"]] == [
        *("/usr/libexec/helper", "/usr/lib/sendmail"),
    ]
    assert [one.name for one in nginx.relations["R"]].count("/bin/sh") == 1
    assert packages(rpms(text)) == packages(rpms(PRINTED))
    assert reduced(text) == text
    assert reduced("") == ""


@pytest.mark.parametrize(
    ("provided", "release"),
    [
        ("P|system-release|=|9.5-1\nP|system-release(releasever)|=|9", "9"),
        ("P|system-release|=|9.5-1", "9.5"),
        ("P|redhat-release|=|9.5", "9.5"),
        ("P|something|=|1", ""),
    ],
)
def test_a_package_tells_the_release(provided: str, release: str) -> None:
    found = rpms(f"N|rocky-release|1|9.5|1.el9|noarch|\n{provided}\n")
    assert release_of(found) == release


def test_a_state_is_the_same_when_it_was_written_and_read() -> None:
    assert rpm_state.reading(STATE.written()) == STATE
    with pytest.raises(ValueError, match="bakeswap rpm state"):
        rpm_state.reading({**STATE.written(), "format": "another"})


def test_a_bake_added_what_was_not_there_before_and_made_some_newer() -> None:
    found = tuple(rpms(STATE.now))
    asked = question(STATE.base, found, upgrades=False)
    assert asked.installed == (("nginx", "x86_64"),)
    assert asked.upgraded == (("kernel", "x86_64"),)
    assert not asked.upgrades_all
    assert [rpm.place[0] for rpm in asked.upon] == ["helper", "kernel", "kernel", "nodejs"]
    assert question(STATE.base, found, upgrades=True).upgrades_all
    whole = question(replace(STATE, base=()).base, found, upgrades=False)
    assert (whole.upon, whole.installed, whole.upgrades_all) == (found, (), True)


def test_the_name_of_a_source_is_taken_apart() -> None:
    assert source_of("java-11-openjdk-11.0.1-2.el9.src.rpm") == ("java-11-openjdk", "11.0.1-2.el9")
    assert source_of("a-1-1.nosrc.rpm") == ("a", "1-1")
    assert source_of("(none)") == ("", "")


def test_the_settings_of_both_times_are_kept_without_secrets() -> None:
    base = "var/lib/bakeswap/base"
    files = {
        "told/rpm": PRINTED.encode(),
        "told/architecture": b"aarch64\n",
        "etc/yum.repos.d/a.repo": b"[a]\nbaseurl=https://me:x@example.com/a\npassword = hush\n",
        "etc/dnf/dnf.conf": b"[main]\nproxy_username=me\nproxy_password=hush\nbest=True\n",
        "etc/dnf/vars/infra": b"stock\n",
        "etc/pki/rpm-gpg/KEY": b"key",
        "etc/hosts": b"",
        f"{base}/rpms": b"helper-1-1.noarch\nbash-5-1.aarch64\n",
        f"{base}/etc/yum.repos.d/gone.repo": b"[gone]\nbaseurl=https://example.com/gone\n",
        f"{base}/etc/yum.repos.d/a.repo": b"[a]\nenabled=0\n",
    }
    state = rpm_state_of(files)
    assert state
    assert state.base == ("helper-1-1.noarch", "bash-5-1.aarch64")
    assert state.architecture == "aarch64"
    assert state.settings == {
        "etc/yum.repos.d/a.repo": "[a]\nbaseurl=https://example.com/a\n",
        "etc/yum.repos.d/gone.repo": "[gone]\nbaseurl=https://example.com/gone\n",
        "etc/dnf/dnf.conf": "[main]\nbest=True\n",
        "etc/dnf/vars/infra": "stock\n",
    }
    assert state.keys == {"etc/pki/rpm-gpg/KEY": "a2V5"}
    assert rpm_state_of({**files, "var/lib/dpkg/status": b""}) is None
