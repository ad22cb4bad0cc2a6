"""Who runs a command."""

from __future__ import annotations

import getpass
import socket

import pytest

from pipeline.execution.run.actor import actor_of
from pipeline.planning.claims.claim import Actor

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "ann",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "shop/images",
    "GITHUB_RUN_ID": "77",
    "RUNNER_NAME": "runner-7",
}
PIPELINES = {
    "TF_BUILD": "True",
    "BUILD_REQUESTEDFOR": "Ann Other",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/shop/",
    "SYSTEM_TEAMPROJECT": "Web Images",
    "BUILD_BUILDID": "77",
    "AGENT_MACHINENAME": "agent-7",
}


@pytest.mark.parametrize(
    ("environment", "actor"),
    [
        (GITHUB, Actor("ann", "runner-7", "https://github.com/shop/images/actions/runs/77")),
        (
            {**GITHUB, "GITHUB_TRIGGERING_ACTOR": "bob", "GITHUB_RUN_ID": ""},
            Actor("bob", "runner-7"),
        ),
        (
            PIPELINES,
            Actor(
                "Ann Other",
                "agent-7",
                "https://dev.azure.com/shop/Web%20Images/_build/results?buildId=77",
            ),
        ),
        ({**PIPELINES, "SYSTEM_COLLECTIONURI": ""}, Actor("Ann Other", "agent-7")),
        ({"GITHUB_ACTOR": "ann"}, Actor(getpass.getuser(), socket.gethostname())),
    ],
)
def test_an_actor_is_who_started_it_and_where(environment: dict[str, str], actor: Actor) -> None:
    assert actor_of(environment) == actor


def test_an_actor_survives_its_way_through_a_record_set() -> None:
    actor = Actor("ann", "x" * 300, "")

    assert Actor.read(actor.metadata) == Actor("ann", "x" * 200, "")
    assert str(actor).startswith("by ann on xxx")
    assert Actor.read({}) == Actor("?", "?")
