"""A fresh machine runs the application in its container, and pulls nothing for it.

Runs over SSH with IMAGE_NAME and IMAGE_VERSION in the environment: `invoke check-image containers`.
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


def test_the_container_is_started_by_systemd_and_runs(host: Host) -> None:
    assert host.service("app").is_enabled
    assert host.service("app").is_running
    running = json.loads(host.check_output("sudo -n podman ps --format json"))
    assert [(one["Names"], one["Image"]) for one in running] == [
        (["app"], "localhost/app:latest")
    ]


def test_it_has_no_rights(host: Host) -> None:
    told = json.loads(host.check_output("sudo -n podman inspect app"))[0]
    assert told["Config"]["User"] == "65534:65534"
    assert told["HostConfig"]["ReadonlyRootfs"]
    assert not told["EffectiveCaps"]


def test_it_listens_for_other_machines(host: Host) -> None:
    assert host.socket("tcp://0.0.0.0:8080").is_listening


def test_the_page_shows_the_version(host: Host) -> None:
    _, body = answer_to(host, "/")
    assert f"Version {VERSION}" in body


def test_the_health_page_answers_healthy_and_the_version(host: Host) -> None:
    headers, body = answer_to(host, "/healthz")
    assert " 200 " in headers
    assert json.loads(body) == {"ApplicationHealthState": "Healthy", "version": VERSION}


def test_it_stands_on_the_golden_image(host: Host) -> None:
    assert host.file("/etc/golden-release").content_string.startswith("golden 1.0.")
