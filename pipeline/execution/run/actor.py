"""Who runs a command: a person at a machine, or whoever started a CI run."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping

from pipeline.planning.claims.claim import Actor


def actor_of(environment: Mapping[str, str] = os.environ) -> Actor:
    """From the variables that GitHub Actions and Azure Pipelines set, else user and host.

    GitHub: https://docs.github.com/actions/reference/workflows-and-actions/variables; Azure
    Pipelines: https://learn.microsoft.com/azure/devops/pipelines/build/variables.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return _of_github(environment)
    if environment.get("TF_BUILD", "").lower() == "true":
        return _of_azure_pipelines(environment)
    return Actor(_user(), socket.gethostname())


def _of_github(environment: Mapping[str, str]) -> Actor:
    server, repository, run = (
        environment.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")
    )
    link = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else ""
    name = environment.get("GITHUB_TRIGGERING_ACTOR") or environment.get("GITHUB_ACTOR")
    return Actor(name or _user(), environment.get("RUNNER_NAME") or socket.gethostname(), link)


def _of_azure_pipelines(environment: Mapping[str, str]) -> Actor:
    collection = environment.get("SYSTEM_COLLECTIONURI") or environment.get(
        "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", ""
    )
    project, build = (environment.get(key, "") for key in ("SYSTEM_TEAMPROJECT", "BUILD_BUILDID"))
    parts = collection and project and build
    where = f"{collection.rstrip('/')}/{project}".replace(" ", "%20")
    link = f"{where}/_build/results?buildId={build}" if parts else ""
    name = environment.get("BUILD_REQUESTEDFOR") or _user()
    return Actor(name, environment.get("AGENT_MACHINENAME") or socket.gethostname(), link)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container without such a user
        return f"user {os.getuid()}"
