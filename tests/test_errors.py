"""The hierarchy of errors: its drawing, its exit codes, and who may raise what."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pipeline import errors
from pipeline.advice import Rerun
from pipeline.errors import (
    AzureRefused,
    DefinitionError,
    Mistake,
    PipelineError,
    StateFileError,
    StillRunning,
    ToldByAnother,
    Unreachable,
)
from tests.sources import ROOT, modules

ALL = {
    name: value
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, PipelineError)
}
FAILED, INPUT, UNFINISHED = 1, 2, 3
EXIT_CODES = {
    "PipelineError": FAILED,
    "DefinitionError": INPUT,
    "UsageError": INPUT,
    "Refused": FAILED,
    "Overtaken": FAILED,
    "AzureRefused": FAILED,
    "StillRunning": UNFINISHED,
    "BuildFailed": FAILED,
    "CheckFailed": FAILED,
    "ImagesFailed": FAILED,
    "NotConfirmed": FAILED,
    "WatchFailed": FAILED,
    "SignInFailed": FAILED,
    "Unreachable": FAILED,
    "ToldByAnother": FAILED,
    "StateFileError": FAILED,
}

BEFORE_THE_FIRST_WRITE = (
    "pipeline/planning/",
    "pipeline/execution/adopt/survey.py",
    "pipeline/execution/build/survey.py",
    "pipeline/execution/swap/survey.py",
    "pipeline/execution/evidence/store.py",
    "pipeline/execution/evidence/reading.py",
    "pipeline/execution/landing_zone/survey.py",
    "pipeline/execution/run/lock.py",
    "pipeline/execution/claims/acquire.py",
    "pipeline/execution/claims/hold.py",
    "pipeline/execution/claims/numbers.py",
    "pipeline/local.py",  # the emulator's process, not Azure
    "pipeline/scaffold/",  # files, not Azure
)
STEPS = (
    "pipeline/execution/build/",
    "pipeline/execution/swap/",
    "pipeline/execution/prune/",
    "pipeline/execution/rehearse/",
    "pipeline/execution/revoke/",
    "pipeline/execution/roll/",
    "pipeline/execution/watch/",
    "pipeline/execution/landing_zone/",
    "pipeline/execution/packer/",
    "pipeline/execution/azure/",
    "pipeline/execution/evidence/",
    "pipeline/execution/run/",
    "pipeline/execution/runner.py",
    "pipeline/execution/wait.py",
    "pipeline/execution/checks.py",
)
COMMANDS = "pipeline/execution/commands/"
MAY_RAISE = {
    # what Packer says of a template, by file and line
    "DefinitionError": (
        "pipeline/definition/",
        "pipeline/planning/build/vault.py",  # where image and environment say too little together
        "pipeline/execution/packer/",
        "pipeline/execution/checks.py",  # what Python says of a check, before the bake
    ),
    "UsageError": (
        "pipeline/planning/",
        "pipeline/execution/run/session.py",
        "pipeline/execution/azure/bases.py",
        "pipeline/execution/build/way.py",
        "pipeline/execution/swap/protected.py",  # a variable that whoever typed did not set
        "pipeline/demo.py",
        COMMANDS,
        "pipeline/execution/report/pages.py",
        "pipeline/execution/cost/survey.py",  # a file that whoever typed named
    ),
    "Refused": BEFORE_THE_FIRST_WRITE,
    "Overtaken": (*STEPS, "pipeline/execution/claims/held.py"),
    "AzureRefused": (*STEPS, "pipeline/local.py"),  # the emulator speaks for Azure
    "StillRunning": STEPS,
    "BuildFailed": ("pipeline/execution/packer/",),
    "CheckFailed": ("pipeline/execution/build/", "pipeline/execution/checks.py"),
    "ImagesFailed": (f"{COMMANDS}nightly.py", f"{COMMANDS}units.py"),
    "NotConfirmed": ("pipeline/execution/swap/", "pipeline/execution/watch/"),
    "WatchFailed": ("pipeline/execution/watch/", "pipeline/execution/roll/"),
    "SignInFailed": ("pipeline/execution/azure/", "pipeline/execution/packer/credential.py"),
    "Unreachable": (
        *(*STEPS, COMMANDS, "pipeline/local.py"),
        *("pipeline/execution/ssh.py", "pipeline/execution/winrm.py"),
        "pipeline/execution/packages/",
        "pipeline/execution/dashboard/",  # its port is taken
    ),
    "ToldByAnother": ("pipeline/output/replaying.py",),
    "StateFileError": ("pipeline/state_files.py", "pipeline/local.py", *STEPS),
}
"""Where an error is true: whoever catches `Refused` relies on nothing having been changed."""


def broken_promises(file: str, source: str) -> list[str]:
    """Errors that a module raises, or makes, although their docstring does not hold there."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func).rpartition(".")[2]
        if name in MAY_RAISE and not file.startswith(MAY_RAISE[name]):
            found.append(f"{file}:{node.lineno}: {name} is not for here")
    return found


