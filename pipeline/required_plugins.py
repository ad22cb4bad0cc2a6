"""`python -m pipeline.required_plugins FOLDER`: what the templates require, as JSON lines.

Set-up asks by this program, started with the virtual environment's Python: it reads no HCL itself,
as it runs before there is a library that does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline.definition.builders import Plugin
from pipeline.definition.reading import Report
from pipeline.definition.template import read_templates


def required(root: Path) -> Iterator[Plugin]:
    """Each plugin besides the Azure one, in the order of templates.

    Mistakes in them are told by the commands that need them.
    """
    for template in read_templates(root, Report()).values():
        yield from template.plugins


def main() -> int:
    """Print them: `{"source", "version", "at"}`."""
    for plugin in required(Path(sys.argv[1])):
        line = {"source": plugin.source, "version": plugin.version, "at": plugin.at}
        sys.stdout.write(json.dumps(line) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
