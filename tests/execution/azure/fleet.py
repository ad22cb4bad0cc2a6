"""A landing zone of many images, each with a load balancer of its own; nothing serves yet."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from pipeline.definition.balancing import LoadBalancer
from pipeline.definition.model import Project
from pipeline.execution.commands.environment import create_environment
from pipeline.execution.run.session import Session
from pipeline.output.programs import ForPrograms
from tests.conftest import Emulator
from tests.execution.landing_zone import PAIRS, landing_zone


def fleet(root: Path, emulator: Emulator, images: int) -> Session:
    """A session in it; what is told goes nowhere."""
    zone = landing_zone(root, emulator)
    named = tuple(replace(zone.image, name=f"app{number}") for number in range(images))
    balancers = tuple(LoadBalancer(f"front-{one.name}", one.name, PAIRS) for one in named)
    environment = replace(zone.environment, load_balancers=balancers)
    project = Project(root, named, (environment,))
    session = Session(project, environment, ForPrograms(io.StringIO()))
    create_environment(session)
    return session
