"""Keeps one Packer: ends it when its time is over, or when the run that started it is gone.

A program of its own, of the standard library alone: it outlives a run that is killed, and Packer
does not outlive it. `python keeper.py LIMIT GRACE COMMAND...`, seconds both, in a session of its
own. Told to end (SIGTERM), or after LIMIT, it tells Packer to end, which then removes its machine;
what is still there after GRACE is killed with all its children. It ends with Packer's exit code,
or with `TOOK_TOO_LONG`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

TOOK_TOO_LONG = 124
"""The exit code after LIMIT; timeout(1) has the same."""
TIME_IS_OVER = "Packer's time is over."
"""What is printed before that: a Packer that has to be killed takes its keeper along."""

_NEWS = (signal.SIGTERM, signal.SIGCHLD)


def main(words: list[str]) -> int:
    """Start the command and keep it; the exit code."""
    limit, grace, command = float(words[0]), float(words[1]), words[2:]
    signal.pthread_sigmask(signal.SIG_BLOCK, _NEWS)  # they are waited for, so none is missed
    try:
        process = subprocess.Popen(command, preexec_fn=_hear_signals)  # noqa: PLW1509 - there are no threads
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return os.EX_UNAVAILABLE
    told = _news(process, limit, _NEWS)
    if process.poll() is not None:
        return process.returncode
    if not told:
        sys.stderr.write(f"{TIME_IS_OVER}\n")
        sys.stderr.flush()
    process.terminate()
    _news(process, grace, (signal.SIGCHLD,))
    if process.poll() is None:
        os.killpg(os.getpgrp(), signal.SIGKILL)  # with all its children, and with us
    return 128 + told if told else TOOK_TOO_LONG


def _hear_signals() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _NEWS)


def _news(
    process: subprocess.Popen[bytes], seconds: float, signals: tuple[signal.Signals, ...]
) -> int:
    """SIGTERM when that came; 0 when the process ended, or after so many seconds."""
    end = time.monotonic() + seconds
    while process.poll() is None:
        got = signal.sigtimedwait(signals, max(0.0, end - time.monotonic()))
        if got is None:
            return 0
        if got.si_signo == signal.SIGTERM:
            return signal.SIGTERM
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
