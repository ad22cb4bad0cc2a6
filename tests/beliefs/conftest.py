"""Where the beliefs are tested: one resource group for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.beliefs.place import SUBSCRIPTION, Place, azure, place_in
from tests.conftest import Emulator


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The emulator, or the subscription that the environment names."""
    subscription = os.environ.get(SUBSCRIPTION, "")
    if subscription:
        with azure(subscription) as found:
            yield found
        return
    emulator: Emulator = request.getfixturevalue("emulator")
    options = emulator.client_options()
    with place_in(emulator.subscription, emulator.credential(), **options) as found:
        yield found
