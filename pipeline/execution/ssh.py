"""SSH keys for one use, and the connection to a machine that nobody has met before."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, PublicFormat

from pipeline.errors import Unreachable
from pipeline.execution.passwords import new_password
from pipeline.state_files import naming, read_bytes, write_private

PREFIX = "bakeswap-ssh-"
"""Of the folders with keys, in the temporary folder: paths of sockets must be short."""

KEY_BITS = 3072
"""What OpenSSH makes, too; Azure takes no RSA key under 2048."""

SECONDS_TO_CONNECT = 5.0
SECONDS_TO_GREET = 30.0
"""How long one attempt waits for an SSH server's first words, once it took the connection.

On a busy host it needs many seconds; to be asked anew meanwhile keeps it from ever giving them.
"""


@dataclass(frozen=True, slots=True)
class Access:
    """A key pair, an OpenSSH configuration and a password in a private folder (0700)."""

    folder: Path

    @property
    def config(self) -> Path:
        """The configuration: who never met the machine takes its host key the first time."""
        return self.folder / "config"

    @property
    def public_key(self) -> str:
        """The public half, as `authorized_keys` has it."""
        return (self.folder / "key.pub").read_text().strip()

    @property
    def password(self) -> str:
        """What takes the key's place on machines of Windows."""
        return (self.folder / "password").read_text()


@contextmanager
def access() -> Iterator[Access]:
    """A key for one use. At the end the shared connection is closed and all of it deleted."""
    _remove_those_of_the_dead()
    with naming(Path(tempfile.gettempdir())):
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    try:
        made = Access(folder)
        key = _new_key()
        write_private(folder / "key", _private_half(key))
        write_private(folder / "key.pub", _public_half(key) + "\n")
        write_private(made.config, _configuration(folder))
        write_private(folder / "password", new_password())
        yield made
    finally:
        for connection in folder.glob("to-*"):
            _close(connection)
        shutil.rmtree(folder, ignore_errors=True)


@cache
def public_key_nobody_holds() -> str:
    """The public half of a key, whose private half is gone when this returns.

    Scale sets demand a key, and immutable instances are not to be logged into. All of a process
    have the same: making one takes most of a second, and nobody can use it for any of them.
    """
    return _public_half(_new_key())


def _remove_those_of_the_dead() -> None:
    """Folders whose process was killed before it could remove them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)  # somebody else's stays


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        return True
    return True


def greets(address: str, port: int) -> bool:
    """Whether an SSH server speaks there: the banner comes when it is ready, unlike the socket."""
    try:
        with socket.create_connection((address, port), SECONDS_TO_CONNECT) as connection:
            connection.settimeout(SECONDS_TO_GREET)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def answer(
    config: Path, user: str, at: tuple[str, int], command: str, seconds: float, stdin: bytes = b""
) -> bytes:
    """What a command printed on a machine; nothing when it failed, or took longer than that."""
    address, port = at
    ssh = ("ssh", "-F", str(config), "-p", str(port), f"{user}@{address}", command)
    try:
        ended = subprocess.run(ssh, input=stdin, capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.SubprocessError):
        return b""
    return ended.stdout if ended.returncode == 0 else b""


@contextmanager
def forwarding(
    config: Path, user: str, at: tuple[str, int], to: Sequence[tuple[str, int]], log: Path
) -> Iterator[list[int]]:
    """Ports of this machine that lead to addresses and ports as the one at an address sees them.

    What ssh says meanwhile is in `log`. Raises Unreachable when there is no connection. The block's
    end closes it, as the end of the configuration's `access` does.
    """
    local = _free_ports(len(to))
    connection = config.parent / "to-ports"
    address, ssh_port = at
    command = [
        *("ssh", "-F", str(config), "-E", str(log), "-f", "-N", "-M"),
        *("-o", f"ControlPath={connection}", "-o", "ControlPersist=no"),
        *("-o", "ExitOnForwardFailure=yes", "-o", "LogLevel=INFO", "-p", str(ssh_port)),
        *(
            f"-L127.0.0.1:{here}:{there}:{port}"
            for here, (there, port) in zip(local, to, strict=True)
        ),
        f"{user}@{address}",
    ]
    write_private(log, "")
    try:
        null = subprocess.DEVNULL  # with -f, ssh would close it, and a pipe would wait for that
        ended = subprocess.run(command, check=False, stdin=null, stdout=null, stderr=null)
        if ended.returncode:
            words = read_bytes(log).decode(errors="replace").strip().splitlines()
            reason = words[-1] if words else f"ssh ended with {ended.returncode}"
            raise Unreachable(f"SSH at {address}:{ssh_port}: {reason}")
        yield local
    finally:
        _close(connection)


def _free_ports(count: int) -> list[int]:
    """So many that nobody used just now."""
    with ExitStack() as held:
        found = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in found]


def _configuration(folder: Path) -> str:
    # Without ControlPath each command of a check would open a connection: 210 ms instead of 10.
    return f"""Host *
  IdentityFile {folder}/key
  IdentitiesOnly yes
  BatchMode yes
  StrictHostKeyChecking accept-new
  UserKnownHostsFile {folder}/known_hosts
  ControlMaster auto
  ControlPath {folder}/to-%C
  ControlPersist 60
  ConnectTimeout 30
  ServerAliveInterval 15
  LogLevel ERROR
"""


def _new_key() -> RSAPrivateKey:
    # RSA: the one kind that every image version of every age and Azure itself take. Made here, as
    # ssh-keygen's search for primes takes five times as long (1.5 s).
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def _private_half(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.OpenSSH, serialization.NoEncryption()
    ).decode()


def _public_half(key: RSAPrivateKey) -> str:
    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return f"{line} bakeswap"


def _close(connection: Path) -> None:
    command = ["ssh", "-o", f"ControlPath={connection}", "-O", "exit", "any"]
    subprocess.run(command, check=False, capture_output=True)
