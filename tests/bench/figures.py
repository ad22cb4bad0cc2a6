"""A table of measured figures, printed as they come."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def tell(what: str, figure: str) -> None:
    """One row, at once."""
    sys.stdout.write(f"{what:<58} {figure}\n")
    sys.stdout.flush()


def seconds(work: Callable[[], object]) -> float:
    """How long it took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def spread(times: Sequence[float]) -> str:
    """Minimum, median and maximum of several runs."""
    return (
        f"{min(times):.2f} / {statistics.median(times):.2f} / {max(times):.2f} s"
        f" (min / median / max of {len(times)})"
    )


def peak_memory(process: int) -> int:
    """The most memory a living process has had, in MiB; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) // 1024 if found else 0
