"""What every command is given: the definitions, the environment, whom to tell, and the clock."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from pipeline.advice import Advice, Shell
from pipeline.definition.balancing import LoadBalancer
from pipeline.definition.model import Environment, Image, Project
from pipeline.errors import UsageError
from pipeline.execution.azure.clients import Clients
from pipeline.execution.azure.resources import Azure
from pipeline.execution.azure.snapshot import Snapshot
from pipeline.execution.run.actor import actor_of
from pipeline.execution.run.journal import Journal, Subject
from pipeline.execution.wait import Clock
from pipeline.output.facts import Output
from pipeline.planning.claims.claim import Actor
from pipeline.planning.versions import ImageVersion
from pipeline.seen_versions import remember

DEFAULT_ENVIRONMENT = "local"
"""The environment that is meant where several are declared and none is chosen."""

EVIDENCE = ".pipeline"
"""The folder in a project's root where runs, locks and logs are kept."""


def runs_of(root: Path) -> Path:
    """Where the runs of a project are kept."""
    return root / EVIDENCE / "runs"


@dataclass(frozen=True)
class Session:
    """One command at work in one environment. Not slotted: `azure` is made when first used."""

    project: Project
    environment: Environment
    output: Output
    plan_only: bool = False
    """Print the plan and stop there."""
    verbose: bool = False
    """Show what Packer and the checks print."""
    keep: bool = False
    """Leave the machine of a check that failed, with a way into it."""
    clock: Clock = field(default_factory=Clock)
    journal: type[Journal] = Journal
    actor: Actor = field(default_factory=actor_of)
    """Who runs the command."""
    claims: bool = True
    """Whether runs claim in Azure what they change; a session without a cloud cannot."""

    @cached_property
    def azure(self) -> Azure:
        """The environment's resources; signs in at the first request."""
        return self._azure_of(self.environment)

    def azure_of(self, environment: Environment) -> Azure:
        """The resources of another environment of the project; signs in as that one says."""
        return self.azure if environment == self.environment else self._azure_of(environment)

    def _azure_of(self, environment: Environment) -> Azure:
        return Azure(environment, Clients(environment, self.output.hide, self.clock.sleep))

    def looking(self) -> Session:
        """The same session for one look, by several threads: each read is sent once."""
        self.azure.clients.prepare()
        other = replace(self)
        vars(other)["azure"] = Snapshot(self.azure)  # where cached_property keeps it
        return other

    @property
    def evidence(self) -> Path:
        """Where runs, locks and logs are kept."""
        return self.project.root / EVIDENCE

    @property
    def runs(self) -> Path:
        """The folder of journals; a run's other files are in a folder of its name beside them."""
        return runs_of(self.project.root)

    def image(self, name: str) -> Image:
        """An image of the project; UsageError lists those there are.

        DefinitionError when it has mistakes.
        """
        found = next((image for image in self.project.images if image.name == name), None)
        if found is None:
            self.project.refuse_mistakes("image", name)
            known = ", ".join(self.project.names("image"))
            raise UsageError(f"no image {name!r} under images/; there are: {known or 'none'}")
        return found

    def load_balancer(self, image: str) -> LoadBalancer:
        """The load balancer that is declared for an image; UsageError without one."""
        found = self.environment.load_balancer_of(self.image(image).name)
        if found is None:
            raise UsageError(
                f"the environment {self.environment.name} has no load balancer for {image};"
                " declare one in environments.hcl"
            )
        return found

    def subject(self, command: str, image: str = "") -> Subject:
        """What a run of this session is about."""
        cloud = f"{self.environment.cloud.resource_manager} {self.environment.subscription}"
        return Subject(command, self.environment.name, cloud, image)


def remember_versions(session: Session, image: str, versions: Iterable[ImageVersion]) -> None:
    """Keep what was seen for shell completion."""
    names = [version.name for version in versions]
    remember(session.evidence, session.environment.name, image, names)


def new_run_id() -> str:
    """`20261123T181500Z-host-1a2b`: when, where, and four digits against two in one second."""
    host = "".join(letter for letter in socket.gethostname() if letter.isalnum() or letter == "-")
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{host[:40]}-{secrets.token_hex(2)}"


def choose_environment(project: Project, name: str) -> Environment:
    """The environment of that name; without a name the only one, or `local` among several.

    Raises UsageError when there is none of that name, DefinitionError when it has mistakes.
    """
    known = project.names("environment")
    meant = name or (known[0] if len(known) == 1 else DEFAULT_ENVIRONMENT)
    found = next((one for one in project.environments if one.name == meant), None)
    if found is None:
        project.refuse_mistakes("environment", meant)
        what = f"no environment {name!r}" if name else "which environment?"
        raise UsageError(
            f"{what} in environments.hcl; there are: {', '.join(known)}",
            advice=(Advice("choose one", Shell("--env NAME, or BAKESWAP_ENV=NAME")),),
        )
    return found
