"""Many environments at one look: what cannot be asked hides nothing else."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.definition.faulty import Faulty
from pipeline.definition.model import Project
from pipeline.errors import DefinitionError, Mistake, UsageError
from pipeline.execution.commands.fleet import fleet, sessions_of
from pipeline.execution.fleet.survey import look_at
from pipeline.execution.report.keeping import Keeping
from pipeline.execution.wait import Clock
from pipeline.output.people import ForPeople
from pipeline.output.programs import ForPrograms
from tests.conftest import Emulator
from tests.execution.landing_zone import LandingZone, landing_zone, with_one_staged


@pytest.fixture
def zone(emulator: Emulator, tmp_path: Path) -> LandingZone:
    """A landing zone where 1.0.0 serves and 1.0.1 is staged, and no version may be a day old."""
    return with_one_staged(landing_zone(tmp_path, emulator))


def project_of(zone: LandingZone, max_age: float = 0.0) -> Project:
    """A project of that environment, of one that is not made, and of one nobody can sign in to."""
    here = zone.environment
    missing = replace(here, name="missing", resource_group="not-made")
    cloud = replace(here.cloud, credential=zone.root / "nothing.json")
    return Project(
        zone.root,
        (replace(zone.image, max_age=max_age),),
        (here, missing, replace(here, name="closed", cloud=cloud)),
    )


def test_each_environment_is_a_row_whatever_becomes_of_the_others(zone: LandingZone) -> None:
    output = Keeping(ForPeople(io.StringIO()))
    found = look_at(sessions_of(project_of(zone), output, Clock()))
    rows = {row.environment: row for row in found.rows}
    assert {name: row.state for name, row in rows.items()} == {
        "test": "well",
        "missing": "unknown",
        "closed": "unknown",
    }
    assert "does not exist" in rows["missing"].problem or "not" in rows["missing"].problem
    assert rows["closed"].problem
    here = rows["test"]
    assert here.status is not None
    assert (here.status.serving, here.region) == ("1.0.0", "westeurope")
    assert here.published
    assert here.age is not None
    assert 0 <= here.age < 3600
    assert [move.after for move in here.moves] == ["1.0.0"]
    assert here.claim is None


def test_what_is_older_than_it_may_be_is_named(zone: LandingZone) -> None:
    output = Keeping(ForPeople(io.StringIO()))
    (session, *_) = sessions_of(project_of(zone, max_age=1e-3), output, Clock())
    (row,) = look_at([session]).rows
    assert row.state == "too old"


def test_the_command_tells_a_table_a_document_and_a_page(zone: LandingZone) -> None:
    said = io.StringIO()
    output = Keeping(ForPrograms(said))
    page = zone.root / "out" / "fleet.html"
    fleet(sessions_of(project_of(zone), output, Clock()), str(page))
    document, told = map(json.loads, said.getvalue().splitlines())
    assert document["counts"]["well"] == 1
    assert told == {"event": "page", "address": page.as_uri()}
    assert "Fleet" in page.read_text()
    told_people = io.StringIO()
    fleet(sessions_of(project_of(zone), Keeping(ForPeople(told_people)), Clock()))
    assert told_people.getvalue().startswith("environment  region")


def test_an_environment_with_mistakes_is_told_after_the_others(zone: LandingZone) -> None:
    mistake = Mistake("environments.hcl", 3, "no location")
    whole = project_of(zone)
    faulty = replace(whole, faulty=(Faulty("environment", "bad", (mistake,)),))
    said = io.StringIO()
    output = Keeping(ForPeople(said))
    with pytest.raises(DefinitionError, match="no location"):
        fleet(sessions_of(faulty, output, Clock()))
    assert "test" in said.getvalue()
    with pytest.raises(DefinitionError, match="no location"):
        sessions_of(replace(faulty, environments=()), output, Clock())
    with pytest.raises(UsageError, match="there is no environment"):
        sessions_of(replace(whole, environments=()), output, Clock())
