"""Tests that are coroutines, and what most of them talk to."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.emulator.arm.things import EmulatedThings, emulated_things

T = TypeVar("T")
SECONDS = 600
"""For one test: one that waits for ever fails."""


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is a coroutine in the loop of its fixtures."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    runner = pyfuncitem.funcargs["runner"]
    assert isinstance(runner, asyncio.Runner)
    names = inspect.signature(pyfuncitem.obj).parameters
    test = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    runner.run(asyncio.wait_for(test, SECONDS))
    return True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give every test that is a coroutine a loop."""
    if inspect.iscoroutinefunction(metafunc.function) and "runner" not in metafunc.fixturenames:
        metafunc.fixturenames.append("runner")


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """The event loop of one test and its fixtures."""
    with asyncio.Runner() as made:
        yield made


@contextmanager
def entered(runner: asyncio.Runner, context: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """What an asynchronous context gives, for a fixture."""
    given = runner.run(context.__aenter__())
    try:
        yield given
    finally:
        runner.run(context.__aexit__(None, None, None))


@pytest.fixture
def arm(tmp_path: Path, runner: asyncio.Runner) -> Iterator[EmulatedThings]:
    """A resource manager with a provider for tests."""
    with entered(runner, emulated_things(tmp_path / "store.sqlite")) as made:
        yield made
