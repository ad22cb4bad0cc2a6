"""What can be checked on a machine without an operating system: it answers."""

from __future__ import annotations

from testinfra.host import Host


def test_it_runs_commands(host: Host) -> None:
    assert host.run("true").rc == 0
