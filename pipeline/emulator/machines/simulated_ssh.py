"""The SSH side of a simulated machine: logins, uploads and downloads, a few commands."""

from __future__ import annotations

import asyncio
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import asyncssh

from pipeline.emulator.files import read_json, write_json
from pipeline.emulator.machines.seam import SSH_PORT, Profile
from pipeline.emulator.machines.simulated_shell import Shell

_MODES = 0o755
"""What a umask of 022 leaves of a file's mode."""


@dataclass(frozen=True, slots=True)
class Login:
    """The user that may log in. Kept beside the disk (0600): a specialized disk keeps its users."""

    user: str
    keys: tuple[str, ...]
    password: str | None

    @classmethod
    def of(cls, profile: Profile) -> Login:
        """The login that a profile asks for."""
        return cls(profile.admin_username, profile.ssh_keys, profile.password)

    @classmethod
    def read(cls, path: Path) -> Login:
        """The login kept at a path; of no user when there is none. Raises FileError."""
        return read_json(path, cls) or cls("", (), None)

    def write(self, path: Path) -> None:
        """Keep it for machines started from this disk without a profile."""
        write_json(path, self)


@dataclass(slots=True)
class SshHost:
    """What one machine's SSH server knows: its login, and whether it lets anyone in now."""

    address: str
    login: Login
    shell: Shell
    is_open: Callable[[], bool]
    answering: Callable[[], asyncio.Protocol | None]
    """What answers a connection to one of its own ports, forwarded over SSH; None: none is."""
    connections: set[asyncssh.SSHServerConnection] = field(default_factory=set)


class _Connection(asyncssh.SSHServer):
    """Authentication of one connection."""

    def __init__(self, host: SshHost) -> None:
        self._login = host.login
        self._host = host
        self._connection: asyncssh.SSHServerConnection

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._host.connections.add(conn)
        if not self._host.is_open():
            conn.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.connections.discard(self._connection)

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> asyncssh.SSHTCPSession[bytes]:
        """A client forwards a connection to the machine itself (`ssh -L`)."""
        if dest_host not in {"127.0.0.1", self._host.address}:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "No route to host")
        protocol = self._host.answering()
        if protocol is None:
            refusal = asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED
            raise asyncssh.ChannelOpenError(refusal, "open failed")
        return _Forwarded(protocol)

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        offered = key.export_public_key("openssh").decode().split()[1]
        accepted = (text.split() for text in self._login.keys)
        return username == self._login.user and any(offered in words[1:2] for words in accepted)

    def password_auth_supported(self) -> bool:
        return self._login.password is not None

    def validate_password(self, username: str, password: str) -> bool:
        wanted = self._login.password or ""
        is_same = hmac.compare_digest(wanted.encode(), password.encode())
        return bool(wanted) and username == self._login.user and is_same


class _Forwarded(asyncssh.SSHTCPSession[bytes]):
    """A forwarded connection, answered as if it had come to a port."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol

    def connection_made(self, chan: asyncssh.SSHTCPChannel[bytes]) -> None:
        self._protocol.connection_made(cast(asyncio.Transport, chan))

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        self._protocol.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)


class _Files(asyncssh.SFTPServer):
    """The machine's files. OpenSSH's scp wants an exit status at the end, which asyncssh omits."""

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """A new file gets the mode that the client asks for, as `scp` and `sftp put` do."""
        is_new = not os.path.lexists(self.map_path(path))
        file = super().open(path, pflags, attrs)
        if is_new and attrs.permissions is not None:
            Path(os.fsdecode(self.map_path(path))).chmod(attrs.permissions & _MODES)
        return file

    def exit(self) -> None:
        self.channel.exit(0)


async def serve(address: str, host: SshHost) -> asyncssh.SSHAcceptor:
    """Serve SSH with a host key of its own."""

    def answer(process: asyncssh.SSHServerProcess[str]) -> None:
        if process.command is None:
            process.stderr.write("a simulated machine has no interactive shell\n")
            process.exit(1)
            return
        result = host.shell.run(process.command)
        process.stdout.write(result.stdout)
        process.stderr.write(result.stderr)
        process.exit(result.status)

    def files(channel: asyncssh.SSHServerChannel[bytes]) -> asyncssh.SFTPServer:
        return _Files(channel, chroot=str(host.shell.root).encode())

    return await asyncssh.listen(
        address,
        SSH_PORT,
        server_factory=lambda: _Connection(host),
        server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
        process_factory=answer,
        sftp_factory=files,
        allow_scp=True,
        allow_pty=False,
        agent_forwarding=False,
    )
