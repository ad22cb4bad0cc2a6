"""What a fresh machine of the image must show. Commands run in cmd.exe, over WinRM."""

from __future__ import annotations

import json
import os

from testinfra.host import Host


def powershell(host: Host, command: str) -> str:
    """What a command of PowerShell prints."""
    found = host.run("powershell -NoProfile -NonInteractive -Command %s", command)
    assert found.rc == 0, found.stderr
    return str(found.stdout).strip()


def test_the_web_server_runs_and_starts_by_itself(host: Host) -> None:
    assert powershell(host, "(Get-Service W3SVC).Status") == "Running"
    assert powershell(host, "(Get-Service W3SVC).StartType") == "Automatic"


def test_the_health_page_names_the_version(host: Host) -> None:
    page = powershell(
        host, "(Invoke-WebRequest -UseBasicParsing http://localhost/healthz.json).Content"
    )

    assert json.loads(page)["version"] == os.environ["IMAGE_VERSION"]


def test_nothing_of_the_bake_is_left(host: Host) -> None:
    assert powershell(host, "Test-Path C:\\Windows\\Temp\\bake\\files") == "False"
