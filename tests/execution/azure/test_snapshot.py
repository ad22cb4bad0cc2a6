"""One look for many: shared lists, each read sent once, also when several ask at the same time."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace

import pytest

from pipeline.errors import AzureRefused
from pipeline.execution.azure.side_by_side import side_by_side
from pipeline.execution.commands import swap as commands
from pipeline.execution.run.session import Session
from pipeline.output.programs import ForPrograms
from pipeline.planning.names import image_definition_id, load_balancer_id, scale_set_id
from tests.conftest import Emulator
from tests.execution.azure.fleet import fleet

IMAGES = 5


@pytest.fixture(scope="module")
def session(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A landing zone of five images."""
    return fleet(tmp_path_factory.mktemp("fleet"), emulator, IMAGES)


def kinds(emulator: Emulator, session: Session) -> Counter[str]:
    """How often the emulator was asked for what in the session's resource group, by last word."""
    listed = emulator.call("GET", "/emulator/requests").body["value"]
    group = f"/resourcegroups/{session.environment.resource_group}/".lower()
    paths = [str(one["path"]) for one in listed if one["method"] == "GET"]
    return Counter(path.rpartition("/")[2] for path in paths if group in path.lower())


def test_the_status_of_many_images_asks_for_shared_lists_once(
    emulator: Emulator, session: Session
) -> None:
    before = kinds(emulator, session)
    said = io.StringIO()
    commands.status(replace(session, output=ForPrograms(said)))
    names = [one["image"] for one in json.loads(said.getvalue())["images"]]
    assert names == [f"app{number}" for number in range(IMAGES)]
    assert kinds(emulator, session) - before == {
        "loadBalancers": 1,
        "publicIPAddresses": 1,
        "virtualMachineScaleSets": 1,
        "versions": IMAGES,
        "TXT": 2,  # claims and holds
    }


def test_who_asks_at_the_same_time_shares_one_read_and_owns_the_answer(
    emulator: Emulator, session: Session
) -> None:
    look = session.looking().azure
    kind = "Microsoft.Compute/virtualMachineScaleSets"
    before = kinds(emulator, session)
    answers = side_by_side([lambda: look.list_in_group(kind)] * 8)
    assert (kinds(emulator, session) - before) == {"virtualMachineScaleSets": 1}
    answers[0].append({})
    assert look.list_in_group(kind) == []
    assert look.instances(scale_set_id(session.environment, "none")) == []


def test_a_look_answers_as_azure_does(session: Session) -> None:
    look, azure = session.looking().azure, session.azure
    balancer = load_balancer_id(session.environment, "FRONT-app1")
    assert look.get(balancer) == azure.get(balancer)
    assert look.get(load_balancer_id(session.environment, "none")) is None
    definition = image_definition_id(session.environment, "app1")
    assert look.get(definition) == azure.get(definition)
    assert look.list_inside(definition, "versions") == []


def test_a_refusal_is_everybodys(emulator: Emulator, session: Session) -> None:
    fail = {"status": 403, "code": "AuthorizationFailed", "message": "No rights."}
    match = {"method": "GET", "path": f"{session.environment.resource_group}/.*/app2/versions"}
    emulator.call("POST", "/emulator/faults", {"match": match, "action": {"fail": fail}})
    look = session.looking().azure
    definition = image_definition_id(session.environment, "app2")
    for _ in range(2):
        with pytest.raises(AzureRefused, match="No rights"):
            look.list_inside(definition, "versions")
