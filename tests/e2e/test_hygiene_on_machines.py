"""Hygiene on real machines: leftovers that a bake captures are found by name, on a fresh boot."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import CheckFailed
from tests.conftest import free_addresses, running_emulator
from tests.execution.image_project import ImageProject, image_project, packer_or_skip
from tests.hygiene.planted import MODES, OTHER_KEY, PEM, PLANTED, SECRET

pytestmark = [pytest.mark.packer, pytest.mark.vm, pytest.mark.nightly]

LAST = '": >/etc/machine-id",'
"""What the template does last but one; the leftovers come after all its cleaning."""

AS_FILES = set(PLANTED) - {"build_user", "password_hashes", "listening", "ssh_host_keys"}
COMMANDS = {
    "build_user": "useradd --create-home packer2",
    "password_hashes": "useradd --no-create-home --system --password '$6$salt$hash' service",
    "ssh_host_keys": "ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key",
    "listening": (
        "printf '[Socket]\\nListenStream=9217\\n[Install]\\nWantedBy=sockets.target\\n'"
        " >/etc/systemd/system/planted.socket;"
        " printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/planted.service;"
        " systemctl enable planted.socket"
    ),
}


def planting() -> str:
    """A script that leaves every kind of leftover."""
    lines = ["#!/bin/sh", "set -e"]
    for kind in sorted(AS_FILES):
        name, content = PLANTED[kind]
        path = shlex.quote(f"/{name}")
        lines.append(f"mkdir -p $(dirname {path.replace(' ', '?')})")
        lines.append(f"printf %s {shlex.quote(content)} >{path}")
        lines.append(f"chmod {MODES.get(kind, 0o600):o} {path}")
    return "\n".join([*lines, *COMMANDS.values(), "sync", ""])


@pytest.fixture
def project(tmp_path: Path) -> Iterator[ImageProject]:
    """An image in a project of its own, in an emulator with real machines."""
    packer_or_skip()
    with (
        free_addresses() as block,
        running_emulator(tmp_path / "state", block, "--machines", "qemu") as emulator,
    ):
        made = image_project(tmp_path, emulator)
        text = (made.folder / "image.hcl").read_text()
        before, _, _ = text.partition("  scale_set {")
        made.write("image.hcl", f"{before}}}\n")
        made.write("scripts/install.sh", "#!/bin/sh\nset -e\necho 1 >/etc/app\n")
        yield made


def test_a_clean_bake_passes_and_every_planted_kind_is_found(project: ImageProject) -> None:
    outcome = project.build()
    assert project.versions()[outcome.version].is_eligible
    assert f"hygiene: {len(PLANTED)} passed" in project.output

    template = project.root / "packer/linux/linux.pkr.hcl"
    told = template.read_text()
    assert LAST in told
    template.write_text(told.replace(LAST, f'{LAST}\n      "sh /opt/plant.sh",'))
    project.write("scripts/install.sh", f"cat >/opt/plant.sh <<'END'\n{planting()}\nEND\n")

    with pytest.raises(CheckFailed) as caught:
        project.build()
    said = str(caught.value)
    found = {kind for kind in PLANTED if f"    {kind}: " in said}
    assert set(PLANTED) - found == set()
    assert not any(secret in said for secret in (SECRET, OTHER_KEY, PEM))
