"""Runs in the Azure CLI's own Python: each line of stdin is a command line, as a JSON array.

Every command is a process of its own, `python -m azure.cli …` in a fork of this one, which has
imported what takes the time. The answer is one line: the exit code, and what it printed.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import sys
import tempfile
import traceback

_HEAVY = (
    "azure.cli.core",
    "azure.cli.core.aaz",
    "azure.cli.core.commands.client_factory",
    "azure.cli.core.auth.identity",
    "azure.cli.command_modules.network.custom",
    "azure.cli.command_modules.network.aaz.latest.network",
    "azure.cli.command_modules.resource.custom",
    "azure.cli.command_modules.vm.custom",
    "azure.cli.command_modules.vm._validators",
    "azure.mgmt.core",
    "msal",
    "requests",
)


def main() -> None:
    """Serve until stdin ends."""
    for name in _HEAVY:
        importlib.import_module(name)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_run(json.loads(line))) + "\n")
        sys.stdout.flush()


def _run(words: list[str]) -> dict[str, object]:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if not child:
            _become(words, output.fileno(), errors.fileno())
        _, status = os.waitpid(child, 0)
        texts = {}
        for name, file in (("output", output), ("errors", errors)):
            file.seek(0)
            texts[name] = file.read().decode(errors="replace")
        return {"code": os.waitstatus_to_exitcode(status), **texts}


def _become(words: list[str], output: int, errors: int) -> None:
    """Be that command, and never return."""
    code = 1
    try:
        os.dup2(output, 1)
        os.dup2(errors, 2)
        sys.argv = ["az", *words]
        runpy.run_module("azure.cli", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
