"""A machine's disk in a folder: a clean one, and one with a leftover of every kind."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.hygiene.judging import Expected, Found, judged
from pipeline.hygiene.test_bakeswap_hygiene import LOOK

OWN_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIOwnKeyOfTheRun"
OTHER_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAISomebodyElses"
ADMIN = "operator"
EXPECTED = Expected(ADMIN, OWN_KEY, frozenset({22, 8080}))

PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n"
SECRET = "abcdefghijklmnopqrstuvwxyz0123456789"
"""In everything that is planted: it must never be printed."""

PASSWD = """\
root:x:0:0:root:/root:/bin/bash
daemon:x:1:1::/usr/sbin:/usr/sbin/nologin
operator:x:1000:1000::/elsewhere/operator:/bin/bash
nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin
"""
NETWORK = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0
   2: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1 0
   3: 0F02000A:0016 0202000A:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0
"""
LISTENS = "   4: 00000000:24{:02X} 00000000:0000 {} 0:0 00:0 0000 0 0 5 1 0\n"

CLEAN: Mapping[str, str] = {
    "etc/passwd": PASSWD,
    "etc/shadow": "root:*:19000:0:99999:7:::\noperator:!:19000:0:99999:7:::\n",
    "etc/machine-id": "",
    "etc/sudoers.d/README": "# NOPASSWD is explained here\n",
    "etc/sudoers.d/waagent": f"{ADMIN} ALL=(ALL) NOPASSWD: ALL\n",
    "etc/ssh/sshd_config": "PasswordAuthentication no\n",
    "root/.ssh/authorized_keys2": f"ssh-ed25519 {OWN_KEY} check\n",
    "proc/net/tcp": NETWORK,
    "proc/net/udp": LISTENS.format(1, "01"),
    "usr/lib/os-release": "ID=debian\n",
    "usr/share/doc/key.pem": PEM,
    "usr/bin/passwd": "",
    "usr/bin/write": "",
    "var/lib/dpkg/info/passwd.list": "/.\n/usr/bin/passwd\n/bin/write\n",
    "var/log/dpkg.log": "install web\n",
}
"""What is on the disk of a machine with nothing to find; setuid programs are two packages' own."""

PLANTED: Mapping[str, tuple[str, str]] = {
    "ssh_host_keys": ("etc/ssh/ssh_host_ed25519_key", PEM),
    "machine_id": ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
    "random_seed": ("var/lib/systemd/random-seed", SECRET),
    "dhcp_leases": ("var/lib/dhcp/dhclient.eth0.leases", "lease {}\n"),
    "journal": ("var/log/journal/0123/system.journal", SECRET),
    "cloud_init": ("var/lib/cloud/instances/1234/user-data.txt", "#cloud-config\n"),
    "agent_state": ("var/lib/waagent/ovf-env.xml", f"<UserPassword>{SECRET}</UserPassword>"),
    "build_user": ("etc/passwd", f"{PASSWD}packer:x:1001:1001::/home/packer:/bin/bash\n"),
    "sudoers": ("etc/sudoers.d/90-packer", "packer ALL=(ALL) NOPASSWD: ALL\n"),
    "password_hashes": ("etc/shadow", f"root:$6$salt${SECRET}:19000:0:99999:7:::\n"),
    "authorized_keys": ("root/.ssh/authorized_keys", f"ssh-ed25519 {OTHER_KEY} me\n"),
    "known_hosts": ("root/.ssh/known_hosts", f"git.example.com ssh-ed25519 {OTHER_KEY}\n"),
    "histories": ("root/.bash_history", f"mysql -p{SECRET}\n"),
    "private_keys": ("opt/app/tls/server key.pem", PEM),
    "tokens": ("etc/app.conf", f"github = ghp_{SECRET}\n"),
    "credential_files": ("root/.netrc", f"machine x login y password {SECRET}\n"),
    "cloud_credentials": ("root/.aws/credentials", f"aws_secret_access_key = {SECRET}\n"),
    "registry_logins": (
        "root/.docker/config.json",
        json.dumps({"auths": {"registry.example.com": {"auth": SECRET}}}),
    ),
    "kubeconfig": ("root/.kube/config", f"users:\n- user:\n    token: {SECRET}\n"),
    "world_writable": ("opt/app/settings", "open\n"),
    "setuid": ("usr/local/bin/become", "#!/bin/sh\n"),
    "listening": ("proc/net/tcp", NETWORK + LISTENS.format(1, "0A")),
    "core_dumps": ("var/lib/systemd/coredump/core.web.1.zst", SECRET),
    "temporary_files": ("var/tmp/install.log", "done\n"),
}
"""A file for each kind of leftover, and what is in it."""