def test_the_tree_in_the_docstring_names_every_error() -> None:
    listed = set(re.findall(r"[├└]── (\w+)", errors.__doc__ or ""))

    assert listed == set(ALL) - {"PipelineError"}


def test_every_error_has_its_exit_code() -> None:
    assert {name: error.exit_code for name, error in ALL.items()} == EXIT_CODES


def test_every_error_says_in_its_docstring_when_it_is_raised() -> None:
    assert [name for name, error in ALL.items() if not error.__doc__] == []
    assert set(MAY_RAISE) == set(ALL) - {"PipelineError"}


FILES = [file.relative_to(ROOT).as_posix() for file in modules(emulator=False)]


@pytest.mark.parametrize("file", FILES)
def test_an_error_is_raised_only_where_its_docstring_holds(file: str) -> None:
    assert broken_promises(file, (ROOT / file).read_text()) == []


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("pipeline/execution/swap/steps.py", 'raise Refused("the set serves by now")'),
        ("pipeline/execution/swap/swap.py", 'raise errors.Refused("overtaken")'),
        ("pipeline/execution/packer/build.py", 'raise Refused("no group")'),
        ("pipeline/execution/build/steps.py", 'error = Refused("x")\nraise error'),
        ("pipeline/planning/swap/staging.py", 'raise Overtaken("someone else")'),
        ("pipeline/planning/build/build.py", "raise DefinitionError(())"),
        ("pipeline/execution/build/steps.py", "raise DefinitionError(())"),
        ("pipeline/definition/project.py", 'raise UsageError("no such image")'),
    ],
)
def test_an_error_that_is_not_true_where_it_is_raised_is_seen(file: str, source: str) -> None:
    assert len(broken_promises(file, source)) == 1


def test_an_error_that_is_caught_or_compared_breaks_no_promise() -> None:
    source = "try:\n    now()\nexcept Refused as error:\n    assert isinstance(error, Refused)"

    assert broken_promises("pipeline/execution/swap/steps.py", source) == []


def test_mistakes_are_told_in_order_one_line_each() -> None:
    error = DefinitionError((Mistake("b.hcl", 2, "bad", "good"), Mistake("a.hcl", 9, "wrong")))

    assert str(error) == "a.hcl:9: wrong\nb.hcl:2: bad; good"


def test_a_refusal_of_azure_keeps_its_code_and_sentence() -> None:
    error = AzureRefused("/a/scale/set", "SkuNotAvailable", "Not in westeurope.")

    assert str(error) == "/a/scale/set: SkuNotAvailable: Not in westeurope."
    assert (error.code, error.sentence) == ("SkuNotAvailable", "Not in westeurope.")


def test_what_is_not_finished_advises_the_same_command_again() -> None:
    error = StillRunning("/a/scale/set", 300.4, "token")

    assert str(error) == "/a/scale/set: not finished after 300 s; Azure is still working"
    assert [found.command for found in error.advice] == [Rerun()]


def test_other_errors_keep_what_their_reader_needs() -> None:
    lost = Unreachable("no answer", nothing_listens=True)
    told = ToldByAnother("no", kind="UsageError", exit_code=2)
    torn = StateFileError(Path("journal"), "not JSON")

    assert (lost.nothing_listens, Unreachable("no answer").nothing_listens) == (True, False)
    assert (str(told), told.kind, told.exit_code) == ("no", "UsageError", 2)
    assert (lost.kind, lost.exit_code) == ("Unreachable", 1)
    assert (str(torn), torn.path) == ("journal: not JSON", Path("journal"))
