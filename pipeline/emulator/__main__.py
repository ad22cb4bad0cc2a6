"""`python -m pipeline.emulator`."""

from __future__ import annotations

import sys

from pipeline.emulator.command_line import main

if __name__ == "__main__":
    sys.exit(main())
