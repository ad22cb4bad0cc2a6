"""A fresh machine from the image serves its page, and nothing of the bake is left on it.

Runs over SSH with IMAGE_NAME and IMAGE_VERSION in the environment: `invoke check-image web`.
"""

from __future__ import annotations

import json
import os

from testinfra.host import Host

VERSION = os.environ["IMAGE_VERSION"]


def answer_to(host: Host, path: str) -> tuple[str, str]:
    """The headers and the body that the machine answers to itself; bash is its only HTTP client."""
    request = f"GET {path} HTTP/1.0\\r\\n\\r\\n"
    script = f"exec 3<>/dev/tcp/127.0.0.1/8080; printf '{request}' >&3; tr -d '\\r' <&3"
    headers, _, body = host.check_output("bash -c %s", script).partition("\n\n")
    return headers, body


def test_nginx_is_installed_enabled_and_running(host: Host) -> None:
    assert host.package("nginx-light").is_installed
    assert host.service("nginx").is_enabled
    assert host.service("nginx").is_running


def test_nginx_listens_for_other_machines(host: Host) -> None:
    assert host.socket("tcp://0.0.0.0:8080").is_listening


def test_the_page_shows_the_version(host: Host) -> None:
    _, body = answer_to(host, "/")
    assert f"Version {VERSION}" in body


def test_the_health_page_answers_healthy_and_the_version(host: Host) -> None:
    headers, body = answer_to(host, "/healthz")
    assert " 200 " in headers
    assert "application/json" in headers
    assert json.loads(body) == {"ApplicationHealthState": "Healthy", "version": VERSION}


def test_the_account_that_baked_it_is_gone(host: Host) -> None:
    assert not host.user("packer").exists


def test_its_ssh_host_keys_are_its_own(host: Host) -> None:
    booted = int(host.check_output("awk '/^btime/ {print $2}' /proc/stat"))
    made = host.check_output("stat -c %Y /etc/ssh/ssh_host_*_key").split()
    assert all(int(when) >= booted for when in made)
