"""`nightly` of one image as a process that another one started: JSON lines, and a result.

python -m pipeline.cli_tasks.nightly_job --root DIR --env NAME --result FILE IMAGE -- TYPED...

TYPED is the command line that a person typed, for advice to run it again.
"""

from __future__ import annotations

import argparse
import os
import sys

from invoke.exceptions import Exit

from pipeline.advice import Caller
from pipeline.cli_tasks.running import session_in


def main(words: list[str]) -> int:
    """Build it; the exit code."""
    parser = argparse.ArgumentParser()
    for name in ("--root", "--env", "--result"):
        parser.add_argument(name, required=True)
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("image")
    parser.add_argument("typed", nargs="+")
    given = parser.parse_args(words)
    Caller.program = given.typed[0]
    sys.argv = given.typed
    os.chdir(given.root)
    try:
        with session_in(given.env, json=True) as session:
            from pipeline.execution.commands.nightly import nightly  # noqa: PLC0415 - it may fail

            nightly(session, [given.image], verify=given.verify, result=given.result)
    except Exit as ended:
        return int(ended.code)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
