"""docs/conformance-az.md: the commands and what was true after each; the same for every run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.conformance_az.azure_cli import VERSION
from tests.conformance_az.expected import describe
from tests.conformance_az.sdks.programs import packages
from tests.conformance_az.sections import SECTIONS
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "conformance-az.md"


def figures(sections: Sequence[str]) -> str:
    """How many commands there are, of each outcome, and how much was read by other SDKs."""
    count = Counter(describe(one)[0] for name in sections for one in SECTIONS[name])
    read = count.pop("read", 0)
    return (
        f"{count.total()} commands: {count['passed']} passed, {count['refused']} refused by name; "
        f"{read} things read by other SDKs"
    )


def text() -> str:
    """The whole page."""
    sdks = "".join(f"- {each}\n" for each in packages())
    parts = [_HEAD.format(version=VERSION, figures=figures(tuple(SECTIONS)), sdks=sdks)]
    return "\n".join((*parts, *map(_section, SECTIONS)))


def _section(name: str) -> str:
    rows = "".join(
        f"| `az {_cell(one.text)}` | {outcome} | {_cell(what)} |\n"
        for one in SECTIONS[name]
        for outcome, what in [describe(one)]
    )
    head = "| command | outcome | what was true |\n|---|---|---|\n"
    return f"## {name.replace('-', ' ').capitalize()}\n\n{head}{rows}"


def _cell(text: str) -> str:
    return text.replace("{{", "{").replace("}}", "}").replace("|", "\\|").replace("\n", "\\n")


_HEAD = """# What az says of the emulator

Written by `make conformance`: `az` {version}, unmodified, in an environment of its own, against an
emulator with simulated machines that is registered as a cloud. A command passes when it ends with 0
and a JMESPath query of its answer, or of a command after it, finds what is named; or when it is
refused with the code that Azure refuses it with. It is refused when the emulator answers 501 and
names what it does not serve. Anything else is wrong, and no page is written.

{figures}.

## The SDKs for Go and JavaScript

While those things exist, two small programs read them, over TLS with the emulator's CA: a GET and
the list it is in, through all pages, into the SDK's typed models. What the models hold is written
as JSON again. It must be what `az` shows of the same thing: all values, each of the same type, and
no more. The list must have the names that `az` lists. Null and empty values are left out, and times
are compared to the millisecond. In the tables these are the rows whose outcome is `read`.

{sdks}"""
