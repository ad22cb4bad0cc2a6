"""Every command that is advised is a real task with real options, by Invoke's own parser."""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from invoke.exceptions import ParseError
from invoke.parser import Parser
from invoke.parser.context import ParserContext

import tasks
from pipeline import advice
from pipeline.advice import Advice, AdviceList, Command, Rerun, Shell
from pipeline.errors import PipelineError
from pipeline.planning.build.build import plan_build, plan_check
from pipeline.planning.landing_zone.plan import plan_landing_zone
from pipeline.planning.plan import Plan
from pipeline.planning.prune.plan import plan_unstage
from pipeline.planning.swap.plan import plan_swap
from pipeline.planning.swap.staging import plan_stage
from tests.planning.build import examples as built
from tests.planning.swap.examples import (
    ENVIRONMENT,
    PROJECT,
    PROMOTE,
    ROLLBACK,
    SERVED,
    SINCE,
    V0,
    V1,
    body,
    scale_set,
    surveyed,
    swap_tags,
    version,
)

WORDS = {
    "image": "web",
    "version": "1.0.1",
    "to": "1.0.0",
    "again": True,
    "rebuild": True,
    "force": True,
    "undo": True,
    "why": "CVE-2026-1",
    "environment": "production",
}
"""What a constructor of advice may be given."""

CONSTRUCTORS = [
    function
    for _, function in inspect.getmembers(advice, inspect.isfunction)
    if function.__module__ == advice.__name__ and not function.__name__.startswith("_")
]


def commands_of(function: Callable[..., Command]) -> Iterator[Command]:
    """What a constructor makes: with all its words, and without those that may be left out."""
    parameters = inspect.signature(function).parameters.values()
    yield function(**{found.name: WORDS[found.name] for found in parameters})
    needed = [found.name for found in parameters if found.default is found.empty]
    yield function(**{name: WORDS[name] for name in needed})


def parsed(typed: str) -> ParserContext:
    """The one task that Invoke reads in a command line; raises ParseError."""
    program, *words = shlex.split(typed)
    assert program == "invoke"
    contexts = Parser(contexts=tasks.namespace.to_contexts()).parse_argv(words)
    (found,) = (context for context in contexts if context.name)
    return found


@pytest.mark.parametrize("function", CONSTRUCTORS, ids=lambda function: str(function.__name__))
def test_a_constructor_makes_commands_that_can_be_typed(function: Callable[..., Command]) -> None:
    for command in commands_of(function):
        for environment in ("", "production"):
            context = parsed(command.typed(environment))
            assert context.name == command.task
            assert all(context.args[name].value == value for name, value in command.options)
            assert all(context.args[name].value is True for name in command.flags)
            if environment and command.task not in advice.WITHOUT_ENVIRONMENT:
                assert context.args["env"].value == environment


def test_exactly_the_tasks_without_an_environment_are_typed_without_one() -> None:
    contexts = tasks.namespace.to_contexts()
    without = {context.name for context in contexts if "env" not in context.args}

    assert without == advice.WITHOUT_ENVIRONMENT
    assert Command("demo").typed("production") == "invoke demo"


@pytest.mark.parametrize(
    "command",
    [
        Command("deploy"),
        Command("promote"),
        Command("promote", ("web",), (("version", "1.0.1"),)),
        Command("stage", ("web", "1.0.1")),
    ],
    ids=str,
)
def test_a_command_that_nobody_can_type_is_noticed(command: Command) -> None:
    with pytest.raises(ParseError):
        parsed(command.typed())


def test_words_are_quoted_for_the_shell() -> None:
    typed = Command("stage", ("web shop",), (("version", "$(id)"),)).typed("pro'd")

    assert shlex.split(typed) == [
        *("invoke", "stage", "web shop", "--version", "$(id)", "--env", "pro'd")
    ]


def test_what_is_no_task_is_told_as_it_is() -> None:
    assert str(Shell("ls -l")) == "ls -l"
    assert str(Rerun()) == "the same command again"
    assert str(Command("status")) == "invoke status"


