"""More room in front of the ports that QEMU serves.

QEMU's user-mode network listens with room for one waiting connection (libslirp, `listen(s, 1)`). On
a busy host the next one is dropped before QEMU accepts the first, and its client tries again after
one second, three, seven: a request is late, or lost, that no guest ever saw. A second `listen` on
the same socket makes the room larger; it takes a copy of QEMU's descriptor to say so.
"""

from __future__ import annotations

import ctypes
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

ROOM: Final = 512
"""As many as nginx has room for; the kernel's own limit is 4096 (net.core.somaxconn)."""
_PIDFD_GETFD: Final = 438
"""The number of the system call on every architecture (Linux 5.6); Python has no name for it."""
_libc = ctypes.CDLL(None, use_errno=True)


def widen(process: int) -> int:
    """Give every listening socket of a process of ours more room; answers how many there are.

    Where the host does not allow it (a container without the right to trace), nothing changes.
    """
    widened = 0
    with suppress(OSError):
        handle = os.pidfd_open(process)
        try:
            for descriptor in _sockets(process):
                widened += _listen_again(handle, descriptor)
        finally:
            os.close(handle)
    return widened


def _sockets(process: int) -> Iterator[int]:
    for entry in Path(f"/proc/{process}/fd").iterdir():
        with suppress(OSError):
            if str(entry.readlink()).startswith("socket:"):
                yield int(entry.name)


def _listen_again(handle: int, descriptor: int) -> bool:
    copy = _libc.syscall(_PIDFD_GETFD, handle, descriptor, 0)
    if copy < 0:
        return False
    with socket.socket(fileno=copy) as shared:
        is_listening = shared.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
        if is_listening and shared.family == socket.AF_INET:
            shared.listen(ROOM)
            return True
    return False
