"""Scripts that upgrade what the base brought."""

from __future__ import annotations

import pytest

from pipeline.planning.packages.upgrading import names_an_upgrade


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        ("apt-get update && apt-get -y install nginx", False),
        ("apt-get -y upgrade", True),
        ("DEBIAN_FRONTEND=noninteractive apt-get -yq dist-upgrade", True),
        ("apt full-upgrade -y", True),
        ("# apt-get upgrade would take long", False),
        ("apt-get install unattended-upgrades", False),
        ("apt-get install nginx; upgrade-database", False),
        ("dnf -y upgrade --refresh", True),
        ("yum update -y >/dev/null 2>&1", True),
        ("set -e; microdnf --nodocs update && microdnf clean all", True),
        ("tdnf distro-sync -y | cat", True),
        ("dnf5 -y --setopt=install_weak_deps=False update", True),
        ("dnf -y update openssl", False),
        ("dnf -y update --security", False),
        ("dnf -y upgrade --advisory=RLSA-1", False),
        ("dnf check-update || true", False),
        ("dnf -y install dnf-automatic update-motd", False),
        ("dnf-automatic update", False),
        ("# yum update", False),
    ],
)
def test_scripts_tell_whether_they_upgrade_the_base(script: str, answer: bool) -> None:
    assert names_an_upgrade([script]) == answer