LIVE = scale_set("1.0.0", tags=SERVED)
STAGED = scale_set("1.0.1")
SWAPPED = surveyed(LIVE, STAGED, production=V1, staging=V0, tags=swap_tags(V1, V0))
BACK = surveyed(LIVE, STAGED, tags=swap_tags(V0, "", V1))
SITUATIONS = {
    "nothing is there": surveyed(versions=()),
    "nothing was checked": surveyed(LIVE, versions=(version("1.0.1", check=""),)),
    "nothing is staged": surveyed(LIVE),
    "staged": surveyed(LIVE, STAGED, tags=swap_tags(V0)),
    "staged and too small": surveyed(LIVE, scale_set("1.0.1", size=1)),
    "staged and sick": surveyed(LIVE, scale_set("1.0.1", sick=1)),
    "staged and updating": surveyed(LIVE, scale_set("1.0.1", state="Updating")),
    "staged and unchecked": surveyed(LIVE, scale_set("1.0.2")),
    "staged and gone from the gallery": surveyed(LIVE, STAGED, versions=()),
    "promoted": SWAPPED,
    "promoted, and a newer version": replace(SWAPPED, versions=(version("1.0.3"),)),
    "rolled back": BACK,
    "being removed": surveyed(LIVE, STAGED, tags={"removing-web-1-0-1": "run-7"}),
    "rolled back for good": surveyed(
        LIVE,
        STAGED,
        versions=(replace(version("1.0.1"), tags={"check": "passed", "rolled-back": SINCE}),),
    ),
    "without rules": surveyed(
        load_balancer={**body(), "properties": {**body()["properties"], "loadBalancingRules": []}}
    ),
}
GALLERIES = {
    "empty": (),
    "unchecked": (built.baked("1.0.0"),),
    "failed": (built.baked("1.0.0", check="failed"),),
    "passed": (built.baked("1.0.0", check="passed"),),
    "passed, and a newer one": (
        built.baked("1.0.0", check="passed"),
        built.baked("1.0.1", built.with_input(built.WEB, "x", "f" * 64), check="passed"),
    ),
}


def advised(planner: Callable[..., Any], *words: Any) -> tuple[AdviceList, Command | None]:
    """What a plan, or the failure to make one, advises; and the plan's inverse."""
    try:
        made = planner(*words)
    except PipelineError as error:
        return error.advice, None
    plan: Plan[Any] = made if isinstance(made, Plan) else made.plan
    return plan.advice, plan.inverse


def all_advice() -> Iterator[tuple[str, AdviceList, Command | None]]:
    """What is advised in every situation there is an example of."""
    for name, now in SITUATIONS.items():
        yield (f"plan_stage: {name}", *advised(plan_stage, now))
        for wish in (PROMOTE, ROLLBACK):
            yield (f"{wish.direction}: {name}", *advised(plan_swap, now, wish))
    stale = replace(STAGED, tags={**STAGED.tags, "image-run": "first"})
    baked = replace(version("1.0.1"), tags={"check": "passed", "run": "second"})
    another = surveyed(LIVE, stale, versions=(baked,))
    yield ("plan_stage: of another", *advised(plan_stage, another))
    for name, now in SITUATIONS.items():
        for wanted in ("1.0.0", "1.0.1"):
            yield (
                f"unstage {wanted}: {name}",
                *advised(plan_unstage, now, wanted, lambda time: 0.0),
            )
    for name, versions in GALLERIES.items():
        gallery = built.survey(versions=versions)
        yield (f"plan_build: {name}", *advised(plan_build, gallery))
        yield (f"plan_check: {name}", *advised(plan_check, gallery))
    yield ("plan_check: a strange version", *advised(plan_check, built.survey(), "9.9.9"))
    yield ("plan_landing_zone", *advised(plan_landing_zone, PROJECT, ENVIRONMENT, False, {}))


ALL_ADVICE = list(all_advice())


@pytest.mark.parametrize(
    ("given", "inverse"),
    [found[1:] for found in ALL_ADVICE],
    ids=[found[0] for found in ALL_ADVICE],
)
def test_what_a_plan_advises_can_be_typed(given: AdviceList, inverse: Command | None) -> None:
    for found in (*given, *((Advice("undo", inverse),) if inverse else ())):
        assert found.wish
        if isinstance(found.command, Command):
            assert parsed(found.command.typed("production")).name == found.command.task


def test_the_situations_advise_every_command_of_planning() -> None:
    commands = {
        found.command.task
        for _, given, _ in ALL_ADVICE
        for found in given
        if isinstance(found.command, Command)
    }

    assert commands == {
        "build-image",
        "check-image",
        "create-environment",
        "promote",
        "prune",
        "rollback",
        "stage",
        "status",
        "unstage",
    }
