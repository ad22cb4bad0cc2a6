"""The lines of `doctor`, as programs get them."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

from pipeline.errors import Refused
from pipeline.execution.commands.doctor import doctor
from pipeline.output.programs import ForPrograms
from tests.execution.landing_zone import LandingZone


def checks(zone: LandingZone) -> dict[str, list[dict[str, Any]]]:
    """What `doctor --json` says, by check; whether it ended badly is whether a line is FAILED."""
    said = io.StringIO()
    try:
        doctor(replace(zone.session(), output=ForPrograms(said)))
        refused = False
    except Refused:
        refused = True
    listed = json.loads(said.getvalue().splitlines()[0])["checks"]
    assert refused == any(one["result"] == "FAILED" for one in listed)
    found: dict[str, list[dict[str, Any]]] = {}
    for one in listed:
        found.setdefault(one["check"], []).append(one)
    return found