MODES = {"world_writable": 0o666, "setuid": 0o4755}

TOLD = {"build_user": "packer", "password_hashes": "root", "listening": "tcp 9217"} | {
    "cloud_init": "/var/lib/cloud/instances/1234"
}
"""What is told of a kind where that is not the file."""

TOKENS = {
    "github": f"ghp_{SECRET}",
    "github, fine-grained": "github_pat_" + "1" * 22 + "_" + "a" * 59,
    "gitlab": "glpat-" + SECRET[:20],
    "aws": "AKIA" + "ABCDEFGHIJKLMNOP",
    "slack": "xoxb-123456789012-" + SECRET,
    "npm": f"npm_{SECRET}",
    "storage key": "AccountKey=" + "a" * 86 + "==",
    "shared access signature": "https://x.blob.core.windows.net/c?sv=1&sig=" + "a" * 43 + "%3D",
    "web token": "eyJhbGciOiJIUzI1NiJ9x.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "s" * 43,
    "client secret": 'ARM_CLIENT_SECRET="abc~efghijklmnopqrstuvwxyz.123456789"',
}

FOREVER = "9999999999"
"""A boot after everything: all that is there was captured."""


def write(root: Path, name: str, content: str, mode: int = 0o644) -> Path:
    """A file of the disk."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(mode)
    return path


def clean(root: Path) -> Path:
    """The disk of a machine with nothing to find."""
    for name, content in CLEAN.items():
        write(root, name, content)
    (root / "usr/bin/passwd").chmod(0o4755)
    (root / "usr/bin/write").chmod(0o2755)
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    return root


def plant(root: Path, kind: str) -> str:
    """One leftover; what is told of it."""
    name, content = PLANTED[kind]
    write(root, name, content, MODES.get(kind, 0o644))
    return TOLD.get(kind, f"/{name}")


def look(root: Path, boot: str = FOREVER) -> str:
    """What the real script prints of a disk."""
    surroundings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HYGIENE_ROOT": str(root)}
    ended = subprocess.run(
        ["sh", "-c", LOOK.read_text()],
        env={**surroundings, "HYGIENE_BOOT": boot},
        check=True,
        capture_output=True,
        text=True,
    )
    assert ended.stderr == ""
    return ended.stdout.replace(str(root), "")


def found(root: Path, expected: Expected = EXPECTED, boot: str = FOREVER) -> Found:
    """What is judged of a disk."""
    return judged(look(root, boot), expected)


def wrong(root: Path, expected: Expected = EXPECTED, boot: str = FOREVER) -> dict[str, list[str]]:
    """What is found, by kind."""
    told = found(root, expected, boot)
    assert told.problem == ""
    return {kind: list(things) for kind, things in told.things.items() if things}


def newer(path: Path, write_one: Callable[[], object]) -> None:
    """Write until the file system's clock has moved on since `path` was written."""
    before = path.stat().st_ctime_ns
    marker = path.with_name(f"{path.name}.marker")
    while True:
        marker.write_text("")
        if marker.stat().st_ctime_ns > before:
            break
    marker.unlink()
    write_one()
