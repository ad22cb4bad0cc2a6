"""The settings hold on a fresh machine, and no service has failed.

Runs over SSH with IMAGE_NAME and IMAGE_VERSION in the environment: `invoke check-image golden`.
"""

from __future__ import annotations

import os

import pytest
from testinfra.host import Host

VERSION = os.environ["IMAGE_VERSION"]


def test_it_says_what_it_is(host: Host) -> None:
    assert host.file("/etc/golden-release").content_string == f"golden {VERSION}\n"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("kernel/dmesg_restrict", "1"),
        ("net/ipv4/conf/all/accept_redirects", "0"),
        ("net/ipv4/conf/all/accept_source_route", "0"),
    ],
)
def test_the_kernel_has_the_settings(host: Host, setting: str, value: str) -> None:
    assert host.check_output("cat /proc/sys/%s", setting) == value


def test_nobody_logs_in_as_root_or_with_a_password(host: Host) -> None:
    settings = host.check_output("sudo -n /usr/sbin/sshd -T").splitlines()
    assert {"permitrootlogin no", "passwordauthentication no"} <= set(settings)


def test_the_journal_is_kept_on_disk(host: Host) -> None:
    assert host.file("/var/log/journal").is_directory


def test_no_service_has_failed(host: Host) -> None:
    assert host.check_output("systemctl list-units --failed --plain --no-legend") == ""
