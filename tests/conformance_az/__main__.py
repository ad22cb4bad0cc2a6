"""`make conformance`: what az and other SDKs read of the emulator; writes docs/conformance-az.md.

With names of sections only those are run, and no page is written.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.conformance_az import page
from tests.conformance_az.azure_cli import AzureCli, signed_in
from tests.conformance_az.expected import ReadAlike
from tests.conformance_az.sdks import reading
from tests.conformance_az.sdks.reading import Reader
from tests.conformance_az.sections import SECTIONS
from tests.conftest import free_addresses, running_emulator


def main(wanted: Sequence[str]) -> int:
    """Run the sections; 0 when every command ended as expected and all was read."""
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        free_addresses() as block,
        running_emulator(Path(folder) / "state", block) as emulator,
        signed_in(emulator, Path(folder) / "az") as az,
        reading.readers(emulator) as sdks,
    ):
        wrong = sum(_section(az, sdks, name) for name in wanted or SECTIONS)
    seconds = time.monotonic() - began
    _say(f"{page.figures(tuple(wanted) or tuple(SECTIONS))}; {wrong} wrong; {seconds:.0f} s")
    if not wanted and not wrong:
        page.PAGE.write_text(page.text(), encoding="utf-8")
    return 1 if wrong else 0


def _section(az: AzureCli, sdks: Sequence[Reader], name: str) -> int:
    wrong = 0
    for command in SECTIONS[name]:
        began = time.monotonic()
        if isinstance(command, ReadAlike):
            fault = reading.verdict(az, sdks, command)
        else:
            fault = az.verdict(command)
        wrong += bool(fault)
        word = "WRONG" if fault else "read" if isinstance(command, ReadAlike) else "ok"
        _say(f"{word:5} {time.monotonic() - began:5.1f} s  az {command.text}")
        if fault:
            _say(f"      {fault}")
    return wrong


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
